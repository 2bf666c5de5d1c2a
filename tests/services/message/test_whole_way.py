"""From an act of the ledger to a letter in the firm's mailbox, by a real SMTP server on this machine."""

from api.services.message.address import ContactChannel
from api.services.message.smtp import SmtpChannel, SmtpServer
from api.services.notification.follower import ChainFollower
from tests.kit.small_instance import SECRET
from tests.kit.smtp_server import smtp_server

MAIL = "wang@shop.example"


def test_a_request_a_grant_a_use_and_a_withdrawal_reach_the_firm(instance, post, firm):
    post.confirmed(firm, MAIL)
    follower = ChainFollower(instance.store, instance.ledger)
    with smtp_server() as server:
        sending = SmtpServer.parse(f"smtp+plain://localhost:{server.port}", "notice@credence.example")
        post.channels[ContactChannel.EMAIL] = SmtpChannel(sending)
        instance.ask(firm)
        consent = instance.grant(firm)
        instance.use(consent)
        instance.consents._withdraw_by_secret(consent, SECRET, None)
        follower.catch_up()
        post.deliveries.deliver_due()
        post.deliveries.deliver_due()
    told = [message.get_content() for _, message in server.letters]
    assert [to for to, _ in server.letters] == [MAIL] * 4
    for words in (
        "asks for your firm's consent",
        "has given a consent",
        "has looked at what your firm consented to",
        "A consent of your firm was withdrawn",
    ):
        assert sum(words in text for text in told) == 1, words
