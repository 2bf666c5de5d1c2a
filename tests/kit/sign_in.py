"""An instance's sign-in without the rest of it, and members and subjects who use it at times that tests choose."""

from dataclasses import dataclass, field

import pytest
from joserfc.jwk import ECKey, OKPKey

from api.client.credential import Credential
from api.sign_in.protocol.assertion import stated_keys
from api.sign_in.protocol.error import SignInError
from api.sign_in.protocol.jose import public_part
from api.sign_in.protocol.proof import Target, make_proof
from api.sign_in.server.replay import LocalProofMemory
from api.sign_in.server.service import SignIn
from api.storage.database import open_store
from ledger_node.chain.port import Member, Role, Standing
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.fact import NO_PURPOSE, KeyPurpose, KeyRecord
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes

NOW = 1_800_000_000
URL = "https://credence.example"
TOKEN_URL = f"{URL}/v1/token"
ME = f"{URL}/v1/me"
NEVER = KeyRecord(0, 0, 0, NO_PURPOSE)
ALWAYS = KeyRecord(0, 2**64 - 1, 0, KeyPurpose.SIGN_IN)


@dataclass
class Chain:
    """What the MemberRegistry holds, as much as sign-in asks of it."""

    member_domain: SigningDomain = field(default_factory=lambda: SigningDomain(1, b"\x11" * 20))
    subject_domain: SigningDomain = field(default_factory=lambda: SigningDomain(1, b"\x22" * 20))
    members: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    reads: int = 0

    def standing(self, member, key):
        self.reads += 1
        return Standing(self.members.get(member), self.keys.get((member, key), NEVER), NOW)


@dataclass
class Bank:
    """A member with its registry key and the credential of its newest sign-in key."""

    id: bytes
    registry_key: bytes
    credential: Credential = None
    number: int = 0


class Desk:
    """Where people sign in."""

    def __init__(self, path):
        self.chain = Chain()
        self.subjects = {}
        self.looked_up = []
        self.store = open_store(path)
        self.start(NOW - 3600)

    def start(self, at):
        """Start the process (anew)."""
        self.sign_in = SignIn(self.store, self.chain, self._controllers, LocalProofMemory(at))

    def close(self):
        self.store.dispose()

    def _controllers(self, subject):
        self.looked_up.append(subject)
        return self.subjects.get(subject)

    def join(self, roles=Role.BANK, key=None):
        """Let a member join and publish a sign-in key."""
        bank = Bank(random_bytes(32), random_bytes(32))
        self.chain.members[bank.id] = Member(bank.id, "A bank", roles, True, "")
        self.chain.keys[bank.id, address_of(bank.registry_key)] = ALWAYS
        self.rotate(bank, key or ECKey.generate_key("P-256"))
        return bank

    def rotate(self, bank, *keys, signed_by=None, number=None):
        """Put the keys of a member in force; its credential is the first one."""
        number = number or bank.number + 1
        stated = stated_keys(bank.id, number, [dict(public_part(key).jwk) for key in keys])
        signature = sign(stated.digest(self.chain.member_domain), signed_by or bank.registry_key)
        self.sign_in.publish(stated, signature)
        bank.credential = Credential.published(bank.id, keys[0])
        bank.number = number

    def shop(self, controllers=1):
        """Return the credentials of a subject, one a controller."""
        subject, keys = random_bytes(32), [random_bytes(32) for _ in range(controllers)]
        self.subjects[subject] = Controllers(each_person(map(address_of, keys)), controllers, random_bytes(32))
        return [Credential.of_controller(subject, key) for key in keys]

    def token(self, credential, key, *, assertion=None, proof=None, now=NOW):
        """Return an access token bound to ``key``."""
        return self.sign_in.token(
            assertion or credential.assertion(URL, now=now),
            proof or make_proof(Target("POST", TOKEN_URL), key, now=now, nonce=self.sign_in.proofs.nonce),
            Target("POST", TOKEN_URL),
            audience=URL,
            now=now,
        ).value

    def call(self, token, key, *, proof=None, method="GET", url=ME, now=NOW, nonce=None, made_at=None):
        """Return whom a request is taken to be from."""
        made = make_proof(Target(method, url, token), key, now=now if made_at is None else made_at, nonce=nonce)
        return self.sign_in.principal(token, proof or made, Target(method, url, token), now=now)


def new_key(curve="P-256"):
    return OKPKey.generate_key("Ed25519") if curve == "Ed25519" else ECKey.generate_key(curve)


def refused(reason, call, *args, **options):
    """Require that a call is refused with ``reason``, and return the refusal."""
    with pytest.raises(SignInError) as error:
        call(*args, **options)
    assert error.value.reason == reason
    return error.value
