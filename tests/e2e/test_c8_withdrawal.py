"""C8: a withdrawal while verifications run. The ledger's order decides, and no verdict leaves for a use behind it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from ledger_node import clock
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.consent_act import Change, change_digest, withdrawal_digest
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.served import DAY, one_form

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
ASKERS, MONTHS = 6, 36


def history(place, consent):
    """Return (name, use id or None) of all events of a consent, in the order of the ledger."""
    registry = artifact("ConsentRegistry")
    address = to_hex(place.home.address_book().contracts["ConsentRegistry"])
    criteria = {"address": address, "fromBlock": "0x0", "topics": [None, consent]}
    logs = Rpc(place.served.node()["url"]).request("eth_getLogs", criteria)
    found = [
        registry.event([bytes.fromhex(topic[2:]) for topic in log["topics"]], bytes.fromhex(log["data"][2:]))
        for log in logs
    ]
    return [(name, arguments.get("ticket")) for name, arguments in found]


@pytest.mark.parametrize("how", ["secret", "signature", "pause"])
def test_c8_a_verdict_leaves_only_for_a_use_that_the_ledger_counted_before_the_withdrawal(place, how):
    secret = random_bytes(32)
    end = whole_minute(clock.now()) + MONTHS * 31 * DAY - 3600
    consent = place.grant(one_form(GOOD), secret=secret, purpose="post_loan_monitoring", uses=MONTHS, expires_at=end)
    began, withdrawn = Event(), Event()
    domain, known = place.ledger.consent_domain, bytes.fromhex(consent[2:])

    def ask_until_refused(_):
        client, answers = place.client("demo-bank"), []
        while not answers or answers[-1]["presentation"]["claims"][0]["verdict"] == "holds":
            asked_after = withdrawn.is_set()
            answers.append(place.verify(consent, [GOOD], client=client) | {"asked_after": asked_after})
            began.set()
        return answers

    def end_it():
        began.wait(120)
        client = place.shop.client
        if how == "pause":
            signature = to_hex(sign(change_digest(known, Change.PAUSE, 1, domain), place.shop.keys[0]))
            client.post(f"/v1/consents/{consent}/changes", {"change": "pause", "number": 1, "signatures": [signature]})
        else:
            signature = to_hex(sign(withdrawal_digest(known, domain), place.shop.keys[0]))
            body = {"secret": to_hex(secret)} if how == "secret" else {"signatures": [signature]}
            client.post(f"/v1/consents/{consent}/withdrawal", body)
        withdrawn.set()

    with ThreadPoolExecutor(ASKERS + 1) as people:
        ending = people.submit(end_it)
        answers = [answer for several in people.map(ask_until_refused, range(ASKERS)) for answer in several]
        ending.result()
    answers.append(place.verify(consent, [GOOD]) | {"asked_after": True})

    events = history(place, consent)
    ended = [name for name, _ in events].index("ConsentPaused" if how == "pause" else "ConsentWithdrawn")
    before = {use for name, use in events[:ended] if name == "UseRecorded"}
    assert "UseRecorded" not in [name for name, _ in events[ended:]]
    held = [answer for answer in answers if answer["presentation"]["claims"][0]["verdict"] == "holds"]
    assert held
    assert {bytes.fromhex(answer["use"]["id"][2:]) for answer in held} <= before
    # whoever asked when the withdrawal had been acknowledged was refused
    assert not any(answer["asked_after"] for answer in held)
    reason = "consent_paused" if how == "pause" else "consent_withdrawn"
    others = {answer["presentation"]["claims"][0]["reason"] for answer in answers if answer not in held}
    assert reason in others
    assert others <= {reason, "consent_exhausted"}
    assert answers[-1]["presentation"]["claims"][0]["reason"] == reason
    assert answers[-1]["presentation"]["subject"] is None
