"""The check of a bundle, naively and only from format.md, clause 16. No ledger_node here.

It takes the form of a bundle for granted, but for its canonical form: corruptions of the form are not asked of it.
"""

import base64
import json
from collections.abc import Iterator

import coincurve

from tests.kit import reference as ref
from tests.vectors import naive, naive_claim, naive_ledger, naive_passkey
from tests.vectors import naive_state as state
from tests.vectors.evidence_world import RESUMES, canonical, groups_of, receipt_digest
from tests.vectors.naive import RefusedError, hexed, require
from tests.vectors.naive_controllers import History
from tests.vectors.naive_ledger import blob

DAY = 86_400
LIFETIME = 600
KEY = (64, 64, 64, 8)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
STEPS = (
    "form", "network", "block", "state", "members", "keys", "consent", "subject", "answers", "receipt", "day",
)  # fmt: skip


ATTEST, RECEIPT = 1, 16


def check(data: bytes, trust: dict, later: list[dict], at: str | None) -> dict:
    """What the vectors expect: the verdicts, or which check fails and why."""
    steps = Evidence(data, trust, later, at).steps()
    for name in STEPS:
        try:
            next(steps)
        except RefusedError as error:
            return {"check": name, "reason": error.args[0]}
    return {"verdicts": [claim["verdict"] for claim in json.loads(data)["presentation"]["claims"]]}


def decode_rlp(data: bytes) -> object:
    item, rest = first_item(data)
    require(not rest, "state_proof_malformed")
    return item


def first_item(data: bytes) -> tuple[object, bytes]:
    head = data[0]
    if head < 0x80:
        return data[:1], data[1:]
    base = 0xC0 if head >= 0xC0 else 0x80
    size, start = head - base, 1
    if size > 55:
        start = 1 + size - 55
        size = int.from_bytes(data[1:start], "big")
    body, rest = data[start : start + size], data[start + size :]
    if base == 0x80:
        return body, rest
    items = []
    while body:
        item, body = first_item(body)
        items.append(item)
    return items, rest


def low(seal: bytes) -> bytes:
    """A seal with the smaller of the two values of s, and v 0 or 1."""
    s, v = int.from_bytes(seal[32:64], "big"), seal[64] - 27 if seal[64] in {27, 28} else seal[64]
    if HALF_ORDER < s < ORDER:
        s, v = ORDER - s, v ^ 1
    return seal[:32] + s.to_bytes(32, "big") + bytes([v])


def recovered(digest: bytes, signature: bytes, v: int, reason: str) -> bytes:
    number = signature[64] - v
    require(number in {0, 1} and int.from_bytes(signature[32:64], "big") <= HALF_ORDER, reason)
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature[:64] + bytes([number]), digest, hasher=None)
    except Exception:  # noqa: BLE001 - coincurve raises bare Exception for an unusable signature
        raise RefusedError(reason) from None
    return ref.H(key.format(compressed=False)[1:])[12:]


class Proven:
    """Nodes over one state root."""

    def __init__(self, nodes: list[str], root: bytes, contracts: dict) -> None:
        shown = [base64.b64decode(node) for node in nodes]
        self._nodes = {ref.H(node): node for node in shown}
        require(list(self._nodes) == sorted(self._nodes) and len(shown) == len(self._nodes), "state_proof_malformed")
        require(all(32 <= len(node) <= 1024 for node in shown), "state_proof_malformed")
        self._read, self._root, self._contracts = set(), root, contracts

    def word(self, slot: tuple[str, int]) -> int:
        held = self._contracts[slot[0]]
        account = self._get(self._root, blob(held["address"]))
        account = decode_rlp(account) if account else [b""] * 4
        require(hexed(account[3]) == held["code_hash"], "code_differs")
        value = self._get(account[2], state.word(slot[1]))
        return int.from_bytes(decode_rlp(value), "big") if value else 0

    def require_all_read(self) -> None:
        require(len(self._read) == len(self._nodes), "state_proof_unneeded")

    def _get(self, root: bytes, key: bytes) -> bytes:
        """The value under a key, or nothing where the path to it ends."""
        if root == state.BLANK:
            return b""
        path, node = ref.H(key).hex(), self._node(root)
        while len(node) == 17:
            node, path = self._node(node[int(path[0], 16)]), path[1:]
            if not node:
                return b""
            if len(node) == 2:
                odd = node[0][0] >> 4 & 1
                own, leaf = node[0].hex()[2 - odd :], node[0][0] >> 4 >= 2
                if leaf or not path.startswith(own):
                    return node[1] if leaf and own == path else b""
                node, path = self._node(node[1]), path[len(own) :]
        raise AssertionError("the tries of these vectors begin with a branch")

    def _node(self, at: object) -> list:
        if isinstance(at, list) or not at:
            return at
        require(at in self._nodes, "state_proof_missing")
        self._read.add(at)
        return decode_rlp(self._nodes[at])


class Sealed:
    """A header, who sealed it, and its hash."""

    def __init__(self, block: dict, trust: dict, genesis: str) -> None:
        header = blob(block["header"])
        fields = decode_rlp(header)
        self.number, self.time = (int.from_bytes(fields[place], "big") for place in (8, 11))
        self.root = fields[3]
        (era,) = (one for one in trust["eras"] if one["genesis"] == genesis)
        ends = era.get("ends")
        require(ends is None or self.number <= ends["block"], "era_ended")
        sets = [one for one in era["finality"]["sets"] if one["from_block"] <= self.number]
        require(sets, "block_not_final")
        allowed = sets[-1]["addresses"]
        if era["finality"]["kind"] == "sealer":
            require(block["seal"] is not None, "block_not_final")
            self.hash, digest, seals, quorum = ref.H(header), ref.H(header), [blob(block["seal"])], 1
        else:
            require(block["seal"] is None, "seal_malformed")
            extra, rest = first_item(fields[12]) if fields[12] else ([], b"")
            require(not rest and isinstance(extra, list) and len(extra) == 5, "header_malformed")
            vanity, validators, vote, round_, seals = extra
            require(len(round_) <= 4, "header_malformed")
            require(sorted(map(hexed, validators)) == allowed, "validators_differ")
            sealed = [
                ref.H(
                    state.rlp.encode([*fields[:12], state.rlp.encode([vanity, validators, vote, n, []]), *fields[13:]])
                )
                for n in (round_, b"")
            ]
            digest, self.hash = sealed
            quorum = (2 * len(allowed) + 2) // 3
        signers = []
        for seal in seals:
            signer = hexed(recovered(digest, low(seal), 0, "seal_malformed"))
            require(signer in allowed, "seal_by_outsider")
            require(signer not in signers, "seal_repeated")
            signers.append(signer)
        require(len(signers) >= quorum, "block_not_final")
        require(len(signers) == quorum and signers == sorted(signers), "not_canonical")
        require(all(seal == low(seal) for seal in seals), "not_canonical")
        marks = [*(trust["checkpoints"] if era is trust["eras"][-1] else []), *([ends] if ends else [])]
        for mark in marks:
            is_it = (self.number, hexed(self.hash)) == (mark["block"], mark["hash"])
            require(is_it or self.number > mark["block"], "block_path_needed")


class Evidence:
    def __init__(self, data: bytes, trust: dict, later: list[dict], at: str | None) -> None:
        self._data, self._trust, self._later, self._at = data, trust, later, at

    def steps(self) -> Iterator[None]:
        value = json.loads(self._data)
        require(canonical(value) == self._data, "not_canonical")
        self._batches = value["batches"]
        self._presentation, self._receipt = value["presentation"], value["receipt"]
        self._consent, self._subject = self._presentation["consent"], self._presentation["subject"]
        self._attestations = {self._digest(one["header"]): one for one in self._presentation["attestations"]}
        self._listed = value["schemas"]
        self._specs = {spec["name"]: spec for spec in self._listed}
        self._by_id = {hexed(ref.schema_id(spec)): spec for spec in self._listed}
        self._require_one_form()
        yield
        self._require_network(value)
        yield
        self._sealed = Sealed(value["block"], self._trust, value["network"]["genesis"])
        yield
        proven = Proven(value["nodes"], self._sealed.root, self._trust["contracts"])
        self._read_facts(proven, value)
        yield
        for slot, word in self._names.items():
            require(word == self._words[slot], "member_differs")
        terms = self._consent["terms"]
        (bank,) = [one["name"] for one in value["members"] if one["id"] == terms["grantee"]]
        require(bank == terms["grantee_name"], "member_differs")
        yield
        self._merge_later()
        for one in self._all:
            self._require_signed(one["anchor"])
            self._require_key(one["anchor"]["member"], one["anchor"]["key"], one["anchor"]["anchored_at"], ATTEST)
        yield
        self._history.marks = self._marks()
        self._check_consent()
        self._check_resumption()
        self._check_form_of_signatures()
        self._check_use()
        yield
        self._check_subject()
        yield
        claims = self._presentation["claims"]
        judged = [self._judge(claim) for claim in claims]
        for claim, (outcome, _) in zip(claims, judged, strict=True):
            require(outcome == claim["verdict"], "field_proof_failed")
        for claim, (outcome, reason) in zip(claims, judged, strict=True):
            self._check_words(claim, outcome, reason)
        yield
        if self._receipt is not None:
            self._check_receipt()
        yield
        if self._at is not None:
            day = ref.date(self._at)
            require(self._sealed.time // DAY <= day, "given_later")
            require(all(one["header"]["valid_until"] > day * DAY for one in self._all), "attestation_expired")
        yield

    def _require_one_form(self) -> None:
        """Parts and claims in their order, no more of them than decide."""
        for claim in self._presentation["claims"]:
            question = claim["question"]
            needed, count = question.get("needed", 1), len(question.get("of", [question]))
            most = {"holds": needed, "does_not_hold": count - needed + 1, "cannot_tell": int("of" not in question)}
            numbers = [part["part"] for part in claim.get("parts", [])]
            require(numbers == sorted(set(numbers)) and len(numbers) <= most[claim["verdict"]], "not_canonical")
        if self._receipt is None:
            texts = [claim["claim"] for claim in self._presentation["claims"]]
            require(texts == sorted(set(texts)), "not_canonical")

    @staticmethod
    def _digest(header: dict) -> str:
        return hexed(header_digest(header))

    def _read_facts(self, proven: Proven, value: dict) -> None:
        self._all = [self._subject["registration"], *self._attestations.values()]
        self._names = {}
        for member in value["members"]:
            self._names.update(state.name_words(blob(member["id"]), member["name"]))
        slots = [*self._names, *consent_slots(blob(self._consent["id"]))]
        asked, subject = value["controllers"], blob(self._consent["terms"]["subject"])
        slots += [slot for index in asked["entries"] for slot in state.entry_slots(subject, index)]
        slots += [state.entry_slots(subject, index)[1] for index in asked["begins"]]
        slots += [state.hold_slot(subject, number) for number in asked["holds"]]
        keys = [(one["member"], one["key"]) for one in asked["keys"]] + [
            (one["anchor"]["member"], one["anchor"]["key"]) for one in self._all
        ]
        if self._receipt is not None:
            keys.append((self._receipt["member"], self._receipt["key"]))
            self._keeper = next(iter(state.member_words(blob(self._receipt["member"]), (0, 0))))
            slots.append(self._keeper)
        self._key_slots = {key: next(iter(state.key_words(blob(key[0]), blob(key[1]), (0, 0, 0)))) for key in keys}
        slots += self._key_slots.values()
        for one in self._all:
            anchor, header = one["anchor"], one["header"]
            member = blob(anchor["member"])
            slots += state.anchor_words(member, anchor["stream"], anchor["number"], b"")
            slots += state.status_words(member, (anchor["start"] + one["index"]) // 256, (0, 0))
            slots += state.period_words(blob(header["schema_id"]), blob(header["issuer"]), (0, 0))
        # the contracts in a fixed order, so that the first failure is the one that the format names
        order = {name: place for place, name in enumerate(state.CONTRACTS)}
        self._words = {slot: proven.word(slot) for slot in sorted(set(slots), key=lambda one: (order[one[0]], one[1]))}
        proven.require_all_read()
        self._keys = {key: unpacked(self._words[slot], KEY) for key, slot in self._key_slots.items()}
        self._read_consent()
        self._history = self._history_of(asked, subject)
        self._require_exact(asked)

    def _read_consent(self) -> None:
        first, second, *digests = (self._words[slot] for slot in consent_slots(blob(self._consent["id"])))
        held = unpacked(first, (8, 40, 40, 40, 8, 24, 40))
        require(held[0] <= 3, "state_proof_malformed")
        spender, used = unpacked(second, (160, 96))
        names = ("state", "granted", "since", "until", "most", "changes", "changed")
        self._record = dict(zip(names, held, strict=True)) | {"spender": spender, "used": used}
        self._record |= dict(zip(("uses", "grant", "word"), map(state.word, digests), strict=True))
        live = self._record["state"] == 1 and self._record["changes"]
        self._resumed_at = self._record["changed"] if live else None

    def _history_of(self, asked: dict, subject: bytes) -> History:
        entries = {}
        for index in asked["entries"]:
            commitment, middle, registrar = (self._words[slot] for slot in state.entry_slots(subject, index))
            key, since, kind, link = unpacked(middle, (160, 40, 8, 32))
            require(since, "state_proof_missing")
            require(kind <= 2, "state_proof_malformed")
            entries[index] = {
                "commitment": state.word(commitment),
                "key": key.to_bytes(20, "big"),
                "since": since,
                "kind": kind,
                "link": link,
                "registrar": state.word(registrar),
            }
        begins = {
            index: unpacked(self._words[state.entry_slots(subject, index)[1]], (160, 40))[1]
            for index in asked["begins"]
        }
        holds = {number: self._words[state.hold_slot(subject, number)] % 2**40 for number in asked["holds"]}
        return History(entries, begins, holds, self._marks())

    def _marks(self) -> dict:
        return {(blob(member), blob(key)): record[2] for (member, key), record in self._keys.items()}

    def _require_exact(self, asked: dict) -> None:
        """Rule 9 takes just the entries and holds that are proven."""
        if not self._record["state"] or not self._record["granted"]:
            return
        times = [self._record["granted"], self._sealed.time]
        times += [] if self._resumed_at is None else [self._resumed_at]
        query = self._history.query(times)
        keys = [{"member": hexed(member), "key": hexed(key)} for member, key in query["keys"]]
        require({**query, "keys": keys} == asked, "state_proof_unneeded")

    def _require_network(self, file: dict) -> None:
        known = [{"chain_id": self._trust["chain_id"], "genesis": era["genesis"]} for era in self._trust["eras"]]
        require(file["network"] in known, "other_network")

    def _merge_later(self) -> None:
        for statement in self._later:
            self._require_network(statement)
            sealed = Sealed(statement["block"], self._trust, statement["network"]["genesis"])
            proven = Proven(statement["nodes"], sealed.root, self._trust["contracts"])
            for key in statement["keys"]:
                member, name = key["member"], key["key"]
                word = proven.word(next(iter(state.key_words(blob(member), blob(name), (0, 0, 0)))))
                mark = unpacked(word, KEY)[2]
                if mark and (member, name) in self._keys:
                    since, until, known, purposes = self._keys[member, name]
                    self._keys[member, name] = [since, until, min(mark, known or mark), purposes]
            proven.require_all_read()
            require(sealed.number >= self._sealed.number, "statement_earlier")

    def _require_signed(self, anchor: dict) -> None:
        key = ("member", "stream", "number")
        (signed,) = [one for one in self._batches if all(one[name] == anchor[name] for name in key)]
        words = [naive_ledger.word(anchor[part]) for part in ("member", "stream", "number", "root", "size")]
        words += [naive_ledger.word(signed[part]) for part in ("previous_root", "superseded_digest", "deadline")]
        where = {"chain_id": self._trust["chain_id"], "contract": self._trust["contracts"]["AnchorRegistry"]["address"]}
        digest = naive_ledger.signed(where, ref.H(naive_ledger.text(naive_ledger.BATCH), *words))
        signer = recovered(digest, blob(signed["signature"]), 27, "signature_malformed")
        require(hexed(signer) == anchor["key"], "batch_not_signed")

    def _require_key(self, member: str, key: str, time: int, purpose: int) -> None:
        since, until, mark, purposes = self._keys[member, key]
        require(since <= time < until, "key_not_valid")
        require(not mark or time < mark, "key_compromised")
        require(purposes & purpose, "key_purpose_wrong")

    def _check_consent(self) -> None:
        terms, bounds, consent = self._consent["terms"], self._consent["bounds"], blob(self._consent["id"])
        record, now, shown = self._record, self._sealed.time, self._consent["signatures"]
        message = {"terms": terms, "bounds": bounds}
        require(naive_ledger.digest("consent", message, self._where()) == consent, "consent_id_mismatch")
        require(record["state"], "consent_unknown")
        require(record["granted"], "consent_withdrawn")
        self._require_controllers(self._consent["controllers"], record["granted"])
        self._require_signed_by(self._consent["controllers"], consent, shown)
        binds = naive_ledger.grant_digest(bounds["withdrawal_hash"], shown)
        require(binds == record["grant"], "consent_signatures_differ")
        require(record["state"] != 2, "consent_withdrawn")
        said = [bounds["not_before"], bounds["expires_at"], bounds["max_uses"], int(bounds["spend_key"], 16)]
        require([record[name] for name in ("since", "until", "most", "spender")] == said, "consent_terms_differ")
        require(record["state"] != 3, "consent_paused")
        require(record["since"] <= now, "consent_not_yet_valid")
        require(now < record["until"], "consent_expired")
        require(record["used"].bit_count() - 1 < record["most"], "consent_exhausted")

    def _where(self) -> dict:
        contract = self._trust["contracts"]["ConsentRegistry"]["address"]
        return {"chain_id": self._trust["chain_id"], "contract": contract}

    def _require_controllers(self, controllers: dict, time: int) -> None:
        """Rule 9: who was in force at that time, and that the subject was not held."""
        found = self._history.in_force(time)
        require(found is not None, "controllers_none_count")
        shown = naive_ledger.digest("controllers", controllers, None)
        require(self._history.entries[found[0]]["commitment"] == shown, "controllers_mismatch")
        require(not self._history.is_held(time), "subject_on_hold")

    @staticmethod
    def _require_signed_by(controllers: dict, digest: bytes, signatures: list) -> list[int]:
        """Rule 10: threshold many persons signed; the places of their keys."""
        keys, persons, places = controllers["keys"], [], []
        passkeys = [key["passkey"] for key in keys if "passkey" in key]
        for signature in signatures:
            if isinstance(signature, dict):
                signer = naive_passkey.require_signer(signature, digest, passkeys)
                place = [key.get("passkey", {}).get("public_key") for key in keys].index(signer)
            else:
                signer = hexed(recovered(digest, blob(signature), 27, "signature_malformed"))
                addresses = [key.get("address") for key in keys]
                require(signer in addresses, "signer_not_controller")
                place = addresses.index(signer)
            require(keys[place]["person"] not in persons, "signer_repeated")
            persons.append(keys[place]["person"])
            places.append(place)
        require(len(persons) >= controllers["threshold"], "threshold_not_met")
        return places

    def _check_resumption(self) -> None:
        """The last part of rule 12: what resumes counts only by the controllers' word."""
        shown = self._presentation["resumption"]
        if self._resumed_at is not None:
            require(shown is not None, "consent_paused")
            require(naive_ledger.word_digest(shown) == self._record["word"], "consent_paused")
            try:
                self._require_controllers(shown["controllers"], self._resumed_at)
                self._require_signed_by(shown["controllers"], self._resumes(), shown["signatures"])
            except RefusedError:
                raise RefusedError("consent_paused") from None
        require(not self._history.is_held(self._sealed.time), "subject_on_hold")

    def _resumes(self) -> bytes:
        consent = blob(self._consent["id"])
        return naive_ledger.change_digest(consent, self._record["changes"], RESUMES, self._where())

    def _check_form_of_signatures(self) -> None:
        self._require_form(self._consent, blob(self._consent["id"]))
        resumption = self._presentation["resumption"]
        if resumption is not None:
            require(self._resumed_at is not None, "not_canonical")
            self._require_form(resumption, self._resumes())

    def _require_form(self, shown: dict, digest: bytes) -> None:
        controllers = shown["controllers"]
        places = self._require_signed_by(controllers, digest, shown["signatures"])
        require(places == sorted(places) and len(places) == controllers["threshold"], "not_canonical")
        assertions = [one for one in shown["signatures"] if isinstance(one, dict)]
        require(all(map(naive_passkey.in_one_form, assertions)), "not_canonical")

    def _check_use(self) -> None:
        """Rules 17 to 19."""
        use, record, consent = self._presentation["use"], self._record, self._consent
        digest = naive_ledger.uses_digest(blob(consent["id"]), use["uses"])
        require(digest == record["uses"], "uses_differ")
        own = [one for one in use["uses"] if one["number"] == use["number"]]
        require(len(own) == 1 and record["used"] >> use["number"] - 1 & 1, "use_not_recorded")
        self._counted = own[0]
        said = {"version": 2, "consent": consent["id"], "bank": consent["terms"]["grantee"]}
        said["purpose"] = consent["terms"]["purpose"]
        groups = groups_of([claim["question"] for claim in self._presentation["claims"]])
        ticket = naive_ledger.digest("ticket", {**use, **said, "groups": groups}, self._where())
        require(hexed(ticket) == self._counted["ticket"], "use_differs")
        require(use["answered_by"] != consent["terms"]["grantee"], "use_other_member")
        signed = {**use, "consent": consent["id"], "ticket": self._counted["ticket"]}
        digest = naive_ledger.digest("use", signed, self._where())
        signer = hexed(recovered(digest, blob(use["signature"]), 27, "signature_malformed"))
        require(signer == consent["bounds"]["spend_key"], "use_signature_wrong")
        require(self._counted["time"] <= use["not_after"], "use_too_late")
        require(0 <= self._sealed.time - self._counted["time"] <= LIFETIME, "answered_late")

    def _check_subject(self) -> None:
        registration, proof = self._subject["registration"], self._subject["proof"]
        spec = self._spec_of(registration, "subject_registration")
        self._check_attestation(registration, spec)
        require(registration["header"]["valid_until"] > self._sealed.time, "attestation_expired")
        self._require_about_subject(registration)
        asked = {"schema": spec, "question": {"field": "subject_id"}, "statement": {"kind": "reveal"}, "proof": proof}
        naive.check_field_proof({**asked, "fields_root": registration["header"]["fields_root"]})
        require(proof["opening"]["value"] == self._consent["terms"]["subject"], "subject_mismatch")

    def _require_about_subject(self, one: dict) -> None:
        tag = ref.H(b"\x30", blob(one["subject_key"]), self._subject["credit_code"].encode())
        require(hexed(tag) == one["header"]["subject_tag"], "subject_mismatch")

    def _check_attestation(self, one: dict, spec: dict) -> None:
        header, anchor = one["header"], one["anchor"]
        member = blob(anchor["member"])
        (slot,) = state.anchor_words(member, anchor["stream"], anchor["number"], b"")
        network = {
            "chain_id": self._trust["chain_id"],
            "anchor_registry": self._trust["contracts"]["AnchorRegistry"]["address"],
        }
        held = hexed(state.word(self._words[slot]))
        naive_ledger.check_attestation({**one, "schema": spec, "network": network, "held": held})
        period = state.period_words(blob(header["schema_id"]), blob(header["issuer"]), (0, 0))
        since, until = unpacked(self._words[next(iter(period))], (64, 64))
        require(since <= anchor["anchored_at"] < until, "issuer_not_allowed")
        self._require_key(anchor["member"], anchor["key"], anchor["anchored_at"], ATTEST)
        word, bit = divmod(anchor["start"] + one["index"], 256)
        planes = [self._words[slot] for slot in state.status_words(member, word, (0, 0))]
        require(not planes[0] >> bit & 1, "revoked")
        require(not planes[1] >> bit & 1, "superseded")

    def _judge(self, claim: dict) -> tuple[str, str | None]:
        """What follows from a claim, and with which reason."""
        question, terms = claim["question"], self._consent["terms"]
        parts = question.get("of", [question])
        shown = claim.get("parts", [{"part": 0, **claim}] if claim.get("proof") else [])
        outcomes = ["cannot_tell"] * len(parts)
        try:
            require(claim["claim"] in terms["questions"], "question_not_consented")
            require(shown or claim["verdict"] == "cannot_tell", "opening_malformed")
            numbers = [part["part"] for part in shown]
            require(numbers == sorted(set(numbers)), "opening_malformed")
            for part in shown:
                outcomes[part["part"]] = self._outcome(parts[part["part"]], part)
        except RefusedError as error:
            if claim["verdict"] != "cannot_tell" or shown:
                raise
            return "cannot_tell", error.args[0]
        outcome = naive_claim.follows(question.get("needed", 1), outcomes)
        if outcome != "cannot_tell":
            return outcome, None
        return outcome, "value_absent" if shown and "of" not in question else claim["reason"] or "no_attestation"

    def _check_words(self, claim: dict, outcome: str, reason: str | None) -> None:
        question = claim["question"]
        parts = question.get("of", [question])
        shown = claim.get("parts", [{"part": 0, **claim}] if claim.get("proof") else [])
        require(claim["reason"] == reason, "answer_differs")
        require(outcome == "cannot_tell" or claim["message"] is None, "answer_differs")
        hidden = [part for part in parts if part["op"] == "equals" and self._is_plain(part) and not self._reveals(part)]
        require(reason != "needs_disclosure" or hidden, "answer_differs")
        said = claim["message"] is not None or (outcome == "cannot_tell" and (not shown or "of" in question))
        said = said or not all(self._names_its_attestation(parts[part["part"]], part) for part in shown)
        require(self._receipt is not None or not said, "receipt_missing")

    def _names_its_attestation(self, question: dict, part: dict) -> bool:
        """Whether period, kind and department of an attestation stand in the signed words."""
        spec = self._spec_of(self._attestations[part["attestation"]], question["schema"])
        one_department = "issuer" in question or len(self._consent["terms"]["departments"]) == 1
        return "period" in question and ("per" in question or "per" not in spec) and one_department

    def _is_plain(self, question: dict) -> bool:
        spec = self._specs[question["schema"]]
        return spec["fields"][naive.index_of(spec, question["field"])]["mode"] == "plain"

    def _reveals(self, question: dict) -> bool:
        """Whether the consent lists revealing the field, of the same period."""
        during = f" during {question['period']}" if "period" in question else ""
        asked = f"{question['schema']}.{question['field']} reveal{during}"
        return asked in self._consent["terms"]["questions"]

    def _spec_of(self, one: dict, name: str) -> dict:
        """The version of a schema that an attestation is of; the newest one for one of another schema."""
        spec = self._by_id.get(one["header"]["schema_id"])
        return spec if spec and spec["name"] == name else self._specs[name]

    def _outcome(self, question: dict, part: dict) -> str:
        require(part["attestation"] in self._attestations, "no_attestation")
        one, terms = self._attestations[part["attestation"]], self._consent["terms"]
        header, spec = one["header"], self._spec_of(one, question["schema"])
        self._check_attestation(one, spec)
        require(not terms["departments"] or header["issuer"] in terms["departments"], "consent_other_department")
        first, last = terms["data_from"] or "0000", terms["data_to"] or "9999-12-31"
        require(first <= header["period_from"] and header["period_to"] <= last, "consent_other_period")
        self._require_about_subject(one)
        require(header["valid_until"] > self._sealed.time, "attestation_expired")
        most = None if self._receipt is None else self._receipt["max_age_days"]
        age = self._sealed.time // DAY - ref.date(header["as_of"])
        require(most is None or age <= most, "attestation_too_old")
        if "period" in question:
            year = question["period"]
            covered = header["period_from"], header["period_to"]
            require(covered == (f"{year}-01-01", f"{year}-12-31"), "period_mismatch")
        require(means_the_same(question, self._specs[question["schema"]], spec), "schema_version_differs")
        require(question.get("issuer", header["issuer"]) == header["issuer"], "department_mismatch")
        for name, proof in zip(named_in(spec, question), part.get("per", []), strict=True):
            says = naive_claim.says(spec, name, question["per"][name])
            asked = {"schema": spec, "question": {"field": name}, "statement": says, "proof": proof}
            shows = naive.check_field_proof({**asked, "fields_root": header["fields_root"]})
            require(shows == "holds", "kind_mismatch")
        statement = asked_of(spec, question, header["as_of"])
        asked = {"schema": spec, "question": question, "statement": statement, "proof": part["proof"]}
        outcome = naive.check_field_proof({**asked, "fields_root": header["fields_root"]})
        open_value = part["proof"]["opening"]["kind"] == "plain" and outcome == "does_not_hold"
        require(not open_value or self._reveals(question), "needs_disclosure")
        return outcome

    def _check_receipt(self) -> None:
        receipt, use = self._receipt, self._presentation["use"]
        require(receipt["member"] == use["answered_by"], "receipt_differs")
        require(receipt["use"] == self._counted["ticket"], "receipt_differs")
        where = {
            "chain_id": self._trust["chain_id"],
            "contract": self._trust["contracts"]["ConsentRegistry"]["address"],
        }
        digest = receipt_digest(receipt, self._presentation, self._listed, self._sealed.hash, where)
        signer = recovered(digest, blob(receipt["signature"]), 27, "signature_malformed")
        require(hexed(signer) == receipt["key"], "receipt_differs")
        self._require_key(receipt["member"], receipt["key"], self._sealed.time, RECEIPT)
        roles, standing = unpacked(self._words[self._keeper], (8, 8))
        require(roles & 9 and standing == 1, "keeper_not_allowed")


OF_SETS = {"has any of", "has none of", "has all of"}


OF_SETS = {"has any of", "has none of", "has all of"}


def asked_of(spec: dict, question: dict, as_of: str) -> dict:
    """The statement of a question, where its field knows it."""
    mode, op = spec["fields"][naive.index_of(spec, question["field"])]["mode"], question["op"]
    require(mode != "ladder" or op != "reveal", "not_revealable")
    known = {
        "ladder": {">=", ">", "<=", "<", "range", "equals"},
        "enum": {"in", "not in", "equals", "reveal", *OF_SETS},
    }
    require(op in known.get(mode, {"equals", "reveal"}), "operator_unsupported")
    try:
        return naive.lower(spec, question, as_of)
    except ValueError:
        raise RefusedError("off_ladder") from None


def named_in(spec: dict, question: dict) -> list[str]:
    return [one["field"] for one in spec.get("per", []) if "per" in question]


def means_the_same(question: dict, newest: dict, spec: dict) -> bool:
    """Whether a question that was read by the newest version means the same of an attestation of another one."""
    if newest == spec:
        return True
    pairs = [{one["name"]: one for one in each["fields"]}.get(question["field"]) for each in (newest, spec)]
    if None in pairs:
        return False
    currencies = {one.get("currency") for one in pairs}
    require(len(currencies) == 1 or None in currencies, "currency_differs")
    meant = [(one["type"], one["mode"], one.get("unit"), one.get("currency"), one.get("scale", 0)) for one in pairs]
    if len(set(meant)) > 1:
        return False
    members = question["operand"] if question["op"] in {"in", "not in", *OF_SETS} else []
    known = pairs[1].get("members", [])
    if not set(members) <= set(known) or (question["op"] not in OF_SETS and len(members) == len(known) > 0):
        return False
    totals = [{one["field"]: one.get("total") for one in each.get("per", [])} for each in (newest, spec)]
    named = question.get("per", {})
    if named and set(totals[1]) != set(named):
        return False
    if any((totals[0][name] == value) != (totals[1][name] == value) for name, value in named.items()):
        return False
    try:
        naive.lower(spec, question, "2026-10-31")
    except ValueError:
        return False
    return True


def unpacked(word: int, widths: tuple[int, ...]) -> list[int]:
    """The numbers packed into a word, from the low end."""
    parts = []
    for width in widths:
        parts.append(word % 2**width)
        word //= 2**width
    return parts


def consent_slots(consent: bytes) -> list[tuple[str, int]]:
    return list(state.consent_words(consent, (0,) * 7, (bytes(20), 0), (bytes(32),) * 3))


def header_digest(header: dict) -> bytes:
    """D of a header of whatever schema it says."""
    widths = {"issued_at": 8, "valid_until": 8, "as_of": 4, "period_from": 4, "period_to": 4}
    days = {name: ref.date(header[name]) for name in ("as_of", "period_from", "period_to")}
    numbers = b"".join({**header, **days}[name].to_bytes(width, "big") for name, width in widths.items())
    blobs = b"".join(blob(header[name]) for name in ("schema_id", "fields_root", "subject_tag", "issuer"))
    chain = header["chain_id"].to_bytes(8, "big") + blob(header["anchor_registry"])
    return ref.H(b"\x03", blobs, numbers, blob(header["supersedes"]), chain)
