"""B22: whoever is killed at any point of a grant on a page finds it granted once, or not at all, and can go on."""

from contextlib import suppress

import pytest

from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import VerificationError
from tests.kit.firm_page import agree
from tests.kit.killed_here import SENDS, lives


@pytest.mark.parametrize(("persons", "deaths"), [(1, 6), (2, 8)])
def test_b22_a_death_at_any_point_of_a_grant_leaves_one_effect(instance, monkeypatch, persons, deaths):
    monkeypatch.setattr("tests.kit.killed_here.SENDS", (*SENDS, "grant"))
    asked = {}

    def act(number):
        firm = instance.new_firm(persons, persons)
        asked[number] = firm, instance.ask(firm).id
        yield
        sign_all(*asked[number])
        yield

    def sign_all(firm, request):
        for person in range(persons):
            agree(instance, firm, request, person, Language.CHINESE)

    def recover(number):
        firm, request = asked[number]
        # the next life: what is stored goes on by itself, and the page is open to whoever has not signed
        for waiting in instance.consents.waiting():
            instance.consents.resume(waiting)
        for person in range(persons):
            if instance.ledger.request_states([request])[0] is RequestState.OPEN:
                with suppress(VerificationError):
                    agree(instance, firm, request, person, Language.CHINESE)
        (held,) = instance.consents.of_subject(firm.subject)
        assert held.on_ledger
        assert held.refusal is None
        assert instance.ledger.request_states([request])[0] is RequestState.GRANTED

    assert lives(instance, act, recover) == deaths
