"""A deliberately weak ledger: everything that Credence must not do, so that the attacks have something to find."""

from api.catalogue.datatype import schemas
from api.catalogue.synthetic import credit_code
from api.lab.attack.corpus import Event, Transaction, corpus_of
from api.lab.attack.ground_truth import GroundTruth
from ledger_node.domain.commitment import (
    UP,
    enum_bit,
    enum_digest,
    ladder_context,
    leaf_digest,
    plain_digest,
    subject_tag,
)
from ledger_node.domain.hashing import keccak, walk
from ledger_node.domain.schema_field import ABSENT_BYTE
from ledger_node.randomness import random_bytes

FIRMS = 60
GRANTING = 12
DAY = 86_400
BEGAN = 1_790_000_000
CODES = sorted(credit_code(firm, 5) for firm in range(FIRMS))
BANK = keccak(b"bank")
PURPOSES = ("loan_application", "post_loan_monitoring", "guarantee", "subsidy_or_tender")
RELAYERS = [keccak(name) for name in (b"relayer", b"second relayer", b"third relayer")]
GRADES = ["A"] * 15 + ["B"] * 20 + ["M"] * 15 + ["C"] * 10
HIDDEN_GRADE = "B"
LADDER_STEPS = 37


def hexed(data):
    return "0x" + data.hex()


class InsecureLedger:
    """Subject ids, values and consent ids are unsalted hashes; batches keep the order of their file."""

    def __init__(self):
        self.transactions = []
        self.grants = {}
        self.requests = {}
        self.shown_consents = []
        self._anchor_unshuffled()
        for firm in range(GRANTING):
            self._register_and_grant(firm)

    @property
    def corpus(self):
        return corpus_of(self.transactions, blocks=len(self.transactions))

    @property
    def truth(self):
        rows = [
            self._row(schema, number, row) for number, schema in enumerate(self._values(0), 1) for row in range(FIRMS)
        ]
        subjects = {hexed(keccak(code.encode())): code for code in CODES[:GRANTING]}
        people = {"subjects": subjects, "consents": self.grants, "requests": self.requests}
        return GroundTruth.from_json({"attestations": rows, **people})

    def _values(self, row):
        return {
            "tax_payment": {"paid_amount": 10 ** (5 + row // 12) + row},
            "tax_credit_rating": {"grade": GRADES[row]},
        }

    def _row(self, schema, number, row):
        return {
            "schema": schema,
            "credit_code": CODES[row],
            "batch": f"tax/{number}",
            "index": row,
            "row": row,
            "values": self._values(row)[schema],
        }

    def _send(self, *events, data=b"", gas=50_000, time=None):
        number = len(self.transactions)
        logs = tuple(
            Event(b"\x11" * 20, name, args, data=b"".join(value for value in args.values() if isinstance(value, bytes)))
            for name, args in events
        )
        self.transactions.append(
            Transaction(
                random_bytes(32), number, time or BEGAN + number * 60, b"\x22" * 20, b"\x33" * 20, data, gas, logs
            )
        )

    def _wait(self, blocks):
        for _ in range(blocks):
            self._send(("note", {"bank": BANK}))

    def _anchor_unshuffled(self):
        ladder = schemas()["tax_payment"].field("paid_amount").require_ladder()
        for row, code in enumerate(CODES):
            amount = self._values(row)["tax_payment"]["paid_amount"]
            step = ladder.points[ladder.idx(amount) - 1]
            leaves = [keccak(code.encode() + GRADES[row].encode()), keccak(code.encode() + str(step).encode())]
            self._send(("unknown", {"data": leaves}))

    def _register_and_grant(self, firm):
        code = CODES[firm].encode()
        subject, secret = keccak(code), keccak(b"secret" + code)
        self._send(("SubjectRegistered", {"subjectId": subject, "commitment": random_bytes(32)}))
        bank = "One bank" if firm < GRANTING // 2 else "Other bank"
        for purpose in (b"loan_application", b"guarantee"):
            consent = keccak(code + BANK + purpose)
            request = keccak(b"request" + consent)
            self._send(("ConsentRequested", {"requestId": request, "relayer": RELAYERS[0]}), gas=40_000 + firm)
            self.requests[hexed(request)] = {"credit_code": CODES[firm], "bank": bank}
            self._wait(firm)
            began = BEGAN + len(self.transactions) * 60
            key = hexed(keccak(b"key of" + code)[:20])
            grant_before = began + firm * 3_600
            bounds = (began - 10 * firm, began + firm * DAY, firm + 1, grant_before, key, key, keccak(secret))
            args = {
                "id": consent,
                "relayer": RELAYERS[firm % len(RELAYERS)],
                "key": hexed(b"\x22" * 20),
                "bounds": bounds,
            }
            self._send(
                ("ConsentGranted", args),
                ("RequestGranted", {"requestId": request, "id": consent}),
                data=b"\0\0\0\0" + consent + secret + bytes(firm),
                gas=50_000 + firm,
                time=began,
            )
            self._live(firm, consent)
            self.grants[hexed(consent)] = {
                "credit_code": CODES[firm],
                "bank": bank,
                "questions": firm + 1,
                "purpose": PURPOSES[firm // 3],
                "asked": [f"tax_payment.paid_amount >= {firm + 1}000 CNY"],
            }
        self.shown_consents.append(consent)
        self._send(("note", {"bank": BANK, "purpose": PURPOSES[firm // 3].encode()}))

    def _live(self, firm, consent):
        """Use, pause, resume and withdraw, each after as many blocks as only this firm waits."""
        for number in range(firm + 2):
            self._wait(firm)
            self._send(("UseRecorded", {"consent": consent, "number": firm + number, "ticket": random_bytes(32)}))
        for _ in range(firm):
            self._send(("UseRefused", {"consent": consent, "number": 1, "ticket": random_bytes(32), "reason": 4}))
        for name in ("ConsentPaused", "ConsentResumed", "ConsentWithdrawn"):
            self._send((name, {"id": consent, "sender": RELAYERS[0], "change": firm % 2}))
            self._wait(firm)


class InsecureAnswer:
    """One salt for all fields, bits and chains, and for another firm's subject tag."""

    def __init__(self, consents):
        self.salt = random_bytes(32)
        self._consents = consents
        self._rating, self._tax = schemas()["tax_credit_rating"], schemas()["tax_payment"]

    def to_json(self):
        return [self._answer(consent) for consent in self._consents]

    def _answer(self, consent):
        header = {"subject_tag": hexed(subject_tag(self.salt, CODES[-1]))}
        return {
            "presentation": {
                "claims": [self._year(), self._grade(), self._amount(), self._day()],
                "consent": {"id": hexed(consent)},
                "subject": None,
                "attestations": [{"header": header}],
            }
        }

    def _claim(self, schema, field, opening, path):
        return {
            "question": {"schema": schema.name, "field": field},
            "attestation": hexed(keccak(schema.name.encode())),
            "proof": {"opening": opening, "salt": hexed(self.salt), "path": [hexed(word) for word in path]},
        }

    def _bits(self):
        members = self._rating.field("grade").members
        return [enum_bit(j, self.salt, is_set=member == HIDDEN_GRADE) for j, member in enumerate(members)]

    def _year(self):
        # the sibling of the year is the leaf of the grade, which the bank did not ask for
        leaf = leaf_digest(self._rating.id, 1, b"\x03", self.salt, enum_digest(self._bits()))
        return self._claim(self._rating, "rating_year", {"kind": "plain", "value": 2025}, [leaf])

    def _grade(self):
        bits = self._bits()
        opening = {
            "kind": "bits",
            "opened": {member: hexed(self.salt) for member in ("M", "C", "D")},
            "shut": {"A": hexed(bits[0]), "B": hexed(bits[1])},
        }
        return self._claim(self._rating, "grade", opening, [])

    def _amount(self):
        head = walk(ladder_context(self._tax.id, 1, UP), self.salt, LADDER_STEPS)
        opening = {"kind": "at_least", "head_up": hexed(head), "tip_down": hexed(random_bytes(32))}
        kind = leaf_digest(self._tax.id, 0, b"\x01", self.salt, plain_digest(self._tax.field("tax_kind"), "10104"))
        return self._claim(self._tax, "paid_amount", opening, [kind])

    def _day(self):
        absent = leaf_digest(self._tax.id, 3, ABSENT_BYTE, self.salt, bytes(32))
        return self._claim(self._tax, "paid_on", {"kind": "plain", "value": "2025-12-15"}, [absent])
