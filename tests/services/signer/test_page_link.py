"""Links to another device of the firm: once, for ten minutes, for this firm alone."""

import pytest

from api.services.one_time_code.code import OneTimeCodes
from api.services.signer.page_link import PageLinks
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, refused

REQUEST, HERE = b"r" * 32, b"127.0.0.1"


@pytest.fixture
def links(instance):
    codes = OneTimeCodes(instance.store, instance.departments[REGISTRAR].kek.keyed_digest, instance.now)
    return PageLinks(instance.store, codes, lifetime_s=600)


def test_another_firm_does_not_open_it_and_does_not_use_it_up(instance, firm, links):
    code = links.make(firm.subject, REQUEST)
    assert refused(links.open, instance.new_firm().subject, code, origin=HERE) is Reason.CODE_UNKNOWN
    links.check(code, origin=HERE)
    assert links.open(firm.subject, code, origin=HERE) == REQUEST
    assert refused(links.open, firm.subject, code, origin=HERE) is Reason.CODE_USED
    assert refused(links.check, code, origin=HERE) is Reason.CODE_USED


def test_after_ten_minutes_it_leads_nowhere(instance, firm, links):
    code = links.make(firm.subject, REQUEST)
    instance.chain.pass_time(600)
    assert refused(links.open, firm.subject, code, origin=HERE) is Reason.CODE_EXPIRED


def test_a_new_link_ends_the_one_before(firm, links):
    first, second = (links.make(firm.subject, REQUEST) for _ in range(2))
    assert refused(links.open, firm.subject, first, origin=HERE) is Reason.CODE_EXPIRED
    assert links.open(firm.subject, second, origin=HERE) == REQUEST
