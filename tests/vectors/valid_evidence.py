"""The valid bundles of the vectors."""

from dataclasses import dataclass
from typing import Any

from tests.vectors import naive_state as state
from tests.vectors.evidence_world import (
    BOTH,
    BOTH_THEN,
    BY_TAX,
    CHAIN_ID,
    CONTRACTS,
    COURT,
    DAY,
    DOLLAR_LEVY,
    EITHER,
    EVER,
    GENESIS,
    GRADE,
    GRADE_THEN,
    HOST,
    HOST_SAYS,
    INCOME,
    KIND,
    MEMBER_KEYS,
    NAMES,
    NEITHER,
    NOW,
    OLD_LEVY,
    OTHER_KIND,
    PAID,
    RAW,
    RECOVERED,
    REGISTER_KEYS,
    REGISTERED,
    REGISTRAR,
    ROTATED,
    SALES,
    SALES_THEN,
    SEALER,
    TAX,
    VALIDATORS,
    World,
    canonical,
    make,
    seal_block,
    trust,
)
from tests.vectors.naive import hexed
from tests.vectors.valid import fen, h

ANCHORED = NOW - 4 * DAY
TODAY, TOMORROW = "2026-11-11", "2026-11-12"
ONE = World()
QBFT = World(engine="qbft")
BARE = World(questions=(GRADE_THEN, PAID), receipt=None, terms={"departments": [hexed(TAX)]})
KINDS = {"kind": "vat", "place": "south"}
VAT = {"schema": "levy", "field": "paid", "op": ">=", "operand": fen(200_000), "per": KINDS}
LEVIED = {"schema": "levy", "field": "grade", "op": "in", "operand": ["B", "A"]}
OF_TAX = {**LEVIED, "issuer": hexed(TAX)}
TOTAL = {"kind": "total", "place": "south"}
SUMMED = {**RAW, "levy": {**RAW["levy"], "kind": "total"}}
NAMED = World(questions=(VAT, LEVIED))
SETTLED = World(
    questions=tuple(
        {"schema": "firm_more", "field": field, "op": op, "operand": operand}
        for field, op, operand in (
            ("pledged", "has any of", ["shares", "goods"]),
            ("pledged", "has none of", ["land", "rights"]),
            ("pledged", "has all of", ["land", "goods"]),
            ("valid_to", "equals", "no end"),
            ("valid_to", "<=", "2026-12-30"),
            ("change", "<", "-10"),
            ("insured", "<=", 300),
            ("share", "equals", "33.3333"),
        )
    )
)
DOLLARS = NAMED.but(shown_by={"levy": DOLLAR_LEVY})
OLD = NAMED.but(shown_by={"levy": OLD_LEVY})
REVEALED = BARE.but(questions=({"schema": "firm_facts", "field": "kind", "op": "reveal", "period": "2025"},))
PASSKEY = World(passkey={}, signers=(0, 2))
OFF_LADDER = {**PAID, "operand": fen(250_000)}
OF_COURT = ONE.but(receipt={"member": hexed(COURT)}, use={"answered_by": hexed(COURT)}, standings={COURT: (1, 1)})
GRANTED = NOW - 2 * DAY
FIRST = (0, NOW - 90 * DAY, REGISTERED, 0, 0)
TAKEN = (1, NOW - 50 * DAY, RECOVERED, 0, 1)
"""A recovery by the second key of the registrar."""
STOLEN = {1: (*EVER[:2], NOW - 60 * DAY)}
RESUMED = World(resumed={})
HANDED_ON = (FIRST, (1, NOW - DAY // 2, ROTATED, 0, 0))
"""Other controllers since half a day before the answer."""
FOUR = World(questions=(PAID, GRADE, INCOME, BOTH))


@dataclass(frozen=True)
class Case:
    """The bytes of a bundle, how it is checked, and what must come out.

    ``base`` is the world of a valid one, ``world`` that of the valid one in which something was changed. ``stage`` is
    who refuses, the
    reader of ``bytes``, the reader of the ``form``, or the ``check``.
    """

    name: str
    data: bytes
    trust: dict
    expect: dict
    later: tuple = ()
    at: str | None = None
    stage: str = "check"
    base: World | None = None
    world: World | None = None


def of(world: World) -> dict:
    return trust(world.engine)


def holds(name: str, world: World, verdicts: str = "yn", **more: Any) -> Case:
    """A valid bundle; a letter a verdict."""
    told = {"y": "holds", "n": "does_not_hold", "?": "cannot_tell"}
    more.setdefault("trust", of(world))
    return Case(
        name, canonical(make(world)), expect={"verdicts": [told[letter] for letter in verdicts]}, base=world, **more
    )


def controllers() -> list[Case]:
    """Entries of which the last one that counts is in force."""
    rotated, later = (1, NOW - 3 * DAY, ROTATED, 0, 0), (1, GRANTED + 1, ROTATED, 0, 0)
    kept = (2, NOW - 40 * DAY, ROTATED, 1, 0)
    again = (1, NOW - 3 * DAY, REGISTERED, 0, 1)
    return [
        holds("k7_rotated_before_the_grant", ONE.but(entries=(FIRST, rotated), entry=1)),
        holds("k7_rotated_after_the_grant", ONE.but(entries=(FIRST, later))),
        holds("k7_rotated_at_the_grant", ONE.but(entries=(FIRST, (1, GRANTED, ROTATED, 0, 0)), entry=1)),
        holds("k6_recovered_before_the_grant", ONE.but(entries=(FIRST, TAKEN), entry=1)),
        holds("k6_recovered_by_a_stolen_key", ONE.but(entries=(FIRST, TAKEN), register_keys=STOLEN)),
        holds("k6_rotated_after_a_stolen_recovery", ONE.but(entries=(FIRST, TAKEN, kept), register_keys=STOLEN)),
        holds(
            "k6_key_compromised_after_the_recovery",
            ONE.but(entries=(FIRST, TAKEN), entry=1, register_keys={1: (*EVER[:2], TAKEN[1] + 1)}),
        ),
        holds("k6_register_key_ended", ONE.but(register_keys={0: (0, NOW - 8 * DAY, 0)})),
        holds("k6_two_keys_of_the_registrar", ONE.but(entries=(again,), entry=1)),
        holds(
            "k6_not_marked_later",
            ONE.but(entries=(FIRST, TAKEN), entry=1),
            later=(statement(0, member=REGISTRAR, secret=REGISTER_KEYS[1]),),
        ),
        holds("k23_two_persons_of_three_devices", ONE.but(persons=(1, 1, 2), signers=(0, 2))),
        holds("k23_other_device_of_a_person", ONE.but(persons=(1, 1, 2), signers=(1, 2))),
        holds("k23_person_255", ONE.but(persons=(255, 7, 9))),
    ]


def holds_of_subjects() -> list[Case]:
    """Holds that had ended, or had not begun."""
    entries = (FIRST, (1, NOW - 3 * DAY, RECOVERED, 0, 1))
    return [
        holds("k24_held_until_the_grant", ONE.but(holds=(GRANTED - 14 * DAY,))),
        holds("k24_held_long_before_and_in_between", ONE.but(holds=(GRANTED - 80 * DAY, GRANTED - 14 * DAY))),
        holds("k24_hold_that_a_recovery_ended", ONE.but(entries=entries, entry=1, holds=(NOW - 4 * DAY,))),
    ]


def resumptions() -> list[Case]:
    """Consents that were paused and go on by the controllers' word."""
    return [
        holds("k1_resumed", RESUMED),
        holds("k1_resumed_for_the_second_time", ONE.but(resumed={"number": 4})),
        holds("k1_resumed_by_two_others", ONE.but(resumed={"signers": (1, 2)})),
        holds("k1_resumed_by_those_then_in_force", ONE.but(entries=HANDED_ON, resumed={"set": 1})),
        holds("k1_resumed_by_passkey", ONE.but(passkey={}, resumed={"signers": (0, 2)})),
    ]


def uses() -> list[Case]:
    """Uses of any number, in any order, answered in time."""
    earlier = h("an earlier ticket")
    return [
        holds("k2_first_use", ONE.but(others=())),
        holds("k2_last_use", ONE.but(use={"number": 3}, others=((2, earlier, NOW - 9), (1, h("first"), NOW - 8)))),
        holds("k2_one_use_of_one", ONE.but(use={"number": 1}, others=(), bounds={"max_uses": 1})),
        holds("k2_use_96", ONE.but(use={"number": 96}, bounds={"max_uses": 96})),
        holds("k2_answered_600_seconds_later", ONE.but(counted={"time": NOW - 600})),
        holds("k2_counted_at_its_last_second", ONE.but(use={"not_after": NOW})),
        holds("k2_answered_after_it_ended", ONE.but(use={"not_after": NOW - 5}, counted={"time": NOW - 5})),
    ]


def statement(
    mark: int,
    *,
    member: bytes = TAX,
    secret: bytes | None = None,
    number: int = 5000,
    world: World = ONE,
    contracts: dict = CONTRACTS,
    **changes: Any,
) -> dict:
    """What the chain says of a member's key at a later block, which is sealed as those of ``world``."""
    key = state.address(secret or MEMBER_KEYS[member])
    words = state.key_words(member, key, (*EVER[:2], mark))
    held = state.State(contracts, words, 12)
    fields = state.header_fields(held.root, number, NOW + 30 * DAY, b"credence", state.address(SEALER))
    header, seal, _ = seal_block(world, fields)
    return {
        "format": "credence-keys/v2",
        "network": {"chain_id": CHAIN_ID, "genesis": hexed(GENESIS)},
        "keys": [{"member": hexed(member), "key": hexed(key)}],
        "block": {"header": hexed(header), "seal": None if seal is None else hexed(seal)},
        "nodes": [state.base64_of(node) for node in held.nodes(list(words))],
        **changes,
    }


def sets(*members: tuple[int, list[bytes]]) -> list[dict]:
    return [
        {"from_block": start, "addresses": sorted(hexed(state.address(key)) for key in keys)} for start, keys in members
    ]


NEEDS_DISCLOSURE = {"reason": "needs_disclosure", "message": "answering no would show the value"}


def revealing(during: str) -> dict:
    """Terms that list the question after the other kind, and revealing the kind."""
    return {"questions": ["firm_facts.kind equals 10102 during 2025", f"firm_facts.kind reveal {during}".strip()]}


def unconsented(reason: str) -> World:
    """Two claims of which the consent lists the first, and what the host says of the second."""
    terms = {"questions": ["firm_facts.paid >= 2000 CNY during 2025"]}
    said = {"reason": reason, "message": "the subject did not consent to this question"}
    return ONE.but(questions=(PAID, SALES), told={1: said}, terms=terms)


def listing(*more: str) -> dict:
    """Terms that list the two questions of every bundle, and more."""
    return {"questions": ["firm_facts.paid >= 2000 CNY during 2025", "firm_facts.grade in {C, D}", *more]}


def named(name: str) -> dict:
    return {**NAMES, TAX: name}


def evidence() -> list[Case]:
    later_sealer = trust(sets=sets((0, [h("sealer before")]), (900, [SEALER]), (1001, [h("sealer after")])))
    grown = trust("qbft", sets((0, VALIDATORS), (1001, [*VALIDATORS, h("validator", 4)])))
    absent = RAW["firm_facts"] | {"sales": None}
    no_paid = {**RAW, "firm_facts": RAW["firm_facts"] | {"paid": None}}
    two = World(questions=(BOTH_THEN, {**GRADE_THEN, **BY_TAX}), receipt=None)
    no_sales = BARE.but(questions=(SALES_THEN,), raw={**RAW, "firm_facts": absent})
    return [
        holds("two_claims", ONE),
        holds("four_claims", FOUR, "ynyy"),
        holds("one_claim_yes", ONE.but(questions=(PAID,)), "y"),
        holds("one_claim_no", ONE.but(questions=(GRADE,)), "n"),
        holds("combination", ONE.but(questions=(BOTH,)), "y"),
        holds("no_receipt", BARE, "ny"),
        holds("no_receipt_and_a_combination", two, "yn"),
        holds("absent_without_receipt", no_sales, "?"),
        holds("host_cannot_tell", ONE.but(questions=(PAID, SALES), told={1: HOST_SAYS}), "y?"),
        holds("host_cannot_tell_a_combination", ONE.but(questions=(PAID, BOTH), told={1: HOST_SAYS}), "y?"),
        holds("host_cannot_tell_what_was_not_consented", unconsented("question_not_consented"), "y?"),
        holds("data_young_enough", ONE.but(receipt={"max_age_days": 11})),
        holds("qbft_3_seals", QBFT),
        holds("qbft_3_other_seals", QBFT.but(sealers=(0, 2, 3))),
        holds("qbft_round_2", QBFT.but(committed={"round_": 2})),
        holds("qbft_round_300", QBFT.but(committed={"round_": 300})),
        holds("qbft_vote", QBFT.but(committed={"vote": [h("voted on")[:20], b"\xff"]})),
        holds("qbft_vote_out", QBFT.but(committed={"vote": [h("voted on")[:20], b""]})),
        holds("qbft_validators_grow_later", QBFT, trust=grown),
        holds("sealer_changed_before_and_after", ONE, trust=later_sealer),
        holds("controllers_since_the_grant", ONE.but(entries=((0, GRANTED, REGISTERED, 0, 0),))),
        *controllers(),
        *holds_of_subjects(),
        *resumptions(),
        *uses(),
        holds("two_other_controllers_sign", ONE.but(signers=(0, 2))),
        holds("one_of_two_parts_shows_a_yes", ONE.but(questions=(EITHER,)), "y"),
        holds("two_of_two_parts_show_a_no", ONE.but(questions=(NEITHER,)), "n"),
        holds("e2_keeper_with_all_roles", ONE.but(standings={HOST: (15, 1)})),
        holds("e2_keeper_that_is_a_department", ONE.but(standings={HOST: (1, 1)})),
        holds("e2_court_that_was_asked", OF_COURT),
        holds("e5_yes_without_consent_to_reveal", ONE.but(questions=(KIND,)), "y"),
        holds("e5_no_with_consent_to_reveal", ONE.but(questions=(OTHER_KIND,), terms=revealing("during 2025")), "n"),
        holds("e5_no_that_needs_disclosure", ONE.but(questions=(OTHER_KIND,), told={0: NEEDS_DISCLOSURE}), "?"),
        holds("e5_statement_of_a_block_of_this_number", ONE, later=(statement(0, number=1000),)),
        holds("h9_compromised_after_anchoring", ONE.but(keys={TAX: (*EVER[:2], ANCHORED + 1)})),
        holds("h9_marked_later_from_after_anchoring", ONE, later=(statement(ANCHORED + 1),)),
        holds("h9_not_marked_later", ONE, later=(statement(0), statement(0, member=REGISTRAR))),
        holds("h5_key_ended_after_anchoring", ONE.but(keys={TAX: (ANCHORED, ANCHORED + 1, 0)})),
        holds("h5_issuer_disallowed_after_anchoring", ONE.but(periods={TAX: (ANCHORED, ANCHORED + 1)})),
        holds("h8_neighbours_revoked", ONE.but(status={TAX: (2**256 - 1 - 2**46, 2**256 - 1 - 2**46)})),
        holds("name_of_31_bytes", ONE.but(names=named("n" * 31))),
        holds("name_of_32_bytes", ONE.but(names=named("n" * 32))),
        holds("name_of_64_bytes", ONE.but(names=named("n" * 64))),
        holds("name_of_none", ONE.but(names=named(""))),
        holds("large_state", ONE.but(filler=1200)),
        holds("f1_kind_named", NAMED, "yy"),
        holds("f1_kind_named_and_not", NAMED.but(questions=({**VAT, "op": "<"},)), "n"),
        holds("f1_total_named", NAMED.but(questions=({**VAT, "per": TOTAL},), raw=SUMMED), "y"),
        holds("f1_kinds_in_a_combination", NAMED.but(questions=({"needed": 2, "of": [VAT, LEVIED]},)), "y"),
        holds("f4_department_named", NAMED.but(questions=(OF_TAX, {**VAT, "issuer": hexed(TAX)})), "yy"),
        holds("l6_two_versions_of_a_schema", OLD, "yy"),
        holds("l6_other_version_told_by_the_host", OLD.but(told={1: HOST_SAYS}), "y?"),
        holds("l6_other_currency_told_by_the_host", DOLLARS.but(told={0: HOST_SAYS}), "?y"),
        holds("values_of_version_2", SETTLED, "ynyynyyy"),
        holds("x_revealed", REVEALED, "y"),
        holds("x_passkey", PASSKEY),
        holds("x_passkey_with_extensions", PASSKEY.but(passkey={"flags": 0x85, "extra": b"\xa0"})),
        holds("x_passkey_that_is_backed_up", PASSKEY.but(passkey={"flags": 0x1D})),
        holds("x_claim_asked_twice", ONE.but(questions=(PAID, PAID)), "yy"),
        holds("x_terms_with_a_text_of_no_claim", ONE.but(terms=listing("anything else"))),
        holds(
            "x_threshold_off_the_ladder_told_by_the_host", ONE.but(questions=(OFF_LADDER,), told={0: HOST_SAYS}), "?"
        ),
        holds("x_absent_though_not_optional", BARE.but(questions=(PAID,), raw=no_paid), "?"),
        holds("qbft_round_of_4_bytes", QBFT.but(committed={"round_": 2**32 - 1})),
        holds("qbft_not_marked_later", QBFT, later=(statement(0, world=QBFT),)),
        holds("at_the_day", ONE, at=TODAY),
        holds("at_the_last_day", ONE.but(headers={"firm_facts": {"valid_until": NOW + DAY}}), at=TOMORROW),
    ]
