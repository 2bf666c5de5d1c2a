"""Subjects of contract set 2: sets of controllers, and what they sign; nothing of the product is used."""

from dataclasses import dataclass, field, replace

from eth_abi import encode
from eth_utils import keccak

from tests.kit.authenticator import ORDER, Authenticator
from tests.kit.consent_set import digest_under, fresh_key, sign, struct_hash
from tests.kit.contract_set import word

REGISTERED, ROTATED, RECOVERED = range(3)
HOUR, DAY = 3_600, 86_400
RECOVERY_DELAY, LAPSE, YEAR, HOLD, HOLD_INTERVAL = 72 * HOUR, 30 * DAY, 365 * DAY, 14 * DAY, 60 * DAY
NEVER = 2**64 - 1
LINES = word("lines")
SUBJECT_TAG = keccak(text="credence-subject/v2")
STATEMENTS = {
    "rotate": "I hand control of this subject to new controllers. 我将本主体的控制权交给新的控制人。",
    "cancel": "I still control this subject; cancel this recovery. 我仍控制本主体，请取消本次控制权恢复。",
    "hold": "Hold this subject for 14 days. 请将本主体冻结十四天。",
}
ROTATION = (
    "ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,bytes32 textDigest,uint64 deadline,"
    "string statement)"
)
CANCELLATION = "RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,uint64 deadline,string statement)"
HOLDING = "SubjectHold(bytes32 subject,uint64 number,uint64 deadline,string statement)"


@dataclass(frozen=True)
class Device:
    """A controller's key: an account, or an authenticator's passkey."""

    person: int
    key: object = field(repr=False)

    @property
    def packed(self):
        if isinstance(self.key, Authenticator):
            return bytes([self.person, 2]) + self.key.rp_id_hash + self.key.public_key
        return bytes([self.person, 1]) + bytes.fromhex(self.key.address[2:])

    def sign(self, digest, **how):
        if isinstance(self.key, Authenticator):
            return assertion(self.key, digest, **how)
        return sign(self.key, digest)


def assertion(authenticator, digest, *, high=False, **parts):
    """A WebAuthn assertion as OpenZeppelin's library takes it."""
    data, client, signature = authenticator.assertion(digest, raw=True, high=high, **parts)
    return encode(
        ["bytes32", "bytes32", "uint256", "uint256", "bytes", "bytes"],
        [
            signature[:32],
            signature[32:],
            max(client.find(b'"challenge"'), 0),
            max(client.find(b'"type"'), 0),
            data,
            client,
        ],
    )


def account(person, name):
    """A device with an ordinary key that stands for a name."""
    return Device(person, fresh_key(f"controller {name}"))


def passkey(person, name, **of):
    """A device with a passkey that stands for a name."""
    return Device(person, Authenticator(int.from_bytes(word(f"passkey {name}")) % (ORDER - 1) + 1, **of))


@dataclass(frozen=True)
class Controllers:
    """A set: its devices in their order, a threshold of persons, and a salt that stands for a name."""

    devices: tuple
    threshold: int = 1
    name: str = "set"

    @property
    def salt(self):
        return word(f"salt of {self.name}")

    @property
    def keys(self):
        return b"".join(device.packed for device in self.devices)

    @property
    def shown(self):
        return self.salt, self.threshold, self.keys

    @property
    def commitment(self):
        return keccak(b"\x31" + self.salt + bytes([self.threshold, len(self.devices)]) + self.keys)

    def but(self, **changes):
        return replace(self, **changes)

    def signed(self, digest, by=None):
        """Signatures by these places of the set; as many as the threshold from the first on if none are named."""
        return [(place, self.devices[place].sign(digest)) for place in (range(self.threshold) if by is None else by)]


def people(name, count=1, threshold=1):
    """A set of so many persons, one account each."""
    devices = tuple(account(person + 1, f"{name} {person}") for person in range(count))
    return Controllers(devices, threshold, name)


@dataclass
class Subject:
    """A subject that the registrar of a world registers, and what its controllers sign."""

    world: object = field(repr=False)
    name: str
    controllers: Controllers
    registrar: object = None

    @property
    def calls(self):
        return self.world.subjects.functions

    @property
    def member(self):
        return self.registrar or self.world.registrar

    @property
    def salt(self):
        return word(f"salt of the id of {self.name}")

    @property
    def id(self):
        types = ["bytes32", "uint256", "address", "bytes32", "bytes32", "bytes32"]
        chain_id, contract = self.world.chain.w3.eth.chain_id, self.world.subjects.address
        values = [SUBJECT_TAG, chain_id, contract, self.member.id, self._first.commitment, self.salt]
        return keccak(encode(types, values))

    def __post_init__(self):
        self._first = self.controllers

    def register(self):
        """Register it, and return it."""
        self.world.chain.send(self.calls.register(self._first.commitment, self.salt), self.member.key)
        return self

    def digest(self, inner):
        return digest_under(self.world.chain.w3.eth.chain_id, self.world.subjects.address, inner)

    def rotation_digest(self, entry, commitment, text, deadline):
        values = [self.id, entry, commitment, text, deadline, keccak(text=STATEMENTS["rotate"])]
        types = ["bytes32", "uint64", "bytes32", "bytes32", "uint64", "bytes32"]
        return self.digest(struct_hash(ROTATION, types, values))

    def rotate(self, to, entry=1, *, by=None, shown=None, deadline=NEVER, text=LINES, signatures=None):
        """The call that rotates to another set, signed by these places of the one in force."""
        retiring = shown or self.controllers
        if signatures is None:
            signatures = retiring.signed(self.rotation_digest(entry, to.commitment, text, deadline), by)
        return self.calls.rotate(self.id, entry, to.commitment, text, deadline, retiring.shown, signatures)

    def request(self, to, number=1, entry=1):
        return self.calls.requestRecovery(self.id, number, entry, to.commitment)

    def cancel(self, to, number=1, *, by=None, shown=None, deadline=NEVER):
        """The call that cancels the recovery that would give control to another set."""
        present = shown or self.controllers
        values = [self.id, number, to.commitment, deadline, keccak(text=STATEMENTS["cancel"])]
        types = ["bytes32", "uint64", "bytes32", "uint64", "bytes32"]
        digest = self.digest(struct_hash(CANCELLATION, types, values))
        return self.calls.cancelRecovery(self.id, number, deadline, present.shown, present.signed(digest, by))

    def complete(self, number=1):
        return self.calls.completeRecovery(self.id, number)

    def abandon(self, number=1):
        return self.calls.abandonRecovery(self.id, number)

    def hold(self, number=1, *, by=0, shown=None, deadline=NEVER):
        """The call that holds it, signed by the controller at this place."""
        present = shown or self.controllers
        values = [self.id, number, deadline, keccak(text=STATEMENTS["hold"])]
        digest = self.digest(struct_hash(HOLDING, ["bytes32", "uint64", "uint64", "bytes32"], values))
        (signature,) = present.signed(digest, [by])
        return self.calls.hold(self.id, number, deadline, present.shown, signature)

    def hold_by_registrar(self, number=1):
        return self.calls.holdByRegistrar(self.id, number)

    def current(self):
        """(index, commitment) of the entry in force."""
        index, entry = self.world.chain.read(self.calls.current(self.id))
        return index, entry[0]
