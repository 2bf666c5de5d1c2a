"""Bundles that must fail, each with the check that fails and its reason."""

import base64
import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.vectors import naive_state as state
from tests.vectors.corrupt import flipped
from tests.vectors.evidence_world import (
    BANK,
    BOTH,
    BY_COURT,
    BY_TAX,
    COURT,
    DAY,
    EITHER,
    EVER,
    GRADE,
    GRADE_THEN,
    HOST,
    HOST_SAYS,
    INCOME,
    MEMBER_KEYS,
    NEITHER,
    NOW,
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
    SPECS,
    TAX,
    VALIDATORS,
    World,
    canonical,
    make,
    trust,
)
from tests.vectors.naive import hexed
from tests.vectors.naive_evidence import decode_rlp, header_digest
from tests.vectors.naive_ledger import blob
from tests.vectors.valid import fen, h
from tests.vectors.valid_evidence import (
    ANCHORED,
    BARE,
    FIRST,
    FOUR,
    GRANTED,
    HANDED_ON,
    LEVIED,
    NAMED,
    NEEDS_DISCLOSURE,
    OLD,
    ONE,
    QBFT,
    RESUMED,
    STOLEN,
    SUMMED,
    TAKEN,
    TOTAL,
    VAT,
    Case,
    of,
    revealing,
    sets,
    statement,
    unconsented,
)

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def fails(name: str, world: World, check: str, reason: str, **more: Any) -> Case:
    """A bundle whose world is wrong: everything in it fits together, and the chain says so."""
    more.setdefault("trust", of(world))
    return Case(name, canonical(make(world)), expect={"check": check, "reason": reason}, **more)


def altered(
    name: str, check: str, reason: str, change: Callable[[dict], None], world: World = ONE, **more: Any
) -> Case:
    """A valid bundle that somebody changed afterwards."""
    bundle = copy.deepcopy(make(world))
    change(bundle)
    more.setdefault("trust", of(world))
    more.setdefault("stage", "form" if check == "form" else "check")
    return Case(name, canonical(bundle), expect={"check": check, "reason": reason}, world=world, **more)


def put(pointer: str, value: object) -> Callable[[dict], None]:
    """Replace what a pointer names."""

    def change(bundle: dict) -> None:
        *path, last = [int(name) if name.isdigit() else name for name in pointer.split("/")[1:]]
        place: Any = bundle
        for name in path:
            place = place[name]
        place[last] = value(place[last]) if callable(value) else value

    return change


def without(pointer: str) -> Callable[[dict], None]:
    *path, last = pointer.split("/")[1:]

    def change(bundle: dict) -> None:
        for name in path:
            bundle = bundle[int(name) if name.isdigit() else name]
        del bundle[last]

    return change


def flip(byte: int = -1) -> Callable[[str], str]:
    """The same bytes but for the last bit of one."""
    return lambda text: flipped(text, byte % (len(text) // 2 - 1), 1)


def reheader(**changes: object) -> Callable[[dict], None]:
    """Change the header of the one attestation, and what refers to it."""

    def change(bundle: dict) -> None:
        presentation = bundle["presentation"]
        (one,) = presentation["attestations"]
        one["header"].update(
            {name: new(one["header"][name]) if callable(new) else new for name, new in changes.items()}
        )
        for claim in presentation["claims"]:
            claim["attestation"] = hexed(header_digest(one["header"]))

    return change


def bytes_of(name: str, reason: str, change: Callable[[bytes], bytes]) -> Case:
    """A valid bundle whose bytes were changed."""
    expect = {"check": "form", "reason": reason}
    return Case(name, change(canonical(make(ONE))), of(ONE), expect, stage="bytes")


def form() -> Iterator[Case]:
    yield bytes_of("x_line_end", "not_canonical", lambda data: data + b"\n")
    yield bytes_of("x_space", "not_canonical", lambda data: data.replace(b":", b": ", 1))
    yield bytes_of("x_escaped_letter", "not_canonical", lambda data: data.replace(b'"block"', b'"bloc\\u006b"', 1))
    yield bytes_of(
        "x_keys_unordered",
        "not_canonical",
        lambda data: b'{"receipt":null,' + data[1:].replace(b',"receipt":', b',"receipx":'),
    )
    yield bytes_of("t15_key_twice", "json_duplicate_key", lambda data: b'{"receipt":null,' + data[1:])
    yield bytes_of("x_byte_order_mark", "json_malformed", lambda data: b"\xef\xbb\xbf" + data)
    yield bytes_of("x_cut_short", "json_malformed", lambda data: data[:-1])
    yield bytes_of("x_nothing", "json_malformed", lambda _: b"")
    yield bytes_of("a5_deep", "json_too_deep", lambda _: b"[" * 10_000)
    yield bytes_of(
        "a5_lone_surrogate",
        "json_malformed",
        lambda data: data.replace(b'"one"', b'"\\ud800"').replace(b'"loan_application"', b'"\\ud800"'),
    )
    yield bytes_of("a5_float", "type_wrong", lambda data: data.replace(b'"entries":[0]', b'"entries":[0.0]'))
    yield altered("x_other_format", "form", "value_malformed", put("/format", "credence-evidence/v1"))
    for part in (
        "format",
        "network",
        "presentation",
        "controllers",
        "batches",
        "schemas",
        "members",
        "block",
        "nodes",
        "receipt",
    ):
        yield altered(f"x_without_{part}", "form", "field_missing", without(f"/{part}"))
    yield altered("x_unknown_member", "form", "field_unknown", put("/remark", 1))
    yield altered("x_list", "form", "type_wrong", put("/network", []))
    yield altered("x_no_consent", "form", "field_missing", put("/presentation/consent", None))
    yield altered("x_no_subject", "form", "field_missing", put("/presentation/subject", None))
    yield altered("x_no_claims", "form", "field_missing", put("/presentation/claims", []))
    yield altered(
        "x_claim_left_out_with_its_attestation",
        "form",
        "not_canonical",
        put("/presentation/claims", lambda all_: all_[:2]),
        FOUR,
    )
    yield altered("x_attestation_left_out", "form", "not_canonical", put("/presentation/attestations", []))
    yield altered(
        "x_attestation_nobody_needs",
        "form",
        "not_canonical",
        put("/presentation/claims", lambda all_: all_[:1]),
        World(questions=(PAID, INCOME)),
    )
    yield altered(
        "x_attestations_unordered",
        "form",
        "not_canonical",
        put("/presentation/attestations", lambda all_: all_[::-1]),
        FOUR,
    )
    yield altered("x_schemas_unordered", "form", "not_canonical", put("/schemas", lambda all_: all_[::-1]))
    yield altered("x_schema_twice", "form", "not_canonical", put("/schemas", lambda all_: [*all_, all_[-1]]))
    yield altered("x_schema_nobody_needs", "form", "not_canonical", put("/schemas", list(SPECS.values())))
    yield altered("x_schema_missing", "form", "schema_unknown", put("/schemas", lambda all_: all_[1:]))
    yield altered("x_registration_schema_missing", "form", "schema_unknown", put("/schemas", lambda all_: all_[:1]))
    yield altered("x_members_unordered", "form", "not_canonical", put("/members", lambda all_: all_[::-1]))
    yield altered("x_member_missing", "form", "not_canonical", put("/members", lambda all_: all_[1:]))
    stranger = {"id": "0x" + "ff" * 32, "name": "Nobody"}
    yield altered("x_member_nobody_needs", "form", "not_canonical", put("/members", lambda all_: [*all_, stranger]))
    yield altered(
        "x_address_in_capitals", "form", "not_canonical", put("/receipt/key", lambda key: "0x" + key[2:].upper())
    )
    yield altered("x_seal_too_short", "form", "value_malformed", put("/block/seal", lambda seal: seal[:-2]))
    yield altered("x_node_no_base64", "form", "value_malformed", put("/nodes/0", lambda node: node[:-1] + "*"))
    yield altered("x_node_no_text", "form", "value_malformed", put("/nodes/0", 7))
    yield altered("x_node_with_spare_bits", "form", "not_canonical", spare_bits)
    yield altered("x_entry_negative", "form", "value_out_of_range", put("/controllers/entries/0", -1))
    yield altered("x_entry_true", "form", "type_wrong", put("/controllers/entries/0", True))
    yield altered("x_header_no_rlp", "form", "header_malformed", put("/block/header", lambda text: text[:-2]))
    yield altered("x_header_and_more", "form", "header_malformed", put("/block/header", lambda text: text + "00"))
    yield altered("x_header_a_text", "form", "header_malformed", put("/block/header", "0x83646f67"))
    yield altered("x_header_nested", "form", "header_malformed", put("/block/header", "0x" + "c1" * 3000 + "c0"))
    for name, change in (
        ("x_header_14_fields", lambda all_: all_[:14]),
        ("x_header_22_fields", lambda all_: [*all_, bytes(32), bytes(32)]),
        ("x_header_list_inside", lambda all_: [*all_[:12], [], *all_[13:]]),
        ("x_header_number_with_zero", lambda all_: [*all_[:8], b"\x00\x05", *all_[9:]]),
        ("x_header_number_beyond", lambda all_: [*all_[:8], b"\xff" * 8, *all_[9:]]),
        ("x_header_time_beyond", lambda all_: [*all_[:11], b"\xff" * 6, *all_[12:]]),
        ("x_header_short_root", lambda all_: [*all_[:3], bytes(31), *all_[4:]]),
    ):
        yield altered(name, "form", "header_malformed", put("/block/header", refielded(change)))


def spare_bits(bundle: dict) -> None:
    at = next(n for n, node in enumerate(bundle["nodes"]) if node.endswith("=") and not node.endswith("=="))
    text = bundle["nodes"][at]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bundle["nodes"][at] = text[:-2] + letters[letters.index(text[-2]) + 1] + "="


def refielded(change: Callable[[list], list]) -> Callable[[str], str]:
    return lambda text: hexed(state.rlp.encode(change(decode_rlp(blob(text)))))


def network_and_block() -> Iterator[Case]:
    yield altered("a6_other_chain_id", "network", "other_network", put("/network/chain_id", 31338))
    yield altered("h7_other_genesis", "network", "other_network", put("/network/genesis", flip()))
    yield fails("h7_other_network_in_trust_file", ONE, "network", "other_network", trust={**of(ONE), "chain_id": 1})
    outsider, late = "seal_by_outsider", {"check": "block", "reason": "block_not_final"}
    yield from ends_and_checkpoints()
    yield altered("h6_no_seal", "block", "block_not_final", put("/block/seal", None))
    yield altered(
        "h6_seal_of_another_block", "block", outsider, put("/block/seal", make(ONE.but(number=999))["block"]["seal"])
    )
    yield altered("k22_high_s", "block", "not_canonical", put("/block/seal", high_s))
    yield altered(
        "k22_v_27",
        "block",
        "not_canonical",
        put("/block/seal", lambda seal: f"{seal[:-2]}{int(seal[-2:], 16) + 27:02x}"),
    )
    yield altered("h6_seal_of_zeros", "block", "seal_malformed", put("/block/seal", "0x" + "00" * 65))
    for place, field in (
        (3, "state_root"),
        (8, "number"),
        (11, "time"),
        (12, "extra_data"),
        (15, "base_fee"),
        (19, "beacon_root"),
    ):
        change = put(
            "/block/header",
            refielded(lambda all_, place=place: [*all_[:place], one_more(all_[place]), *all_[place + 1 :]]),
        )
        yield altered(f"h6_header_{field}", "block", outsider, change)
    yield altered("h6_header_of_19_fields", "block", outsider, put("/block/header", refielded(lambda all_: all_[:19])))
    yield fails("h6_other_sealer", ONE, "block", outsider, trust=trust(sets=sets((0, [h("another")]))))
    yield fails(
        "h6_sealer_not_yet", ONE, "block", outsider, trust=trust(sets=sets((0, [h("another")]), (1001, [SEALER])))
    )
    yield fails(
        "h6_sealer_no_more", ONE, "block", outsider, trust=trust(sets=sets((0, [SEALER]), (1000, [h("another")])))
    )
    yield fails("h6_history_begins_later", ONE, *late.values(), trust=trust(sets=sets((1001, [SEALER]))))
    yield fails("h6_qbft_2_seals", QBFT.but(sealers=(0, 3)), *late.values())
    yield fails("h6_qbft_no_seals", QBFT.but(sealers=()), *late.values())
    yield fails("h6_qbft_seal_twice", QBFT.but(sealers=(0, 1, 1)), "block", "seal_repeated")
    yield fails("h6_qbft_fourth_seal_twice", QBFT.but(sealers=(0, 1, 2, 0)), "block", "seal_repeated")
    yield fails("h6_qbft_outsider", QBFT.but(sealers=(0, 1, 4)), "block", outsider)
    yield fails("h6_qbft_three_outsiders", QBFT.but(sealers=(4, 5, 6)), "block", outsider)
    yield fails("h6_qbft_fourth_seal_of_outsider", QBFT.but(sealers=(0, 1, 2, 4)), "block", outsider)
    yield fails("h6_qbft_other_round_signed", QBFT.but(committed={"round_": 1, "signed_round": 0}), "block", outsider)
    yield fails(
        "h6_qbft_round_0_signed_in_round_1", QBFT.but(committed={"round_": 0, "signed_round": 1}), "block", outsider
    )
    fewer, more = VALIDATORS[:3], [*VALIDATORS, h("validator", 4)]
    for name, validators in (("fewer", fewer), ("more", more), ("other", [*fewer, h("validator", 9)])):
        others = trust("qbft", sets((0, validators)))
        yield fails(f"h6_qbft_{name}_validators_trusted", QBFT, "block", "validators_differ", trust=others)
    yield altered(
        "h6_qbft_seal_beside_the_header", "block", "seal_malformed", put("/block/seal", "0x" + "11" * 65), QBFT
    )
    yield fails("h6_one_seal_where_validators_are_needed", ONE, "block", "seal_malformed", trust=trust("qbft"))
    yield fails("h6_validators_where_one_sealer_is_needed", QBFT, *late.values(), trust=trust())


def one_more(field: bytes) -> bytes:
    """Another value of the same kind."""
    return bytes([field[0] ^ 1]) + field[1:] if field else b"\x01"


def ends_and_checkpoints() -> Iterator[Case]:
    file, other = of(ONE), hexed(h("another block"))
    (era,) = file["eras"]
    number = blob_number(make(ONE)["block"]["header"])

    def ended(block: int) -> dict:
        end = {"block": block, "hash": other, "root": other, "state_root": other}
        return {**file, "eras": [{**era, "ends": end}]}

    def marked(block: int) -> dict:
        return {**file, "checkpoints": [{"block": block, "hash": other, "root": other}]}

    needed = "block_path_needed"
    yield fails("r_era_ended_before", ONE, "block", "era_ended", trust=ended(number - 1))
    yield fails("r_era_ended_with_another_block", ONE, "block", needed, trust=ended(number))
    yield fails("r_era_ended_later", ONE, "block", needed, trust=ended(number + 1))
    yield fails("r_checkpoint_of_another_block", ONE, "block", needed, trust=marked(number))
    yield fails("r_checkpoint_later", ONE, "block", needed, trust=marked(number + 1))


def blob_number(header: str) -> int:
    return int.from_bytes(decode_rlp(blob(header))[8], "big")


def high_s(text: str) -> str:
    data = blob(text)
    s = (ORDER - int.from_bytes(data[32:64], "big")).to_bytes(32, "big")
    return hexed(data[:32] + s + bytes([data[64] ^ 1]))


def with_v_of_27(text: str) -> str:
    return f"{text[:-2]}{int(text[-2:], 16) + 27:02x}"


def state_proofs() -> Iterator[Case]:
    for name in state.CONTRACTS:
        code = copy.deepcopy(of(ONE))
        code["contracts"][name]["code_hash"] = hexed(h("other code"))
        yield fails(f"x_code_of_{name}", ONE, "state", "code_differs", trust=code)
    elsewhere = copy.deepcopy(of(ONE))
    elsewhere["contracts"]["MemberRegistry"]["address"] = "0x" + "00" * 20
    yield fails("x_contract_elsewhere", ONE, "state", "state_proof_missing", trust=elsewhere)
    count = len(make(ONE)["nodes"])
    for place in sorted({0, count // 3, count // 2, count - 1}):
        yield altered(
            f"x_node_{place}_missing",
            "state",
            "state_proof_missing",
            put("/nodes", lambda all_, n=place: all_[:n] + all_[n + 1 :]),
        )
    yield altered("x_no_nodes", "state", "state_proof_missing", put("/nodes", []))
    yield altered("x_nodes_unordered", "state", "state_proof_malformed", put("/nodes", lambda all_: all_[::-1]))
    yield altered("x_node_twice", "state", "state_proof_malformed", put("/nodes", lambda all_: [all_[0], *all_]))
    yield altered(
        "x_node_too_short",
        "state",
        "state_proof_malformed",
        put("/nodes", lambda all_: by_hash([*all_, base64.b64encode(bytes(31)).decode()])),
    )
    yield altered(
        "x_node_too_long",
        "state",
        "state_proof_malformed",
        put("/nodes", lambda all_: by_hash([*all_, base64.b64encode(bytes(1025)).decode()])),
    )
    yield altered(
        "x_node_nobody_needs",
        "state",
        "state_proof_unneeded",
        put("/nodes", lambda all_: by_hash([*all_, base64.b64encode(bytes(40)).decode()])),
    )
    yield altered("x_node_changed", "state", "state_proof_missing", put("/nodes", changed_node))
    yield altered(
        "x_nodes_of_another_state", "state", "state_proof_missing", put("/nodes", make(ONE.but(seed="two"))["nodes"])
    )
    yield altered("x_entry_without_proof", "state", "state_proof_missing", put("/controllers/entries", [1]))
    yield altered("h1_schema_id", "state", "state_proof_unneeded", reheader(schema_id=flip()))
    yield altered("h3_start", "state", "state_proof_missing", put("/presentation/attestations/0/anchor/start", 5000))
    yield altered("x_longer_name", "members", "member_differs", put("/members/0/name", "n" * 32))
    yield altered("x_other_name", "members", "member_differs", put("/members/0/name", lambda name: name[:-1] + "署"))


def by_hash(nodes: list[str]) -> list[str]:
    return sorted(nodes, key=lambda node: state.ref.H(base64.b64decode(node)))


def changed_node(nodes: list[str]) -> list[str]:
    data = base64.b64decode(nodes[0])
    return by_hash([base64.b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode(), *nodes[1:]])


def keys() -> Iterator[Case]:
    not_valid, compromised = ("keys", "key_not_valid"), ("keys", "key_compromised")
    yield fails("h5_key_not_yet_valid", ONE.but(keys={TAX: (ANCHORED + 1, NOW, 0)}), *not_valid)
    yield fails("h5_key_ended", ONE.but(keys={TAX: (0, ANCHORED, 0)}), *not_valid)
    yield fails("h5_no_key_of_this_member", ONE.but(keys={TAX: (0, 0, 0)}), *not_valid)
    not_signed, first = ("keys", "batch_not_signed"), "/batches/0"
    for schema in ("firm_facts", "subject_registration"):
        forged = ONE.but(batch_signers={schema: h("somebody's key")})
        yield fails(f"h5_batch_of_{schema}_signed_by_another_key", forged, *not_signed)
    yield altered("x_batch_after_another", *not_signed, put(f"{first}/previous_root", flip()))
    yield altered("x_batch_superseding_others", *not_signed, put(f"{first}/superseded_digest", flip()))
    yield altered("k16_batch_of_another_deadline", *not_signed, put(f"{first}/deadline", NOW + 1))
    yield altered("x_batch_signed_with_high_s", "keys", "signature_malformed", put(f"{first}/signature", high_s))
    yield altered("x_batch_missing", "form", "not_canonical", put("/batches", lambda all_: all_[1:]))
    yield altered("x_batches_unordered", "form", "not_canonical", put("/batches", lambda all_: all_[::-1]))
    yield altered("x_batch_twice", "form", "not_canonical", put("/batches", lambda all_: [all_[0], *all_]))
    yield altered("x_batch_of_nobody", "form", "not_canonical", put(f"{first}/stream", 1))
    yield altered("x_batch_number_zero", "form", "value_out_of_range", put(f"{first}/number", 0))
    yield fails("h5_registrars_key_ended", ONE.but(keys={REGISTRAR: (0, ANCHORED, 0)}), *not_valid)
    yield fails("h9_compromised_at_anchoring", ONE.but(keys={TAX: (*EVER[:2], ANCHORED)}), *compromised)
    yield fails("h9_compromised_before_anchoring", ONE.but(keys={TAX: (*EVER[:2], 1)}), *compromised)
    yield fails("h9_registrars_key", ONE.but(keys={REGISTRAR: (*EVER[:2], ANCHORED)}), *compromised)
    yield fails("h5_key_for_everything_else", ONE.but(keys={TAX: (*EVER, 0xFE)}), "keys", "key_purpose_wrong")
    yield fails("h9_marked_later", ONE, *compromised, later=(statement(ANCHORED),))
    yield fails("h9_marked_in_one_of_two_statements", ONE, *compromised, later=(statement(ANCHORED), statement(0)))
    moved = ONE.but(keys={TAX: (*EVER[:2], ANCHORED + 5)})
    yield fails("h9_mark_moved_to_an_earlier_time", moved, *compromised, later=(statement(ANCHORED - 5),))
    broken = statement(0, network={"chain_id": 1, "genesis": "0x" + "00" * 32})
    yield fails("x_statement_of_another_network", ONE, "keys", "other_network", later=(broken,))
    unsealed = statement(0, block={**statement(0)["block"], "seal": statement(0, number=1)["block"]["seal"]})
    yield fails("x_statement_unsealed", ONE, "keys", "seal_by_outsider", later=(unsealed,))
    yield fails("x_statement_without_proof", ONE, "keys", "state_proof_missing", later=(statement(0, nodes=[]),))


def consent() -> Iterator[Case]:
    for name, record, reason in (
        ("withdrawn", {"state": 2}, "consent_withdrawn"),
        ("paused", {"state": 3}, "consent_paused"),
        ("unknown", {"state": 0}, "consent_unknown"),
        ("other_start", {"not_before": NOW - DAY - 1}, "consent_terms_differ"),
        ("other_end", {"expires_at": NOW + DAY + 1}, "consent_terms_differ"),
        ("other_uses", {"max_uses": 4}, "consent_terms_differ"),
        ("other_spend_key", {"spend_key": h("another key")[:20]}, "consent_terms_differ"),
        ("exhausted", {"used": 15}, "consent_exhausted"),
        ("no_use", {"used": 0}, "use_not_recorded"),
        ("withdrawn_before_it_was_granted", {"state": 2, "granted_at": 0}, "consent_withdrawn"),
        ("granted_before_the_entry", {"granted_at": NOW - 10 * DAY}, "controllers_none_count"),
        ("paused_and_withdrawn", {"state": 2, "changes": 1, "changed_at": NOW - DAY}, "consent_withdrawn"),
    ):
        yield fails(f"c1_{name}", ONE.but(record=record), "consent", reason)
    yield fails("c1_expired", ONE.but(bounds={"expires_at": NOW}), "consent", "consent_expired")
    yield fails("c1_not_yet_valid", ONE.but(bounds={"not_before": NOW + 60}), "consent", "consent_not_yet_valid")
    for name, value in (
        ("purpose", "guarantee"),
        ("retention_days", 32),
        ("questions", ["firm_facts.paid reveal"]),
        ("language", "en"),
    ):
        change = put(f"/presentation/consent/terms/{name}", value)
        yield altered(f"c2_other_{name}", "consent", "consent_id_mismatch", change)
    for name, value in (
        ("not_before", NOW - DAY - 60),
        ("expires_at", NOW + DAY + 60),
        ("max_uses", 2),
        ("grant_before", NOW),
        ("spend_key", flip()),
        ("steward_key", flip()),
        ("withdrawal_hash", flip()),
    ):
        change = put(f"/presentation/consent/bounds/{name}", value)
        yield altered(f"k4_other_{name}", "consent", "consent_id_mismatch", change)
    yield fails("c3_stranger_signs", ONE.but(signers=(0, 7)), "consent", "signer_not_controller")
    others = "controllers_mismatch"
    yield fails(
        "c3_controllers_of_another_entry", ONE.but(entries=((1, NOW - 9 * DAY, REGISTERED, 0, 0),)), "consent", others
    )
    replaced = ((0, NOW - 9 * DAY, REGISTERED, 0, 0), (1, GRANTED, ROTATED, 0, 0))
    yield fails("c3_controllers_replaced_before_the_grant", ONE.but(entries=replaced), "consent", others)
    yield fails("c3_entry_that_is_not_there", ONE.but(entries=()), "consent", "controllers_none_count")
    yield fails("c4_one_of_two", ONE.but(signers=(1,)), "consent", "threshold_not_met")
    yield fails("c4_nobody", ONE.but(signers=()), "consent", "threshold_not_met")
    yield fails("c4_same_twice", ONE.but(signers=(1, 1)), "consent", "signer_repeated")
    yield altered("c5_high_s", "consent", "signature_malformed", put("/presentation/consent/signatures/0", high_s))
    for name, where in (("chain", {"chain_id": 1}), ("contract", {"contract": "0x" + "11" * 20})):
        yield fails(f"c6_signed_for_another_{name}", ONE.but(signed_for=where), "consent", "consent_id_mismatch")


def in_force() -> Iterator[Case]:
    """K6, K7, K24: which controllers count at a time, and what of it must be proven."""
    name, none = "consent", "controllers_none_count"
    early = {0: (*EVER[:2], NOW - 9 * DAY)}
    yield fails("k6_registered_by_a_compromised_key", ONE.but(register_keys=early), name, none)
    taken, others = ONE.but(entries=(FIRST, TAKEN), entry=1), "controllers_mismatch"
    yield fails("k6_consent_of_a_stolen_recovery", taken.but(register_keys=STOLEN), name, others)
    both = {0: (*EVER[:2], 1), **STOLEN}
    yield fails("k6_both_keys_compromised", taken.but(register_keys=both), name, none)
    rotated = ONE.but(entries=(FIRST, TAKEN, (2, NOW - 40 * DAY, ROTATED, 1, 0)), entry=2)
    yield fails("k6_rotation_of_a_stolen_recovery", rotated.but(register_keys=STOLEN), name, others)
    mark = statement(NOW - 60 * DAY, member=REGISTRAR, secret=REGISTER_KEYS[1])
    yield fails("k6_recovery_marked_later", taken, name, "key_compromised", later=(mark,))
    first = statement(1, member=REGISTRAR, secret=REGISTER_KEYS[0])
    yield fails("k6_registration_marked_later", ONE, name, none, later=(first,))
    again = (FIRST, (1, NOW - 50 * DAY, ROTATED, 0, 0), (0, GRANTED, ROTATED, 0, 0))
    yield fails("k7_set_that_came_back_later", ONE.but(entries=again[:2]), name, others)
    yield fails("k7_set_of_before", ONE.but(entries=again, entry=1), name, others)
    held = "subject_on_hold"
    for when, since in (("granted", GRANTED), ("nearly_14_days_before", GRANTED - 14 * DAY + 1)):
        yield fails(f"k24_held_when_{when}", ONE.but(holds=(since,)), name, held)
    yield fails("k24_held_since_the_grant", ONE.but(holds=(GRANTED + 1,)), name, held)
    yield fails("k24_held_at_the_block", ONE.but(holds=(NOW,)), name, held)
    yield fails("k24_held_again_at_the_block", ONE.but(holds=(GRANTED - 70 * DAY, NOW - DAY)), name, held)
    entries = (FIRST, (1, NOW - 3 * DAY, RECOVERED, 0, 1))
    before = ONE.but(entries=entries, entry=1, holds=(NOW - 3 * DAY,))
    yield fails("k24_held_after_the_recovery", before, name, held)
    stolen = ONE.but(entries=entries, holds=(NOW - 4 * DAY,), register_keys=STOLEN)
    yield fails("k24_recovery_that_does_not_count_ends_no_hold", stolen, name, held)
    two = ONE.but(persons=(1, 1, 2))
    yield fails("k23_two_devices_of_one_person", two, name, "signer_repeated")
    yield fails("k23_all_three_devices_of_two_persons", two.but(signers=(0, 1, 2)), name, "signer_repeated")
    yield fails("k23_one_device_of_two_persons", two.but(signers=(1,)), name, "threshold_not_met")
    turned = two.but(signers=(2, 0))
    yield fails("k23_persons_unordered", turned, name, "not_canonical")


def proven_controllers() -> Iterator[Case]:
    """Neither fewer nor more entries and holds than rule 9 takes."""
    state_, missing, unneeded = "state", "state_proof_missing", "state_proof_unneeded"
    for what in ("begins", "holds", "keys"):
        yield fails(f"k7_{what}_not_proven", ONE.but(controllers={what: []}), state_, missing)
    two = ONE.but(entries=(FIRST, (1, NOW - 3 * DAY, ROTATED, 0, 0)), entry=1)
    yield fails("k7_root_not_proven", two.but(controllers={"entries": [1]}), state_, missing)
    yield fails("k7_entry_that_is_not_there", ONE.but(controllers={"entries": [0, 1]}), state_, missing)
    yield fails(
        "k7_entry_nobody_needs",
        two.but(entries=(*two.entries, two.entries[1]), controllers={"entries": [0, 1, 2], "begins": [3]}),
        state_,
        unneeded,
    )
    yield fails("k7_begin_nobody_needs", ONE.but(controllers={"begins": [1, 2]}), state_, unneeded)
    yield fails("k7_hold_nobody_needs", ONE.but(controllers={"holds": [1, 2]}), state_, unneeded)
    keys = [(REGISTRAR, state.address(key)) for key in REGISTER_KEYS]
    yield fails("k7_key_nobody_needs", ONE.but(controllers={"keys": sorted(keys)}), state_, unneeded)
    of_kind_3 = ((0, NOW - 9 * DAY, 3, 0, 0),)
    yield fails("k7_entry_of_no_kind", ONE.but(entries=of_kind_3), state_, "state_proof_malformed")


def bound_words() -> Iterator[Case]:
    """K1 and K20: the chain binds what controllers signed when it was recorded."""
    name, paused, signatures = "consent", "consent_paused", "/presentation/consent/signatures"
    others = make(ONE.but(signers=(1, 2)))["presentation"]["consent"]["signatures"]
    yield altered("k20_other_controllers_sign_later", name, "consent_signatures_differ", put(signatures, others))
    nothing = ONE.but(record={"grant_digest": h("recorded without signatures")})
    yield fails("k20_granted_without_signatures", nothing, name, "consent_signatures_differ")
    word = "/presentation/resumption"
    yield altered("k1_resumed_without_a_word", name, paused, put(word, None), RESUMED)
    yield altered("k1_resumed_by_another_word", name, paused, put(f"{word}/signatures/0", flip(3)), RESUMED)
    yield altered("k1_resumed_by_others_later", name, paused, put(word, resumption(signers=(1, 2))), RESUMED)
    no_word = RESUMED.but(record={"word_digest": bytes(32)})
    yield fails("k1_resumed_by_the_steward_alone", no_word, name, paused)
    for what, changes in (
        ("one_of_two", {"signers": (0,)}),
        ("nobody", {"signers": ()}),
        ("a_stranger", {"signers": (0, 7)}),
        ("others_than_those_in_force", {"set": 1}),
        ("the_same_twice", {"signers": (0, 0)}),
    ):
        yield fails(f"k1_resumed_by_{what}", ONE.but(resumed=changes), name, paused)
    for what, number in (("before", 4), ("beyond", 2**24 - 1)):
        later = RESUMED.but(record={"changes": number})
        yield fails(f"k1_word_of_a_change_{what}", later, name, paused)
    retired = ONE.but(entries=HANDED_ON, resumed={"set": 0})
    yield fails("k1_resumed_by_those_that_were_retired", retired, name, paused)
    held = RESUMED.but(holds=(GRANTED + DAY,), resumed={"changed_at": GRANTED + DAY + 5})
    yield fails("k1_resumed_while_held", held, name, paused)
    yield altered("k1_resumption_of_what_was_not_paused", name, "not_canonical", put(word, resumption()))
    yield fails("k1_resumption_unordered", ONE.but(resumed={"signers": (1, 0)}), name, "not_canonical")
    yield fails(
        "k1_resumption_with_a_signature_too_many", ONE.but(resumed={"signers": (0, 1, 2)}), name, "not_canonical"
    )
    again = RESUMED.but(record={"state": 3, "changes": 3})
    yield fails("k1_paused_again", again, name, paused)


def resumption(**changes: object) -> dict:
    return make(ONE.but(resumed=changes))["presentation"]["resumption"]


def spent() -> Iterator[Case]:
    """K2: a use binds exactly one answer, and is answered in time."""
    name, use = "consent", "/presentation/use"
    other, differ, none = "use_differs", "uses_differ", "use_not_recorded"
    for field, value in (
        ("answered_by", hexed(COURT)),
        ("not_after", NOW + 299),
        ("nonce", flip()),
        ("seed", flip()),
        ("number", 1),
    ):
        yield altered(f"k2_other_{field}", name, other, put(f"{use}/{field}", value))
    yield altered("k2_number_that_was_not_used", name, none, put(f"{use}/number", 3))
    yield altered("k2_signed_with_high_s", name, "signature_malformed", put(f"{use}/signature", high_s))
    yield fails("k2_spent_by_another_key", ONE.but(spender=h("another key")), name, "use_signature_wrong")
    listed = f"{use}/uses"
    for what, change in (
        ("left_out", lambda all_: all_[1:]),
        ("all_left_out", lambda _: []),
        ("turned", lambda all_: all_[::-1]),
        ("twice", lambda all_: [all_[0], *all_]),
        ("of_another_time", lambda all_: [all_[0], {**all_[1], "time": NOW - 1}]),
        ("of_another_ticket", lambda all_: [{**all_[0], "ticket": all_[1]["ticket"]}, all_[1]]),
        ("of_another_number", lambda all_: [{**all_[0], "number": 3}, all_[1]]),
    ):
        yield altered(f"k2_use_{what}", name, differ, put(listed, change))
    counted = ONE.but(record={"uses_digest": h("other uses")})
    yield fails("k2_other_uses_counted", counted, name, differ)
    yield fails("k2_number_that_is_not_marked", ONE.but(record={"used": 1}), name, none)
    yield fails("k2_one_number_twice", ONE.but(others=((2, h("an earlier ticket"), NOW - 9),)), name, none)
    yield fails("k2_ticket_of_another_answer", ONE.but(counted={"ticket": hexed(h("ticket"))}), name, other)
    yield fails("k2_ticket_of_other_claims", ONE.but(asked=(PAID,)), name, other)
    yield fails("k2_ticket_of_more_claims", ONE.but(asked=(PAID, GRADE, INCOME)), name, other)
    yield altered("k2_claim_left_out", name, other, put("/presentation/claims", lambda all_: all_[:1]))
    yield fails("k2_ticket_of_another_bank", ONE.but(ticket={"bank": hexed(COURT)}), name, other)
    yield fails("k2_ticket_for_another_purpose", ONE.but(ticket={"purpose": "guarantee"}), name, other)
    yield fails("k2_ticket_of_another_consent", ONE.but(ticket={"consent": hexed(h("consent"))}), name, other)
    yield fails("k2_ticket_of_version_1", ONE.but(ticket={"version": 1}), name, other)
    itself = ONE.but(use={"answered_by": hexed(BANK)}, receipt={"member": hexed(BANK)}, standings={BANK: (11, 1)})
    yield fails("k2_bank_that_answers_itself", itself, name, "use_other_member")
    yield fails("k2_counted_too_late", ONE.but(use={"not_after": NOW - 1}), name, "use_too_late")
    yield fails("k2_answered_601_seconds_later", ONE.but(counted={"time": NOW - 601}), name, "answered_late")
    yield fails("k2_counted_after_the_block", ONE.but(counted={"time": NOW + 1}), name, "answered_late")


def subject() -> Iterator[Case]:
    registrar, name = "subject_registration", "subject"
    yield fails("h8_registration_revoked", ONE.but(status={REGISTRAR: (1 << 46, 0)}), name, "revoked")
    yield fails("h8_registration_superseded", ONE.but(status={REGISTRAR: (0, 1 << 46)}), name, "superseded")
    yield fails("h5_registrar_not_allowed", ONE.but(periods={REGISTRAR: (0, 0)}), name, "issuer_not_allowed")
    ended = ONE.but(headers={registrar: {"valid_until": NOW}})
    yield fails("x_registration_expired", ended, name, "attestation_expired")
    elsewhere = ONE.but(raw={**RAW, registrar: {"subject_id": hexed(h("another subject"))}})
    yield fails("x_registration_of_another_subject", elsewhere, name, "subject_mismatch")
    other_code = put("/presentation/subject/credit_code", "91990000MAQP1Q003N")
    yield altered("x_other_credit_code", name, "subject_mismatch", other_code)
    base = "/presentation/subject"
    for change, pointer, reason in (
        ("proof_salt", "proof/salt", "field_proof_failed"),
        ("proof_value", "proof/opening/value", "field_proof_failed"),
        ("key", "registration/subject_key", "subject_mismatch"),
        ("path", "registration/path/0", "not_in_batch"),
    ):
        yield altered(f"x_registration_{change}", name, reason, put(f"{base}/{pointer}", flip()))


def attestations() -> Iterator[Case]:
    one, answers = "/presentation/attestations/0", "answers"
    for field, new in (
        ("fields_root", flip()),
        ("subject_tag", flip()),
        ("issued_at", NOW),
        ("valid_until", NOW + 101 * DAY),
        ("as_of", "2026-11-01"),
        ("period_from", "2024-01-01"),
        ("period_to", "2026-12-31"),
        ("supersedes", flip()),
    ):
        yield altered(f"h1_{field}", answers, "not_in_batch", reheader(**{field: new}))
    for field, new in (("chain_id", 31338), ("anchor_registry", flip())):
        yield altered(f"h1_{field}", answers, "other_network", reheader(**{field: new}))
        value = new(hexed(bytes(20))) if callable(new) else new
        world = ONE.but(headers={"firm_facts": {field: value}})
        yield fails(f"h7_attested_for_another_{field}", world, answers, "other_network")
    yield altered("h1_issuer", "form", "not_canonical", reheader(issuer=flip()))
    yield altered("h2_index_of_size", answers, "index_out_of_range", put(f"{one}/index", 5))
    yield altered("h2_index_of_depth", answers, "index_out_of_range", put(f"{one}/index", 8))
    yield altered("h2_index_of_neighbour", answers, "not_in_batch", put(f"{one}/index", 3))
    yield altered("h3_size_4", "keys", "batch_not_signed", put(f"{one}/anchor/size", 4))
    yield altered("h3_size_6", "keys", "batch_not_signed", put(f"{one}/anchor/size", 6))
    yield altered("h4_empty_slot", answers, "index_out_of_range", put(f"{one}/index", 6))
    yield altered("x_anchored_earlier", answers, "not_anchored", put(f"{one}/anchor/anchored_at", ANCHORED - 1))
    yield altered("x_other_root", "keys", "batch_not_signed", put(f"{one}/anchor/root", flip()))
    yield altered("x_other_number", "form", "not_canonical", put(f"{one}/anchor/number", 4))
    yield altered("x_other_path", answers, "not_in_batch", put(f"{one}/path/2", flip()))
    yield altered("t3_path_longer", answers, "path_length", put(f"{one}/path", lambda all_: [*all_, all_[0]]))
    yield fails("x_batch_of_the_access_log", ONE.but(anchors={"firm_facts": {"stream": 1}}), answers, "not_anchored")
    registrar = {"firm_facts": {"issuer": hexed(REGISTRAR)}}
    issuer = ONE.but(headers=registrar, anchors={"firm_facts": {"member": hexed(TAX)}})
    yield fails("h5_anchored_by_another_member", issuer, answers, "issuer_mismatch")
    for name, period in (("never", (0, 0)), ("no_more", (0, ANCHORED)), ("not_yet", (ANCHORED + 1, NOW))):
        yield fails(f"h5_issuer_allowed_{name}", ONE.but(periods={TAX: period}), answers, "issuer_not_allowed")
    yield fails("h8_revoked", ONE.but(status={TAX: (1 << 46, 0)}), answers, "revoked")
    yield fails("h8_superseded", ONE.but(status={TAX: (0, 1 << 46)}), answers, "superseded")
    yield fails(
        "x_other_firm", ONE.but(headers={"firm_facts": {"subject_tag": hexed(h())}}), answers, "subject_mismatch"
    )
    expired, year = ONE.but(headers={"firm_facts": {"valid_until": NOW}}), {"period_from": "2024-01-01"}
    yield fails("x_expired", expired, answers, "attestation_expired")
    yield fails("x_other_period", ONE.but(headers={"firm_facts": year}), answers, "period_mismatch")


def answers() -> Iterator[Case]:
    name, first = "answers", "/presentation/claims/0"
    opened = f"{first}/proof/opening"
    yield altered("x_no_for_yes", name, "field_proof_failed", put(f"{first}/verdict", "does_not_hold"))
    yield altered("x_yes_for_no", name, "field_proof_failed", put("/presentation/claims/1/verdict", "holds"))
    yield altered("x_cannot_tell_for_yes", name, "field_proof_failed", put(f"{first}/verdict", "cannot_tell"))
    bare = {"attestation": None, "proof": None}
    yield altered("x_yes_without_proof", name, "opening_malformed", put(first, lambda claim: {**claim, **bare}))
    yield altered("p1_head", name, "field_proof_failed", put(f"{opened}/head_up", flip()))
    yield altered("p6_tip", name, "field_proof_failed", put(f"{opened}/tip_down", flip(3)))
    yield altered("t4_path", name, "field_proof_failed", put(f"{first}/proof/path", lambda all_: all_[::-1]))
    yield altered("x_salt", name, "field_proof_failed", put(f"{first}/proof/salt", flip()))
    yield altered("t3_shorter", name, "path_length", put(f"{first}/proof/path", lambda all_: all_[1:]))
    other_proof = put(f"{first}/proof", lambda _: make(ONE)["presentation"]["claims"][1]["proof"])
    yield altered("p3_proof_of_another_field", "form", "opening_malformed", other_proof)
    yield altered(
        "x_words_of_another_claim", "form", "question_malformed", put(f"{first}/claim", "firm_facts.paid >= 1 CNY")
    )
    yield altered("p1_other_threshold", "form", "question_malformed", put(f"{first}/question/operand", fen(300_000)))
    more = {**PAID, "operand": fen(300_000)}
    asked = {"questions": ["firm_facts.paid >= 2000 CNY during 2025", "firm_facts.grade in {C, D}"]}
    yield fails("c1_other_question", World(questions=(more,), terms=asked), name, "question_not_consented")
    elsewhere = ONE.but(terms={"departments": [hexed(h("member", "court"))]})
    yield fails("c1_other_department", elsewhere, name, "consent_other_department")
    yield fails("c1_data_from_later", ONE.but(terms={"data_from": "2025-01-02"}), name, "consent_other_period")
    yield fails("c1_data_until_earlier", ONE.but(terms={"data_to": "2025-12-30"}), name, "consent_other_period")
    yield fails("x_data_too_old", ONE.but(receipt={"max_age_days": 10}), name, "attestation_too_old")
    both = World(questions=(BOTH,))
    parts = f"{first}/parts"
    one_form = {"check": "form", "reason": "not_canonical", "world": both, "stage": "check"}
    yield altered("x_parts_unordered", change=put(parts, lambda all_: all_[::-1]), **one_form)
    yield altered("x_part_twice", change=put(parts, lambda all_: [all_[0], *all_]), **one_form)
    kept = put(parts, lambda all_: [{**all_[0], "part": 1}, {**all_[1], "part": 1}])
    yield altered("x_part_in_the_place_of_another", change=kept, **one_form)
    yield altered("x_reason_for_a_yes", name, "answer_differs", put(f"{first}/reason", "erased"))
    absent = BARE.but(questions=(SALES_THEN,), raw={**RAW, "firm_facts": RAW["firm_facts"] | {"sales": None}})
    yield altered("x_other_reason", name, "answer_differs", put(f"{first}/reason", "erased"), absent)
    untold = unconsented("no_attestation")
    yield fails("x_other_reason_for_what_was_not_consented", untold, name, "answer_differs")
    yield altered("x_no_reason", name, "answer_differs", put(f"{first}/reason", None), absent)
    missing = "receipt_missing"
    words = put(f"{first}/message", "by the way")
    yield altered("x_words_without_receipt", name, "answer_differs", words, BARE)
    yield altered("x_words_to_absence_without_receipt", name, missing, words, absent)
    told = BARE.but(questions=(PAID, SALES), told={1: HOST_SAYS})
    yield fails("x_cannot_tell_without_receipt", told, name, missing)
    together = BARE.but(questions=(BOTH, PAID), told={0: HOST_SAYS})
    yield fails("x_cannot_tell_a_combination_without_receipt", together, name, missing)
    yield altered("x_receipt_left_out", "form", "not_canonical", put("/receipt", None))


def receipt_and_day() -> Iterator[Case]:
    name, differs = "receipt", "receipt_differs"
    yield altered("x_receipt_high_s", name, "signature_malformed", put("/receipt/signature", high_s))
    yield altered(
        "x_receipt_of_another_answer", name, differs, put("/receipt/signature", make(FOUR)["receipt"]["signature"])
    )
    yield altered("x_receipt_other_use", name, differs, put("/receipt/use", flip()))
    yield altered("x_receipt_other_age", name, differs, put("/receipt/max_age_days", 100))
    yield altered("x_receipt_claims_unordered", name, differs, put("/presentation/claims", lambda all_: all_[::-1]))
    twice = ONE.but(questions=(PAID, PAID))
    yield altered("x_receipt_claim_left_out", name, differs, put("/presentation/claims", lambda all_: all_[:1]), twice)
    told = World(questions=(PAID, INCOME), told={1: HOST_SAYS})
    regraded = put("/schemas/2/fields/1/ladder/from", "20")
    yield altered("x_receipt_schema_of_what_cannot_be_told", name, differs, regraded, told)
    yield altered("x_receipt_other_words", name, differs, put("/presentation/claims/1/message", "by the way"), told)
    yield altered("x_receipt_words_left_out", name, differs, put("/presentation/claims/1/message", None), told)
    yield fails("x_receipt_of_the_bank", ONE.but(receipt={"member": hexed(BANK)}), name, differs)
    key = hexed(state.address(MEMBER_KEYS[TAX]))
    yield fails("x_receipt_key_of_another_member", ONE.but(receipt={"key": key}), name, differs)
    yield fails("x_receipt_key_ended", ONE.but(keys={HOST: (0, NOW, 0)}), name, "key_not_valid")
    yield fails("x_receipt_key_compromised", ONE.but(keys={HOST: (*EVER[:2], NOW)}), name, "key_compromised")
    later = (statement(NOW, member=HOST),)
    yield fails("x_receipt_key_marked_later", ONE, name, "key_compromised", later=later)
    for_others = ONE.but(keys={HOST: (*EVER, 0xFF - 16)})
    yield fails("x_receipt_key_for_something_else", for_others, name, "key_purpose_wrong")
    yield fails("x_day_before", ONE, "day", "given_later", at="2026-11-10")
    ended = ONE.but(headers={"firm_facts": {"valid_until": NOW + DAY}})
    yield fails("x_day_after_the_end", ended, "day", "attestation_expired", at="2026-11-13")
    registered = ONE.but(headers={"subject_registration": {"valid_until": NOW + DAY}})
    yield fails("x_day_after_the_end_of_the_registration", registered, "day", "attestation_expired", at="2026-11-13")


def stale_answers() -> Iterator[Case]:
    """E1: without a receipt nobody says that an attestation is the newest."""
    missing = ("answers", "receipt_missing")
    yield fails("e1_newest_without_receipt", BARE.but(questions=(GRADE,)), *missing)
    yield fails("e1_newest_beside_a_named_period", BARE.but(questions=(GRADE, PAID)), *missing)
    newest = {"needed": 2, "of": [{**PAID, **BY_TAX}, {**INCOME, **BY_COURT}]}
    yield fails("e1_part_about_the_newest", World(questions=(newest,), receipt=None), *missing)
    nothing = {**RAW, "firm_facts": RAW["firm_facts"] | {"sales": None}}
    yield fails("e1_absence_in_the_newest", BARE.but(questions=(SALES,), raw=nothing), *missing)
    for name, listed in (("any", []), ("one_of_two", [hexed(TAX), hexed(COURT)])):
        yield fails(f"e1_department_{name}", BARE.but(terms={"departments": listed}), *missing)
    one = BARE.but(questions=({**LEVIED, "period": "2025"},))
    yield fails("e1_kind_not_named", one, *missing)


def keepers() -> Iterator[Case]:
    """E2 and E3: who may sign receipts, and the bank's name."""
    refused = ("receipt", "keeper_not_allowed")
    for name, standing in (
        ("bank", (2, 1)),
        ("registrar", (4, 1)),
        ("member_of_all_other_roles", (6, 1)),
        ("suspended_department", (1, 2)),
        ("department_that_left", (1, 3)),
        ("member_without_roles", (0, 1)),
        ("stranger", (0, 0)),
        ("suspended_keeper", (8, 2)),
        ("keeper_that_left", (8, 3)),
    ):
        yield fails(f"e2_receipt_of_a_{name}", ONE.but(standings={HOST: standing}), *refused)
    court = ONE.but(receipt={"member": hexed(COURT)}, standings={COURT: (1, 1)})
    yield fails("x_receipt_of_a_court_that_was_not_asked", court, "receipt", "receipt_differs")
    differs = ("members", "member_differs")
    yield fails("e3_terms_call_the_bank_otherwise", ONE.but(terms={"grantee_name": "Another Bank"}), *differs)
    other = ONE.but(terms={"grantee": hexed(COURT)})
    yield fails("e3_terms_of_one_bank_with_the_name_of_another", other, *differs)

    def renamed(bundle: dict) -> None:
        bundle["presentation"]["consent"]["terms"]["grantee_name"] = "B"
        for member in bundle["members"]:
            member["name"] = "B" if member["id"] == hexed(BANK) else member["name"]

    yield altered("e3_bank_renamed_in_terms_and_members", *differs, renamed)
    nameless = put("/members", lambda all_: [one for one in all_ if one["id"] != hexed(BANK)])
    yield altered("e3_bank_left_out_of_the_members", "form", "not_canonical", nameless)


def said_and_shown() -> Iterator[Case]:
    """E5: what an answer may say and show, and which statements of keys count."""
    name, said = "answers", {0: NEEDS_DISCLOSURE}
    other = ONE.but(questions=(OTHER_KIND,))
    yield fails("e5_no_that_shows_a_value", other, name, "needs_disclosure")
    elsewhere = other.but(terms=revealing(""))
    yield fails("e5_no_with_consent_to_reveal_another_period", elsewhere, name, "needs_disclosure")
    yield fails("e5_no_that_shows_a_value_without_receipt", other.but(receipt=None), name, "needs_disclosure")
    shown = put("/presentation/claims/0", lambda claim: {**claim, "verdict": "cannot_tell", **NEEDS_DISCLOSURE})
    yield altered("e5_value_beside_needs_disclosure", name, "needs_disclosure", shown, other)
    for what, world in (
        ("a_ladder", ONE.but(questions=(PAID,), told=said)),
        ("an_enum", ONE.but(questions=(GRADE,), told=said)),
        ("what_may_be_revealed", other.but(terms=revealing("during 2025"), told=said)),
    ):
        yield fails(f"e5_needs_disclosure_said_of_{what}", world, name, "answer_differs")
    for number, verdict in enumerate(("yes", "no")):
        words = put(f"/presentation/claims/{number}/message", "by the way")
        yield altered(f"e5_words_to_a_{verdict}", name, "answer_differs", words)
    earlier = (statement(0, number=999),)
    yield fails("e5_statement_of_an_earlier_block", ONE, "keys", "statement_earlier", later=earlier)
    marked = (statement(ANCHORED, number=999),)
    yield fails("e5_statement_of_an_earlier_block_with_a_mark", ONE, "keys", "statement_earlier", later=marked)


def one_form() -> Iterator[Case]:
    """E6: everything that could be written in two ways."""
    other = "not_canonical"
    yield fails("e6_qbft_seals_unordered", QBFT.but(sealers=(1, 0, 2)), "block", other)
    yield fails("e6_qbft_seals_falling", QBFT.but(sealers=(3, 1, 0)), "block", other)
    yield fails("e6_qbft_one_seal_too_many", QBFT.but(sealers=(0, 1, 2, 3)), "block", other)
    yield fails("e6_signatures_unordered", ONE.but(signers=(1, 0)), "consent", other)
    yield fails("e6_one_signature_too_many", ONE.but(signers=(0, 1, 2)), "consent", other)
    for name, questions in (("unordered", (PAID, GRADE_THEN)), ("repeated", (PAID, PAID))):
        yield fails(f"e6_claims_{name}_without_receipt", BARE.but(questions=questions), "form", other)
    for name, claim in (("yes", EITHER), ("no", {**NEITHER, "needed": 2})):
        world = ONE.but(questions=(claim,), every_part=True)
        yield fails(f"e6_more_parts_than_decide_a_{name}", world, "form", other)
    untold = put("/presentation/claims/0", lambda claim: {**claim, "verdict": "cannot_tell", **HOST_SAYS})
    both = World(questions=(BOTH,))
    yield altered("e6_part_of_what_cannot_be_told", "form", other, untold, both, stage="check")


def kinds_and_versions() -> Iterator[Case]:
    per, name = "/presentation/claims/0/per", "answers"
    for field, value in (("kind", "cit"), ("place", "north")):
        other = {**RAW, "levy": {**RAW["levy"], field: value}}
        yield fails(f"f1_another_{field}", NAMED.but(raw=other), name, "kind_mismatch")
    yield altered("f1_kind_not_shown", "form", "field_missing", without(per), NAMED)
    yield altered("f1_kind_shown_unasked", "form", "field_unknown", put("/presentation/claims/1/per", []), NAMED)
    yield altered("f1_one_value_not_shown", "form", "opening_malformed", put(per, lambda all_: all_[:1]), NAMED)
    yield altered("f1_values_in_another_order", "form", "opening_malformed", put(per, lambda all_: all_[::-1]), NAMED)
    yield altered("f1_salt_of_a_kind", name, "field_proof_failed", put(f"{per}/0/salt", flip()), NAMED)
    yield altered("f1_another_value_shown", name, "field_proof_failed", put(f"{per}/0/opening/value", "cit"), NAMED)
    of_court = NAMED.but(questions=({**VAT, "issuer": hexed(COURT)},))
    yield fails("f4_another_department", of_court, name, "department_mismatch")
    summed = OLD.but(questions=({**VAT, "per": TOTAL},), raw=SUMMED)
    yield fails("l6_total_that_was_none", summed, name, "schema_version_differs")
    yield altered("l6_old_version_missing", name, "schema_mismatch", put("/schemas", lambda all_: all_[1:]), OLD)
    newest = put("/schemas", lambda all_: [all_[0], all_[2]])
    yield altered("l6_newest_version_missing", "form", "question_malformed", newest, OLD)
    turned = put("/schemas", lambda all_: [all_[1], all_[0], all_[2]])
    yield altered("l6_versions_in_another_order", "form", "not_canonical", turned, OLD)


def corruptions() -> list[Case]:
    groups = (form, network_and_block, state_proofs, keys, consent, subject, attestations, answers, receipt_and_day)
    groups += (in_force, proven_controllers, bound_words, spent)
    groups += (stale_answers, keepers, said_and_shown, one_form, kinds_and_versions)
    return [case for group in groups for case in group()]
