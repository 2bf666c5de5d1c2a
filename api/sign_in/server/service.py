"""Sign-in: who may have an access token, and whose request it is that carries one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from joserfc.jwk import ECKey, OKPKey
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from api.sign_in.protocol.assertion import Assertion, read_assertion
from api.sign_in.protocol.error import SignInError
from api.sign_in.protocol.jose import Algorithm, PublicKey, public_key, public_part
from api.sign_in.protocol.proof import Target, check_proof
from api.sign_in.server.key_set import NO_SIGNER, KeySet, KeySets
from api.sign_in.server.principal import Kind, Principal, kind_of
from api.sign_in.server.replay import ProofMemory
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason
from ledger_node.domain.sign_in_key import SignInKeys
from ledger_node.domain.signature import address_of_point
from ledger_node.domain.subject import DECOY, Controllers, Signature
from ledger_node.randomness import random_bytes

LIFETIME_S: Final = 300


@dataclass(frozen=True, slots=True)
class Granted:
    """Whom a token is for, and the thumbprint of the key that its holder proves to have."""

    principal: Principal
    thumbprint: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just made; it is kept nowhere else."""

    value: str = field(repr=False)
    lifetime_s: int


class Tokens:
    """Issues tokens against assertions, each of which counts once, and recognises them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[bytes, tuple[Granted, int]] = {}
        self._found_at = 0

    def issue(self, granted: Granted, identifier: str, *, until: int, now: int) -> IssuedToken:
        """Return a new token, against the assertion ``identifier`` that would count until ``until``.

        Raises:
            SignInError: ``assertion_replayed``.
        """
        principal, used = granted.principal, table.assertion_used
        value = random_bytes(32).hex()
        digest = sha256_digest(principal.id + identifier.encode("utf-8", "replace"))
        try:
            with self._store.begin() as connection:
                connection.execute(delete(used).where(used.c.until <= now))
                connection.execute(delete(table.access_token).where(table.access_token.c.expires_at <= now))
                connection.execute(insert(used).values(digest=digest, until=until))
                connection.execute(
                    insert(table.access_token).values(
                        digest=sha256_digest(value.encode()),
                        kind=principal.kind.value,
                        principal=principal.id,
                        label=principal.label,
                        thumbprint=granted.thumbprint,
                        expires_at=now + LIFETIME_S,
                    )
                )
        except IntegrityError as error:
            raise SignInError(
                Reason.ASSERTION_REPLAYED, "this assertion was used before; make one for each token"
            ) from error
        return IssuedToken(value, LIFETIME_S)

    def find(self, value: str, now: int) -> Granted:
        """Return whom a token is for.

        Raises:
            SignInError: ``token_unknown``.
        """
        digest = sha256_digest(value.encode("utf-8", "replace"))
        if self._found_at != now:
            # the store is asked once a second and token, so that what another process ended ends here as well
            self._found, self._found_at = {}, now
        found = self._found.get(digest) or self._read(digest)
        if found is None or found[1] <= now:
            raise SignInError(Reason.TOKEN_UNKNOWN, "this access token has expired or never was one; get a new one")
        self._found[digest] = found
        return found[0]

    def end(self, principal: bytes) -> None:
        """End all tokens of a principal."""
        with self._store.begin() as connection:
            connection.execute(delete(table.access_token).where(table.access_token.c.principal == principal))
        self._found = {}

    def _read(self, digest: bytes) -> tuple[Granted, int] | None:
        held = table.access_token
        with self._store.connect() as connection:
            row = connection.execute(select(held).where(held.c.digest == digest)).first()
        if row is None:
            return None
        return Granted(Principal(Kind(row.kind), row.principal, row.label), row.thumbprint), row.expires_at


_STAND_INS: Final = {
    Algorithm.ES256: public_part(ECKey.generate_key("P-256")),
    Algorithm.EDDSA: (stand_in := public_part(OKPKey.generate_key("Ed25519"))),
    Algorithm.ED25519: stand_in,
}
"""Keys that nobody has: what an unknown client is checked against, so that it costs what a known one costs."""


class SignIn:
    """Gives out access tokens and recognises them. ``controllers`` finds those of a subject, by its id."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        controllers: Callable[[bytes], Controllers | None],
        proofs: ProofMemory,
    ) -> None:
        self._ledger = ledger
        self._controllers = controllers
        self._tokens = Tokens(store)
        self.proofs = proofs
        self._key_sets = KeySets(store, ledger, controllers)

    def token(
        self, assertion: str, proof: str, target: Target, *, audience: str, now: int, client: str | None = None
    ) -> IssuedToken:
        """Return a token for who signed ``assertion``, bound to the key of ``proof``.

        Who the client is comes first, so that only who has its key learns what is wrong with the rest. ``client``: who
        the request says it is from, if it does.

        Raises:
            SignInError: the assertion or the proof does not check.
            ChainError: the ledger does not answer.
        """
        checked = check_proof(proof, target, now=now)
        self.proofs.require_of_this_life(checked)
        read = read_assertion(assertion)
        principal = self._controller(read) if read.signed.algorithm is Algorithm.ES256K else self._published(read)
        read.require_client(client)
        until = read.require_for(audience, now)
        self.proofs.use(checked.key.thumbprint, checked, now=now)
        granted = Granted(principal, checked.key.thumbprint)
        return self._tokens.issue(granted, read.identifier, until=until, now=now)

    def principal(self, token: str, proof: str, target: Target, *, now: int) -> Principal:
        """Return who sent the request ``target`` with ``token`` and ``proof``.

        Raises:
            SignInError: ``token_unknown``, ``algorithm_not_allowed`` or ``proof_…``.
        """
        granted = self._tokens.find(token, now)
        checked = check_proof(proof, target, now=now, thumbprint=granted.thumbprint)
        self.proofs.use(granted.thumbprint, checked, now=now)
        return granted.principal

    def publish(self, stated: SignInKeys, signature: Signature, *, again: bool = False) -> None:
        """Put a client's sign-in keys in force, and end the tokens that were got with those before.

        ``again``: an earlier try of the same request may have put them in force.

        Raises:
            VerificationError: ``key_not_valid``; the signature is by nobody who speaks for the client now.
            InvalidInputError: ``sign_in_keys_outdated``; the number is not the next one.
            ChainError: the ledger does not answer.
        """
        held = self._key_sets.find(stated.client) if again else None
        if held is None or held.stated != stated:
            self._key_sets.publish(stated, signature)
        self.end_tokens(stated.client)

    def keys_of_member(self, member: bytes) -> KeySet | None:
        """Return the sign-in keys of a member that are in force. Those of subjects are not for all to see."""
        held = self._key_sets.find(member)
        return None if held is None or held.signer == NO_SIGNER else held

    def end_tokens(self, principal: bytes) -> None:
        """End all tokens of a member or subject; it signs in again with a key that counts now."""
        self._tokens.end(principal)

    def _published(self, assertion: Assertion) -> Principal:
        """Return the client whose published key signed, if who spoke for it then still does."""
        signed = assertion.signed
        held = self._key_sets.find(assertion.client)
        key = None if held is None else held.key(signed.header.key_id)
        is_by = signed.is_by(key or _STAND_INS[signed.algorithm])
        standing = self._ledger.standing(assertion.client, NO_SIGNER if held is None else held.signer)
        controllers = self._controllers(assertion.client)
        if held is None or key is None or not is_by:
            raise _unknown()
        if controllers is not None and controllers.commitment == held.authority:
            return _subject(assertion.client)
        member = standing.member
        if member is None:
            raise _unknown()
        fault = standing.key.fault_at(standing.time, KeyPurpose.SIGN_IN)
        if fault is not None:
            raise SignInError(fault, "the registry key that signed for these sign-in keys counts no longer")
        kind = kind_of(member.roles)
        if not member.active or kind is None:
            raise SignInError(Reason.MEMBER_NOT_ACTIVE, "the member is not active, or has no role")
        return Principal(kind, member.id, member.name)

    def _controller(self, assertion: Assertion) -> Principal:
        """Return the subject one of whose controllers signed; the assertion shows its key, we know its address."""
        key = _shown_key(assertion)
        is_by = assertion.signed.is_by(key)
        controllers = self._controllers(assertion.client) or DECOY
        if not is_by or address_of_point(key.point) not in {each.key for each in controllers.keys}:
            raise _unknown()
        return _subject(assertion.client)


def _subject(subject: bytes) -> Principal:
    return Principal(Kind.SUBJECT, subject, "subject")


def _shown_key(assertion: Assertion) -> PublicKey:
    try:
        key = public_key(assertion.signed.header.jwk)
    except InvalidInputError as error:
        raise SignInError(
            Reason.ASSERTION_MALFORMED, "an assertion by ES256K shows its public key as 'jwk'", field="jwk"
        ) from error
    if key.algorithm is not Algorithm.ES256K:
        raise SignInError(Reason.ASSERTION_MALFORMED, "ES256K is by a key on secp256k1", field="jwk")
    return key


def _unknown() -> SignInError:
    return SignInError(
        Reason.CLIENT_UNKNOWN,
        "there is no such client with this key; members publish their keys with: credence sign-in rotate",
    )
