"""Consents of contract set 2: their bounds, their keys and what each of them signs; nothing of the product is used."""

from dataclasses import dataclass, field, replace

from eth_abi import encode
from eth_account import Account
from eth_utils import keccak

from tests.kit.contract_set import NOBODY, ZERO, word

NONE, LIVE, WITHDRAWN, PAUSED = range(4)
OPEN, GRANTED, REFUSED = 1, 2, 3
PAUSE, RESUME, WITHDRAW = 1, 2, 3
(
    UNKNOWN,
    SIGNATURE_WRONG,
    USE_WITHDRAWN,
    USE_PAUSED,
    NOT_YET_VALID,
    EXPIRED,
    TOO_LATE,
    NUMBER_INVALID,
    NUMBER_USED,
) = range(1, 10)
WORD = word("the controllers' word")
NO_ANSWER = (ZERO, NOBODY, b"")

TERMS = (
    "Terms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint32 retentionDays,bytes32 salt,"
    "string language,bytes32 textDigest,bytes32 wording,string[] departmentNames)"
)
ASKED = (
    "Asked(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint64 notBefore,uint64 expiresAt,"
    "uint32 maxUses,uint32 retentionDays,address spendKey,bytes32 salt)"
)
BOUNDS = (
    "Bounds(uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint64 grantBefore,address spendKey,address stewardKey,"
    "bytes32 withdrawalHash)"
)
BOUNDS_TYPES = ("uint64", "uint64", "uint32", "uint64", "address", "address", "bytes32")
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def fresh_key(text):
    """A key that stands for a name, and for nothing else."""
    return Account.from_key(word(f"key of {text}"))


def struct_hash(type_text, types, values):
    """The EIP-712 struct hash of static members (dynamic ones are given as their hashes)."""
    return keccak(keccak(text=type_text) + encode(types, values))


def digest_under(chain_id, contract, inner):
    """The EIP-712 digest of a struct hash under a contract's domain."""
    values = [keccak(text="Credence"), keccak(text="1"), chain_id, contract]
    domain = struct_hash(DOMAIN, ["bytes32", "bytes32", "uint256", "address"], values)
    return keccak(b"\x19\x01" + domain + inner)


def sign(key, digest):
    """65 bytes r || s || v."""
    return bytes(key.unsafe_sign_hash(digest).signature)


def short(signature):
    """(r, vs) of EIP-2098."""
    s = int.from_bytes(signature[32:64]) | (signature[64] - 27) << 255
    return signature[:32], s.to_bytes(32)


@dataclass(frozen=True)
class Consent:
    """A consent of a name: terms that stand for it, its bounds, and its three keys."""

    world: object = field(repr=False)
    name: str
    not_before: int
    expires_at: int
    max_uses: int
    grant_before: int

    @classmethod
    def of(cls, world, name, *, begins=0, lasts=30 * 86_400, max_uses=9, grant_within=86_400):
        """A consent whose times count from the next block on."""
        now = world.chain.next_time
        return cls(world, name, now + begins, now + begins + lasts, max_uses, now + grant_within)

    def but(self, **changes):
        return replace(self, **changes)

    @property
    def calls(self):
        return self.world.consents.functions

    @property
    def spend(self):
        return fresh_key(f"spend {self.name}")

    @property
    def steward(self):
        return fresh_key(f"steward {self.name}")

    @property
    def secret(self):
        return word(f"secret {self.name}")

    @property
    def withdrawal_hash(self):
        return keccak(b"\x40" + self.secret)

    @property
    def terms_hash(self):
        return word(f"terms {self.name}")

    @property
    def bounds(self):
        return (
            self.not_before,
            self.expires_at,
            self.max_uses,
            self.grant_before,
            self.spend.address,
            self.steward.address,
            self.withdrawal_hash,
        )

    @property
    def shown(self):
        """What every act of the firm shows first."""
        return self.terms_hash, self.bounds

    @property
    def signatures_digest(self):
        return word(f"signatures of the controllers of {self.name}")

    @property
    def grant_digest(self):
        return keccak(self.withdrawal_hash + self.signatures_digest)

    def digest(self, inner):
        return digest_under(self.world.chain.w3.eth.chain_id, self.world.consents.address, inner)

    @property
    def id(self):
        bounds = struct_hash(BOUNDS, BOUNDS_TYPES, self.bounds)
        outer = f"Consent(Terms terms,Bounds bounds){BOUNDS}{TERMS}"
        return self.digest(struct_hash(outer, ["bytes32", "bytes32"], [self.terms_hash, bounds]))

    def grant(self, *, key=None, answering=NO_ANSWER, signatures_digest=None):
        """The call that records the grant, worded by the steward key."""
        signatures = self.signatures_digest if signatures_digest is None else signatures_digest
        inner = struct_hash(
            "Grant(bytes32 consent,bytes32 signaturesDigest)", ["bytes32", "bytes32"], [self.id, signatures]
        )
        return self.calls.grant(*self.shown, signatures, sign(key or self.steward, self.digest(inner)), answering)

    def _change(self, kind, number, word_digest, key):
        inner = struct_hash(
            "Change(bytes32 consent,uint24 number,uint8 kind,bytes32 wordDigest)",
            ["bytes32", "uint24", "uint8", "bytes32"],
            [self.id, number, kind, word_digest],
        )
        return (*self.shown, number, word_digest, sign(key or self.steward, self.digest(inner)))

    def pause(self, number=1, *, word_digest=ZERO, key=None, kind=PAUSE):
        return self.calls.pause(*self._change(kind, number, word_digest, key))

    def resume(self, number=2, *, word_digest=WORD, key=None, kind=RESUME):
        return self.calls.resume(*self._change(kind, number, word_digest, key))

    def withdraw_by_steward(self, number=1, *, word_digest=ZERO, key=None, kind=WITHDRAW):
        return self.calls.withdrawBySteward(*self._change(kind, number, word_digest, key))

    def withdraw(self, secret=None):
        return self.calls.withdraw(*self.shown, self.secret if secret is None else secret)

    def use(self, number=1, *, ticket=None, not_after=2**64 - 1, key=None):
        """A use that the spend key signed, as recordUses takes it."""
        ticket = word(f"ticket {number}") if ticket is None else ticket
        values = [self.id, number, ticket, not_after]
        inner = struct_hash(
            "Use(bytes32 consent,uint32 number,bytes32 ticket,uint64 notAfter)",
            ["bytes32", "uint32", "bytes32", "uint64"],
            values,
        )
        return (*values, *short(sign(key or self.spend, self.digest(inner))))

    def uses_digest(self, *counted):
        """What usesDigest is after these (number, ticket, time)."""
        made = self.id
        for entry in counted:
            made = keccak(encode(["bytes32", "uint32", "bytes32", "uint256"], [made, *entry]))
        return made


@dataclass(frozen=True)
class Request:
    """A request of a name: what is asked stands for it, and its answer key."""

    world: object = field(repr=False)
    name: str

    @property
    def calls(self):
        return self.world.consents.functions

    @property
    def answer_key(self):
        return fresh_key(f"answer {self.name}")

    @property
    def asked_hash(self):
        return word(f"asked {self.name}")

    def digest(self, inner):
        return digest_under(self.world.chain.w3.eth.chain_id, self.world.consents.address, inner)

    @property
    def id(self):
        outer = f"Request(Asked asked,address answerKey){ASKED}"
        values = [self.asked_hash, self.answer_key.address]
        return self.digest(struct_hash(outer, ["bytes32", "address"], values))

    def ask(self):
        return self.calls.request(self.id)

    def answering(self, consent_id, key=None):
        """The answer key's word for a consent, or with zero for a refusal."""
        inner = struct_hash("Answer(bytes32 request,bytes32 consent)", ["bytes32", "bytes32"], [self.id, consent_id])
        return self.asked_hash, self.answer_key.address, sign(key or self.answer_key, self.digest(inner))

    def refuse(self, key=None):
        return self.calls.refuse(*self.answering(ZERO, key))
