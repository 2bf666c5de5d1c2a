"""E-mail leaves by a real server on this machine, with TLS and in Chinese; refusals say nothing of the letter."""

import socket

import pytest

from api.services.message.channel import ChannelError, Letter
from api.services.message.smtp import SmtpChannel, SmtpServer, SmtpTls
from api.services.message.text import words_of
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from tests.kit.smtp_server import smtp_server, tls_of_localhost

SENDER, MAIL = "notice@credence.example", "wang@shop.example"
WORDS = words_of("subject.recovery_requested", 1_764_160_500, Language.CHINESE)
LETTER = Letter("out_1", MAIL, WORDS.title, WORDS.text, Language.CHINESE, "subject.recovery_requested")


def channel(server, tls=SmtpTls.NONE, **options):
    return SmtpChannel(
        SmtpServer("localhost", server.port, tls, SENDER, *options.pop("login", ())), timeout_s=5, **options
    )


def test_a_letter_arrives_as_it_was_written():
    with smtp_server() as server:
        channel(server).send(LETTER)
    [(to, message)] = server.letters
    assert to == message["To"] == MAIL
    assert message["From"] == SENDER
    assert message["Subject"] == "企业通知"
    assert message["Message-ID"] == "<out_1@credence.example>"
    assert message.get_content().strip() == WORDS.text
    assert "2025 年 11 月 26 日 20:35（北京时间）" in WORDS.text


def test_tls_is_asked_for_before_anything_is_told(tmp_path):
    tls, trusting = tls_of_localhost(tmp_path)
    with smtp_server(tls) as server:
        channel(server, SmtpTls.STARTTLS, context=trusting, login=("credence", "a password")).send(LETTER)
        assert (server.secured, server.logged_in, len(server.letters)) == (1, 1, 1)
    with smtp_server(tls, implicit=True) as server:
        channel(server, SmtpTls.IMPLICIT, context=trusting).send(LETTER)
        assert (server.secured, len(server.letters)) == (1, 1)


def test_a_server_without_tls_or_with_a_stranger_s_gets_nothing(tmp_path):
    tls, _ = tls_of_localhost(tmp_path)
    for made in (smtp_server(), smtp_server(tls)):
        with made as server, pytest.raises(ChannelError) as refused:
            channel(server, SmtpTls.STARTTLS).send(LETTER)
        assert server.letters == []
        assert not refused.value.final


@pytest.mark.parametrize(
    ("answer", "final", "why"),
    [("550 no such user wang@shop.example", True, "(550)"), ("451 later", False, "(451)")],
)
def test_an_address_that_is_refused_for_good_is_told_from_one_that_may_come_back(answer, final, why):
    with smtp_server() as server:
        server.refusals[MAIL] = answer
        with pytest.raises(ChannelError) as refused:
            channel(server).send(LETTER)
    assert refused.value.final is final
    assert why in refused.value.why
    assert MAIL not in refused.value.why


def test_a_server_that_is_down_is_tried_again():
    with smtp_server() as server:
        server.down = "421 come back later"
        with pytest.raises(ChannelError) as refused:
            channel(server).send(LETTER)
    assert (refused.value.final, refused.value.why) == (False, "the server answers 421")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
    with pytest.raises(ChannelError) as refused:
        SmtpChannel(SmtpServer("localhost", free, SmtpTls.NONE, SENDER)).send(LETTER)
    assert not refused.value.final


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://credence:p%40ss@mail.example", ("mail.example", 465, SmtpTls.IMPLICIT, SENDER, "credence", "p@ss")),
        ("smtp://mail.example", ("mail.example", 587, SmtpTls.STARTTLS, SENDER, None, None)),
        ("smtp+plain://localhost:2525", ("localhost", 2525, SmtpTls.NONE, SENDER, None, None)),
    ],
)
def test_the_setting_is_read(url, expected):
    assert SmtpServer.parse(url, SENDER) == SmtpServer(*expected)
    assert "p@ss" not in repr(SmtpServer.parse(url, SENDER))


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.example", SENDER),
        ("smtp://", SENDER),
        ("smtp://mail.example/path", SENDER),
        ("smtp://mail.example:99999", SENDER),
        ("smtp://secret-user@mail.example", SENDER),
        ("smtp+plain://mail.example", SENDER),
        ("smtp://mail.example", "+8613800138000"),
        ("smtp://mail.example", "two@a.example, three@b.example"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_without_repeating_it(url, sender):
    with pytest.raises(InvalidInputError) as refused:
        SmtpServer.parse(url, sender)
    assert refused.value.reason is Reason.CONFIGURATION
    assert "secret-user" not in refused.value.message
