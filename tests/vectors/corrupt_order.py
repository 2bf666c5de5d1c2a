"""Bundles with two faults, of which the first by the order of the check counts, and reasons that few bundles have."""

import base64
from collections.abc import Iterator

from tests.kit import reference as ref
from tests.vectors.corrupt_evidence import altered, by_hash, fails, high_s, put, refielded
from tests.vectors.evidence_world import (
    BANK,
    CONTRACTS,
    COURT,
    GRADE,
    HOST,
    INCOME,
    NOW,
    PAID,
    REGISTRAR,
    SPECS,
    TAX,
    VALIDATORS,
    World,
    trust,
)
from tests.vectors.naive import hexed
from tests.vectors.naive_passkey import DOMAIN
from tests.vectors.valid import fen, h
from tests.vectors.valid_evidence import ANCHORED, BARE, DOLLARS, OLD, ONE, PASSKEY, QBFT, VAT, Case, sets, statement

FIRM, REGISTRATION = "firm_facts", "subject_registration"
ENDED = (0, ANCHORED, 0)
FORGED = {FIRM: h("somebody's key")}


def keys() -> Iterator[Case]:
    name, ended = "keys", "key_not_valid"
    yield fails("x_key_ended_and_compromised", ONE.but(keys={TAX: (0, ANCHORED, 1)}), name, ended)
    forged = ONE.but(batch_signers=FORGED)
    yield fails("x_forged_under_a_key_that_ended", forged.but(keys={TAX: ENDED}), name, "batch_not_signed")
    yield fails("x_registration_before_what_is_shown", forged.but(keys={REGISTRAR: ENDED}), name, ended)
    earlier = statement(0, number=999)
    yield fails("x_forged_beside_an_earlier_statement", forged, name, "statement_earlier", later=(earlier,))
    unproven = {**earlier, "nodes": []}
    yield fails("x_earlier_statement_without_proof", ONE, name, "state_proof_missing", later=(unproven,))
    late = statement(0)
    for what, reason, other in (
        ("without_seal", "block_not_final", {"block": {**late["block"], "seal": None}}),
        ("sealed_with_high_s", "not_canonical", {"block": {**late["block"], "seal": high_s(late["block"]["seal"])}}),
        ("with_nodes_falling", "state_proof_malformed", {"nodes": late["nodes"][::-1]}),
        ("with_a_node_too_many", "state_proof_unneeded", {"nodes": by_hash([*late["nodes"], spare()])}),
    ):
        yield fails(f"x_statement_{what}", ONE, name, reason, later=({**late, **other},))
    elsewhere = {**CONTRACTS, "MemberRegistry": (CONTRACTS["MemberRegistry"][0], h("other code"))}
    yield fails("x_statement_of_other_code", ONE, name, "code_differs", later=(statement(0, contracts=elsewhere),))
    yield from committed_statements()


def spare() -> str:
    return base64.b64encode(bytes(40)).decode()


def committed_statements() -> Iterator[Case]:
    name = "keys"
    for what, reason, sealers in (
        ("with_seals_unordered", "not_canonical", (1, 0, 2)),
        ("with_a_seal_twice", "seal_repeated", (0, 1, 1)),
    ):
        later = (statement(0, world=QBFT.but(sealers=sealers)),)
        yield fails(f"x_statement_{what}", QBFT, name, reason, later=later)
    grown = trust("qbft", sets((0, VALIDATORS), (1001, [*VALIDATORS, h("validator", 4)])))
    late = statement(0, world=QBFT)
    yield fails("x_statement_of_other_validators", QBFT, name, "validators_differ", trust=grown, later=(late,))
    header = refielded(lambda all_: [*all_[:12], b"\xc0", *all_[13:]])(late["block"]["header"])
    other = {**late, "block": {"header": header, "seal": None}}
    yield fails("x_statement_of_no_extra_data", QBFT, name, "header_malformed", later=(other,))


def consent() -> Iterator[Case]:
    name, unordered = "consent", ONE.but(signers=(1, 0))
    yield fails("x_expired_and_unordered", unordered.but(bounds={"expires_at": NOW}), name, "consent_expired")
    yield fails("x_unused_and_unordered", unordered.but(record={"used": 0}), name, "not_canonical")
    for what, reason, changes in (
        ("of_another_challenge", "challenge_mismatch", {"challenge": "AAAA"}),
        ("of_another_origin", "origin_mismatch", {"origin": "https://other.example"}),
        ("of_an_origin_with_port", "origin_mismatch", {"origin": f"https://{DOMAIN}:444"}),
        ("in_a_frame", "origin_mismatch", {"crossOrigin": True}),
        ("of_an_unverified_user", "user_not_verified", {"flags": 1}),
        ("of_no_present_user", "user_not_verified", {"flags": 4}),
        ("that_made_a_key", "signature_malformed", {"flags": 0x45}),
        ("of_another_type", "signature_malformed", {"type": "webauthn.create"}),
        ("with_much_data", "signature_malformed", {"flags": 0x85, "extra": bytes(1000)}),
        ("in_der", "not_canonical", {"form": "der"}),
        ("with_high_s", "not_canonical", {"form": "high"}),
    ):
        yield fails(f"x_passkey_{what}", PASSKEY.but(passkey=changes), name, reason)
    unknown = put("/presentation/consent/signatures/1/signature", "0x" + "01" * 64)
    yield altered("x_passkey_of_somebody", name, "signer_not_controller", unknown, PASSKEY)


def subject() -> Iterator[Case]:
    name, one = "subject", "/presentation/subject/registration"
    yield altered("x_registration_index", name, "index_out_of_range", put(f"{one}/index", 5))
    yield altered("x_registration_path_shorter", name, "path_length", put(f"{one}/path", lambda all_: all_[1:]))
    yield altered("x_registration_time", name, "not_anchored", put(f"{one}/anchor/anchored_at", ANCHORED - 1))
    opening = put("/presentation/subject/proof/opening", {"kind": "at_least", **dict.fromkeys(HEADS, "0x" + "11" * 32)})
    yield altered("x_registration_mode", name, "mode_mismatch", opening)
    absent = put("/presentation/subject/proof/opening", {"kind": "absent"})
    yield altered("x_registration_absent", name, "field_proof_failed", absent)
    for what, reason, header in (
        ("chain", "other_network", {"chain_id": 31338}),
        ("schema", "schema_mismatch", {"schema_id": hexed(ref.schema_id(SPECS[FIRM]))}),
    ):
        yield fails(f"x_registration_of_another_{what}", ONE.but(headers={REGISTRATION: header}), name, reason)
    issuer = {
        "headers": {REGISTRATION: {"issuer": hexed(COURT)}},
        "anchors": {REGISTRATION: {"member": hexed(REGISTRAR)}},
    }
    yield fails("x_registration_anchored_by_another", ONE.but(**issuer), name, "issuer_mismatch")


HEADS = ("head_up", "tip_down")


def answers() -> Iterator[Case]:
    name, paid = "answers", {"schema": FIRM, "field": "paid"}
    off = {**PAID, "operand": fen(250_000)}
    for what, reason, question, proven in (
        ("off_the_ladder", "off_ladder", off, PAID),
        ("that_reveals_a_ladder", "not_revealable", {**paid, "op": "reveal"}, {**PAID, "period": "2025"}),
        ("after_a_plain_threshold", "operator_unsupported", profit(">="), profit("reveal")),
        (
            "answered_by_a_range",
            "mode_mismatch",
            PAID,
            {**PAID, "op": "range", "operand": [fen(200_000), fen(400_000)]},
        ),
        ("answered_by_another_set", "opened_set_mismatch", GRADE, {**GRADE, "operand": ["B", "C"]}),
    ):
        yield fails(f"x_question_{what}", World(questions=(question,), proven_as={0: proven}), name, reason)
    older = OLD.but(questions=({**VAT, "operand": fen(2_000_000)},), proven_as={0: VAT})
    yield fails("l6_threshold_off_the_older_ladder", older, name, "schema_version_differs")
    yield fails("l6_another_currency", DOLLARS, name, "currency_differs")
    moving = {"schema": FIRM, "field": "last_month", "op": "<", "operand": {"as_of_minus_months": 1200}}
    far = World(questions=(moving,), proven_as={0: {**moving, "operand": "2025-03"}})
    yield fails("x_question_moved_off_the_ladder", far, name, "off_ladder")
    expired = {"valid_until": NOW, "period_from": "2024-01-01"}
    yield fails("x_expired_and_of_another_period", ONE.but(headers={FIRM: expired}), name, "attestation_expired")
    old = ONE.but(headers={FIRM: {"period_from": "2024-01-01"}}, receipt={"max_age_days": 10})
    yield fails("x_too_old_and_of_another_period", old, name, "attestation_too_old")
    no = {0: {"verdict": "does_not_hold"}}
    two = World(questions=(PAID, INCOME), said=no)
    yield fails("x_wrong_verdict_before_a_revoked_one", two.but(status={COURT: (1 << 46, 0)}), name, "revoked")
    words = {0: {"message": "by the way"}, 1: {"verdict": "does_not_hold"}}
    yield fails("x_words_before_a_wrong_verdict", two.but(said=words), name, "field_proof_failed")
    listed = [hexed(TAX), hexed(TAX)]
    yield fails("x_one_department_listed_twice", BARE.but(terms={"departments": listed}), name, "receipt_missing")


def profit(op: str) -> dict:
    return {"schema": FIRM, "field": "profit", "op": op, **({"operand": 5} if op == ">=" else {})}


def receipt() -> Iterator[Case]:
    name, ended = "receipt", {HOST: (0, NOW, 0)}
    department = ONE.but(standings={HOST: (1, 1)}, keys=ended)
    yield fails("x_receipt_of_a_department_whose_key_ended", department, name, "key_not_valid")
    yield fails("x_receipt_key_ended_and_compromised", ONE.but(keys={HOST: (0, NOW, 1)}), name, "key_not_valid")
    marred = put("/receipt/signature", high_s)
    yield altered("x_receipt_high_s_under_a_key_that_ended", name, "signature_malformed", marred, ONE.but(keys=ended))
    of_bank = ONE.but(receipt={"member": hexed(BANK)})
    yield altered("x_receipt_of_the_bank_with_high_s", name, "receipt_differs", marred, of_bank)


def corruptions() -> list[Case]:
    groups = (keys, consent, subject, answers, receipt)
    return [case for group in groups for case in group()]
