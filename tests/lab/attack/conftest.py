import pytest

from api.lab.attack.bank_view import bank_view_of
from api.lab.attack.run import attack_all
from tests.kit.insecure import CODES, InsecureAnswer, InsecureLedger


@pytest.fixture(scope="session")
def insecure():
    """The weak ledger with what one bank was shown of it, and the report of all attacks on them."""
    ledger = InsecureLedger()
    answers = InsecureAnswer(ledger.shown_consents).to_json()
    return ledger, answers, attack_all(ledger.corpus, bank_view_of(answers), CODES, ledger.truth)
