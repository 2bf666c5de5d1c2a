"""E2 beside evidence: whose access log counts, and whose receipts of consents a folder believes."""

from dataclasses import dataclass, replace

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.client.access import check_rows
from api.home.home import Home, LocalMember
from ledger_node.chain.address_book import CONTRACTS, AddressBook
from ledger_node.chain.port import Member, Role
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from tests.kit.receipt import ALL, KEEPER, KEEPER_KEY, signed
from tests.kit.world import CONSENT_DOMAIN, h

ME = Member(KEEPER, "Keeper", Role.RELAYER, active=True, service_url="")


@dataclass
class Members:
    """As much of a ledger as a list without rows takes."""

    held: list

    def members(self):
        return self.held

    def facts(self, _query):
        return None


def rows_of(*members):
    return check_rows([], Members(list(members)), keeper=KEEPER, is_mine=lambda _: True)


def test_e2_the_log_of_an_active_relayer_counts():
    assert rows_of(ME) == []


@pytest.mark.parametrize(
    "member",
    [
        replace(ME, active=False),
        replace(ME, roles=Role.DEPARTMENT | Role.BANK | Role.REGISTRAR),
        replace(ME, id=h("another member")),
    ],
    ids=["suspended or left", "of other roles", "another member"],
)
def test_e2_the_log_of_anybody_else_does_not(member):
    with pytest.raises(VerificationError) as refused:
        rows_of(member)
    assert refused.value.reason is Reason.ISSUER_MISMATCH


@pytest.fixture
def home(tmp_path):
    """A folder that knows its one operator and that operator's key."""
    home = Home(tmp_path / "home")
    home.path.mkdir()
    contracts = {name: h(name)[:20] for name in CONTRACTS} | {"ConsentRegistry": CONSENT_DOMAIN.contract}
    home.write_members([LocalMember("operator", KEEPER, "虚构运营方", Role.RELAYER)])
    book = AddressBook(CONSENT_DOMAIN.chain_id, h("genesis"), contracts)
    home.write_network(book, {"operator": to_hex(address_of(KEEPER_KEY))})
    return home


def verify(home, receipt):
    document = home.path / "receipt.json"
    document.write_bytes(receipt.to_bytes())
    return CliRunner().invoke(app, ["receipt", "verify", str(document), "--home", str(home.path)])


def test_e2_the_command_names_the_keeper_that_signed_a_receipt(home):
    done = verify(home, ALL["used"])
    assert done.exit_code == 0, done.stderr
    assert f"signed by 虚构运营方 {to_hex(KEEPER)}" in done.stderr


def test_e2_a_key_of_the_folders_operator_does_not_sign_for_another_member(home):
    other = signed(replace(ALL["used"], keeper=h("member", "somebody")))
    done = verify(home, other)
    assert done.exit_code == 1
    assert "issuer_mismatch" in done.stderr
