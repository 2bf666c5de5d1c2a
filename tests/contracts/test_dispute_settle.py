"""Settling in one call: header, batch, registry, status and field, with schemaId and fieldsRoot from the header."""

from dataclasses import replace

import pytest

from ledger_node.domain.batch import Header
from ledger_node.domain.commitment import AtLeastOpening, Committer
from ledger_node.domain.hashing import batch_tree, path_of
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.proof import Prover
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, HasNone, NoneOf, OneOf, Reveal
from ledger_node.domain.value import Period
from tests.kit.contract_set import Refused, word
from tests.kit.dispute import (
    CNY,
    OTHER_SCHEMA,
    RAW,
    SCHEMA,
    TAX,
    ask,
    call_for,
    catalogue_schema,
    deploy,
    gas_of,
    header_argument,
    issue,
)

PAID = SCHEMA.field("paid")
IDX = PAID.ladder.idx(PAID.parse(RAW["paid"]))
STATEMENTS = {
    "at_least": ("paid", AtLeast(IDX)),
    "at_least_refuted": ("paid", AtLeast(IDX + 1)),
    "below": ("paid", Below(IDX + 1)),
    "below_refuted": ("paid", Below(1)),
    "between": ("paid", Between(IDX - 1, IDX + 2)),
    "between_refuted": ("paid", Between(1, 2)),
    "one_of": ("grade", OneOf(frozenset({0, 1}))),
    "none_of": ("grade", NoneOf(frozenset({0, 4}))),
    "enum_revealed": ("grade", Reveal()),
    "has_any": ("pledged", HasAny(frozenset({1, 2}))),
    "has_none": ("pledged", HasNone(frozenset({1}))),
    "has_all": ("pledged", HasAll(frozenset({0, 2}))),
    "has_all_refuted": ("pledged", HasAll(frozenset({0, 1, 2}))),
    "set_revealed": ("pledged", Reveal()),
    "integer": ("year", Reveal()),
    "bool": ("listed", Equals(value=False)),
    "text": ("note", Reveal()),
    "absent": ("sales", AtLeast(1)),
}
INDEX, SIZE = 2, 5


class Dispute:
    """A verifier beside the registry, and an attestation at place 2 of the second batch of a department."""

    def __init__(self, consortium, *, schema=SCHEMA, raw=RAW, size=SIZE, allowed=True, valid_until=2**40):
        self.consortium, self.chain, self.tax = consortium, consortium.chain, consortium.tax
        self.contract, self.schema = consortium.disputes, schema
        schemas = consortium.schemas.functions
        consortium.govern(schemas.register(schema.id, "schema"))
        if allowed:
            consortium.govern(schemas.allowIssuer(schema.id, self.tax.id))
        committer, values = Committer(schema), schema.parse_values(raw)
        self.prover, root = Prover(committer, word("seed"), values), committer.commit(word("seed"), values).root
        self.header = Header(
            schema_id=schema.id,
            fields_root=root,
            subject_tag=word("tag"),
            issuer=self.tax.id,
            issued_at=1,
            valid_until=valid_until,
            as_of=20_000,
            period=Period(19_000, 20_000),
            supersedes=bytes(32),
            chain_id=self.chain.w3.eth.chain_id,
            anchor_registry=from_hex(consortium.anchors.address.lower(), "address", length=20),
        )
        first = consortium.batch(self.tax, size=300)
        self.chain.send(consortium.anchor(first, self.tax.key))
        self.anchor, self.path = self.anchored(number=2, start=300, previous=first["root"], size=size)

    def tree(self, size):
        return batch_tree([word(f"neighbour {i}") if i != INDEX else self.header.digest for i in range(size)])

    def anchored(self, *, number, start, previous, size):
        """Anchor a batch with the header at its place; the anchor on record, and the path."""
        levels = self.tree(size)
        batch = self.consortium.batch(self.tax, number=number, size=size, previous=previous) | {"root": levels[-1][0]}
        receipt = self.chain.send(self.consortium.anchor(batch, self.tax.key))
        anchor = {
            "member": self.tax.id,
            "stream": 0,
            "number": number,
            "root": levels[-1][0],
            "size": size,
            "start": start,
            "anchoredAt": self.chain.time_of(receipt),
            "key": self.tax.key.address,
        }
        return anchor, path_of(levels, INDEX)

    @property
    def position(self):
        return self.anchor["start"] + INDEX

    def proof(self, name):
        field, statement = self.schema.field(STATEMENTS[name][0]), STATEMENTS[name][1]
        return field, statement, self.prover.prove(field, statement, may_disclose=True)

    def attestation(self, *, index=INDEX, path=None, header=None, **anchor):
        changed = header_argument(replace(self.header, **(header or {})))
        return (tuple((self.anchor | anchor).values()), changed, index, self.path if path is None else path)

    def function(self, name="at_least", proof=None, statement=None, **changes):
        """The settle function for a statement; its arguments are those of the check but for schemaId and root."""
        field, asked, honest = self.proof(name)
        return self.function_of(field, statement or asked, proof or honest, **changes)

    def function_of(self, field, statement, proof, **changes):
        check, _ = call_for(self.contract, self.schema, bytes(32), field, statement, proof)
        (_, *slot), *shown, _ = check.args
        settle = self.contract.functions[check.fn_name.replace("check", "settle")]
        return settle(self.attestation(**changes), tuple(slot), *shown)

    def settle(self, name="at_least", **changes):
        return ask(self.function(name, **changes))

    def refused(self, name="at_least", **changes):
        with pytest.raises(Refused) as refused:
            self.settle(name, **changes)
        return refused.value

    def set_status(self, plane, position):
        words, masks = [position // 256], [1 << position % 256]
        number = self.chain.read(self.consortium.anchors.functions.statusNumber(self.tax.id)) + 1
        change = self.consortium.change(self.tax, words, masks, number=number, plane=plane)
        self.chain.send(self.consortium.change_status(change, self.tax.key, words, masks))


@pytest.fixture
def dispute(consortium):
    return Dispute(consortium)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_claim_is_settled_in_one_call_that_names_the_header(dispute, name):
    assert dispute.settle(name) == dispute.header.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"index": 1},
        {"index": 4},
        {"root": word("root")},
        {"path": [word("a"), word("b"), word("c")]},
        {"header": {"fields_root": word("fields")}},
        {"header": {"schema_id": OTHER_SCHEMA.id}},
        {"header": {"subject_tag": word("another firm")}},
        {"header": {"valid_until": 2**41}},
        {"header": {"supersedes": word("older")}},
    ],
    ids=str,
)
def test_a_header_that_leads_to_another_root_is_refused(dispute, changes):
    refused = dispute.refused(**changes)
    assert refused.name == "BatchRootWrong"
    assert refused.values[1] == changes.get("root", dispute.anchor["root"])


def test_a_header_of_another_network_or_issuer_is_refused(dispute, consortium, chain):
    registry = dispute.header.anchor_registry
    here, elsewhere = chain.w3.eth.chain_id, bytes(20)
    refused = dispute.refused(header={"chain_id": 1})
    assert (refused.name, refused.values) == ("HeaderChainWrong", (1, here))
    refused = dispute.refused(header={"anchor_registry": elsewhere})
    assert refused.name == "HeaderRegistryWrong"
    assert [value.lower() for value in refused.values] == [to_hex(elsewhere), to_hex(registry)]
    assert dispute.refused(header={"issuer": consortium.court.id}).name == "HeaderIssuerWrong"
    assert dispute.refused(member=consortium.court.id).name == "HeaderIssuerWrong"
    assert dispute.refused(stream=1).name == "AnchorStreamWrong"


def test_a_verifier_of_another_registry_refuses_a_header_that_is_anchored_here(dispute, consortium, chain):
    dispute.contract = deploy(chain, chain.accounts[7].address, consortium.members.address, consortium.schemas.address)
    assert dispute.refused().name == "HeaderRegistryWrong"


@pytest.mark.parametrize(
    "changes", [{"number": 1}, {"number": 3}, {"start": 0}, {"anchoredAt": 1}, {"key": "0x" + "11" * 20}]
)
def test_a_batch_that_is_not_on_record_as_shown_is_refused(dispute, changes):
    refused = dispute.refused(**changes)
    assert (refused.name, refused.values) == ("AnchorNotOnRecord", (dispute.tax.id, changes.get("number", 2)))


def test_a_tree_that_was_never_anchored_is_refused(dispute):
    levels = dispute.tree(size=4)
    refused = dispute.refused(root=levels[-1][0], size=4, path=path_of(levels, INDEX))
    assert refused.name == "AnchorNotOnRecord"


@pytest.mark.parametrize(("plane", "error"), [(0, "AttestationRevoked"), (1, "AttestationSuperseded")])
def test_a_revoked_or_superseded_position_is_refused_and_no_other(dispute, plane, error):
    for neighbour in (dispute.position - 1, dispute.position + 1, INDEX):
        dispute.set_status(plane, neighbour)
    assert dispute.settle() == dispute.header.digest
    dispute.set_status(plane, dispute.position)
    for name in STATEMENTS:
        refused = dispute.refused(name)
        assert (refused.name, refused.values) == (error, (dispute.tax.id, dispute.position))


def test_revoked_comes_before_superseded_and_nothing_helps_against_it(dispute):
    dispute.set_status(1, dispute.position)
    dispute.set_status(0, dispute.position)
    assert dispute.refused().name == "AttestationRevoked"
    assert dispute.refused(start=0).name == "AnchorNotOnRecord"


def test_a_block_before_the_revocation_settles_as_it_did_then(dispute, chain):
    before = chain.w3.eth.block_number
    dispute.set_status(0, dispute.position)
    assert dispute.function().call(block_identifier=before) == dispute.header.digest
    assert dispute.refused().name == "AttestationRevoked"


@pytest.mark.parametrize("name", ["at_least", "one_of", "integer", "absent"])
def test_what_does_not_lead_to_the_fields_of_the_header_is_refused(dispute, name):
    field, statement, proof = dispute.proof(name)
    changed = [
        replace(proof, salt=word("salt")),
        replace(proof, path=(*proof.path[:-1], word("sibling"))),
        replace(proof, path=proof.path[::-1]),
    ]
    # everything is right but the attestation: the same values under another seed
    other, _ = issue(RAW, word("another seed"))
    changed.append(other.prove(field, statement, may_disclose=True))
    for each in changed:
        refused = dispute.refused(name, proof=each)
        assert (refused.name, refused.values[1]) == ("FieldRootWrong", dispute.header.fields_root)


def test_a_proof_settles_its_own_threshold_only(dispute):
    _, _, proof = dispute.proof("at_least")
    for j in range(1, len(PAID.ladder) + 1):
        if j != IDX:
            assert dispute.refused(proof=proof, statement=AtLeast(j)).name == "FieldRootWrong"
    swapped = AtLeastOpening(proof.opening.tip_down, proof.opening.head_up)
    assert dispute.refused(proof=replace(proof, opening=swapped)).name == "FieldRootWrong"


def test_a_slot_that_cannot_be_is_refused(dispute):
    _, _, proof = dispute.proof("at_least")
    assert dispute.refused(proof=replace(proof, path=proof.path[:-1])).name == "PathLengthWrong"
    assert dispute.refused(index=SIZE).name == "BatchIndexOutOfRange"
    assert dispute.refused(index=2**255).name == "BatchIndexOutOfRange"
    assert dispute.refused(path=[]).name == "PathLengthWrong"


def test_k15_what_a_compromised_key_anchored_is_not_settled(dispute, consortium):
    key, at = dispute.tax.key.address, dispute.anchor["anchoredAt"]
    consortium.govern(consortium.members.functions.markCompromised(key, at + 1))
    assert dispute.settle() == dispute.header.digest
    for since in (at, at - 1):
        consortium.govern(consortium.members.functions.markCompromised(key, since))
        for name in STATEMENTS:
            refused = dispute.refused(name)
            assert (refused.name, refused.values) == ("AnchorKeyCompromised", (key.lower(), since))


def test_k15_a_key_that_ended_later_settles_as_before(dispute, consortium):
    consortium.govern(consortium.members.functions.endKey(dispute.tax.key.address, 0))
    consortium.govern(consortium.members.functions.retire(dispute.tax.id))
    assert dispute.settle() == dispute.header.digest


def test_k15_an_issuer_that_was_never_allowed_is_not_settled_for(consortium):
    dispute = Dispute(consortium, allowed=False)
    expected = (dispute.schema.id, dispute.tax.id, dispute.anchor["anchoredAt"])
    for name in STATEMENTS:
        refused = dispute.refused(name)
        assert (refused.name, refused.values) == ("IssuerNotAllowedThen", expected)
    # to be allowed later does not help what was anchored before
    consortium.chain.wait(60)
    consortium.govern(consortium.schemas.functions.allowIssuer(dispute.schema.id, dispute.tax.id))
    assert dispute.refused().name == "IssuerNotAllowedThen"


def test_k15_an_issuer_that_was_allowed_then_is_settled_for(dispute, consortium):
    consortium.chain.wait(60)
    consortium.govern(consortium.schemas.functions.disallowIssuer(dispute.schema.id, dispute.tax.id))
    assert dispute.settle() == dispute.header.digest


def test_k15_what_is_anchored_after_the_period_is_not_settled(dispute, consortium):
    consortium.govern(consortium.schemas.functions.disallowIssuer(dispute.schema.id, dispute.tax.id))
    where = {"number": 3, "start": 300 + SIZE, "previous": dispute.anchor["root"]}
    dispute.anchor, dispute.path = dispute.anchored(**where, size=SIZE)
    assert dispute.refused().name == "IssuerNotAllowedThen"


def test_k15_an_expired_header_is_not_settled(consortium, chain):
    end = chain.next_time + 1000
    dispute = Dispute(consortium, valid_until=end)
    chain.at(end - 1)
    chain.send(dispute.function())
    chain.at(end)
    for name in STATEMENTS:
        chain.refuses("AttestationExpired", dispute.function(name), end)


def test_k15_the_verifier_of_the_founding_asks_the_registries_of_the_founding(consortium, chain):
    functions = consortium.disputes.functions
    asked = [chain.read(functions[name]()) for name in ("ANCHORS", "MEMBERS", "SCHEMAS")]
    assert asked == [consortium.anchors.address, consortium.members.address, consortium.schemas.address]


def flipped(argument, bit):
    """Every way to change one bytes32 of an argument by one bit."""
    match argument:
        case bytes() if len(argument) == 32:
            yield (int.from_bytes(argument, "big") ^ 1 << bit).to_bytes(32, "big")
        case tuple() | list():
            for place, part in enumerate(argument):
                for changed in flipped(part, bit):
                    yield type(argument)([*argument[:place], changed, *argument[place + 1 :]])


@pytest.mark.parametrize("name", ["at_least", "below", "between", "one_of", "has_all", "absent"])
def test_no_call_with_one_bit_of_one_word_changed_settles(dispute, name):
    function = dispute.function(name)
    calls = [*flipped(tuple(function.args), 0), *flipped(tuple(function.args), 255)]
    assert len(calls) >= 2 * (len(dispute.path) + 4 + 1)
    for arguments in calls:
        with pytest.raises(Refused):
            ask(dispute.contract.functions[function.fn_name](*arguments))


def execution_of(chain, function):
    """Gas without the 21,000 of a transaction and without its calldata (16 a byte, 4 a zero)."""
    data = bytes.fromhex(function._encode_transaction_data()[2:])
    return gas_of(chain, function) - 21_000 - sum(16 if byte else 4 for byte in data)


@pytest.mark.parametrize(("size", "execution", "transaction"), [(3, 35_000, 68_000), (4096, 37_700, 76_000)])
def test_at_least_500_000_cny_is_settled_below_60_000_gas(consortium, chain, size, execution, transaction):
    dispute = Dispute(consortium, schema=catalogue_schema("tax_payment"), raw=TAX, size=size)
    field = dispute.schema.field("paid_amount")
    statement = AtLeast(field.ladder.position(500_000 * CNY))
    proof = dispute.prover.prove(field, statement, may_disclose=False)
    function = dispute.function_of(field, statement, proof)
    assert ask(function) == dispute.header.digest
    assert execution_of(chain, function) < 60_000
    assert execution_of(chain, function) < execution, "more than it was; if on purpose, say so here"
    assert gas_of(chain, function) < transaction, "more than it was; if on purpose, say so here"
