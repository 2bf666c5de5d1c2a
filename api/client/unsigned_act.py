"""Drafts: what controllers are to sign, as a file that people at several machines sign one after the other.

A draft's file holds everything that its digest is made of, never the digest itself: whoever signs sees what it says,
and their own machine works out what they sign. Signatures are files of their own, and go out with the draft.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from api.client.client import Client
from api.sign_in.protocol.assertion import MAX_KEYS, stated_keys
from api.sign_in.protocol.jose import public_key
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import Bounds, Consent, Terms
from ledger_node.domain.consent_act import (
    REFUSAL_STATEMENT,
    WITHDRAWAL_STATEMENT,
    Change,
    change_digest,
    refusal_digest,
    withdrawal_digest,
)
from ledger_node.domain.consent_text import text_of
from ledger_node.domain.controller_act import (
    CANCELLATION_STATEMENT,
    HOLD_STATEMENT,
    MAX_DEADLINE,
    Cancellation,
    Hold,
    Rotation,
    controller_lines,
    time_text,
)
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import require_text
from ledger_node.domain.sign_in_key import SignInKeys
from ledger_node.domain.signature import parse_address
from ledger_node.domain.subject import (
    Controllers,
    Signature,
    keys_to_json,
    signature_from_json,
    signature_to_json,
)
from ledger_node.domain.wording import WordingDocument

_MAX_NUMBER = 2**32 - 1
SIGN_IN_STATEMENT = "Whoever has one of these keys signs in for me. 持有下列任一密钥者可代表我登录。"
"""What people read; what they sign is the struct of ``SignInKeys``."""


@dataclass(frozen=True, slots=True)
class UnsignedAct:
    """An act of a subject that waits for its controllers' signatures.

    ``digest``: the 32 bytes that each of them signs. ``words``: what it says. ``path``, ``body``: where it is posted,
    and what beside the signatures. ``content``: the members of its file.
    """

    digest: bytes
    words: str
    path: str
    body: Mapping[str, JSON]
    content: Mapping[str, JSON]

    def submit(self, client: Client, signatures: Sequence[Signature]) -> Any:  # noqa: ANN401 - JSON of the route
        """Post it with its signatures and return the answer."""
        signed: list[JSON] = [signature_to_json(signature) for signature in signatures]
        return client.post(self.path, {**self.body, "signatures": signed})


def unsigned_grant(
    domain: SigningDomain, consent: Consent, wording: WordingDocument, request: bytes | None = None
) -> UnsignedAct:
    """Return the grant of a consent; ``wording``: the words that its terms name; ``request``: the one it answers.

    Raises:
        VerificationError: ``wording_unknown`` or ``consent_text_differs``; the terms name another text than they say.
    """
    terms = consent.terms
    text = text_of(require_text(consent, {wording.digest: wording}))
    body: dict[str, JSON] = {"terms": terms.to_json(), "bounds": consent.bounds.to_json()}
    if request is not None:
        body["request"] = to_hex(request)
    content = _content("grant", domain, {**body, "wording": wording.to_json()})
    return UnsignedAct(consent.digest(domain), text, "/v1/consents", body, content)


def unsigned_refusal(domain: SigningDomain, request: bytes) -> UnsignedAct:
    """Return the refusal of a bank's request."""
    return UnsignedAct(
        refusal_digest(request, domain),
        f"{REFUSAL_STATEMENT}\nrequest {to_hex(request)}",
        f"/v1/consent-requests/{to_hex(request)}/refusal",
        {},
        _content("refuse", domain, {"request": to_hex(request)}),
    )


def unsigned_withdrawal(domain: SigningDomain, consent: bytes) -> UnsignedAct:
    """Return the withdrawal of a consent without its secret."""
    return UnsignedAct(
        withdrawal_digest(consent, domain),
        f"{WITHDRAWAL_STATEMENT}\nconsent {to_hex(consent)}",
        f"/v1/consents/{to_hex(consent)}/withdrawal",
        {},
        _content("withdraw", domain, {"consent": to_hex(consent)}),
    )


def unsigned_change(domain: SigningDomain, consent: bytes, change: Change, number: int) -> UnsignedAct:
    """Return the pause of a consent, or its end; ``number`` is one more than its changes so far."""
    return UnsignedAct(
        change_digest(consent, change, number, domain),
        f"{change.statement}\nconsent {to_hex(consent)}, change {number}",
        f"/v1/consents/{to_hex(consent)}/changes",
        {"change": change.value, "number": number},
        _content(change.value, domain, {"consent": to_hex(consent), "number": number}),
    )


def unsigned_rotation(domain: SigningDomain, rotation: Rotation) -> UnsignedAct:
    """Return the hand-over of a subject to other controllers."""
    subject, controllers = to_hex(rotation.subject), rotation.controllers
    numbers: dict[str, JSON] = {"entry": rotation.entry, "deadline": rotation.deadline}
    return UnsignedAct(
        rotation.digest(domain),
        rotation.text,
        f"/v1/subjects/{subject}/rotations",
        {
            "controllers": keys_to_json(controllers.keys),
            "threshold": controllers.threshold,
            "salt": to_hex(controllers.salt),
            **numbers,
        },
        _content("rotate", domain, {"subject": subject, **numbers, "controllers": controllers.to_json()}),
    )


def unsigned_cancellation(domain: SigningDomain, cancellation: Cancellation) -> UnsignedAct:
    """Return the cancellation of a recovery; how many persons must sign it, the subject shows."""
    subject, number, deadline = to_hex(cancellation.subject), cancellation.number, cancellation.deadline
    members: dict[str, JSON] = {
        "subject": subject,
        "number": number,
        "commitment": to_hex(cancellation.commitment),
        "deadline": deadline,
    }
    return UnsignedAct(
        cancellation.digest(domain),
        f"{CANCELLATION_STATEMENT}\nsubject {subject}, recovery {number}, good until {time_text(deadline)}",
        f"/v1/subjects/{subject}/recoveries/{number}/cancellation",
        {"deadline": deadline},
        _content("cancel_recovery", domain, members),
    )


def unsigned_hold(domain: SigningDomain, hold: Hold) -> UnsignedAct:
    """Return the hold of a subject, for which the signature of one controller is enough."""
    subject = to_hex(hold.subject)
    numbers: dict[str, JSON] = {"number": hold.number, "deadline": hold.deadline}
    return UnsignedAct(
        hold.digest(domain),
        f"{HOLD_STATEMENT}\nsubject {subject}, hold {hold.number}, good until {time_text(hold.deadline)}",
        f"/v1/subjects/{subject}/holds",
        numbers,
        _content("hold", domain, {"subject": subject, **numbers}),
    )


def unsigned_sign_in_keys(domain: SigningDomain, stated: SignInKeys) -> UnsignedAct:
    """Return the sign-in keys of a client, for which the signature of one who speaks for it is enough."""
    shown: list[JSON] = [dict(key) for key in stated.keys]
    members: dict[str, JSON] = {"client": to_hex(stated.client), "number": stated.number, "keys": shown}
    words = [f"{SIGN_IN_STATEMENT}", f"client {to_hex(stated.client)}, set {stated.number}"]
    words += [f"  key {public_key(key).thumbprint}" for key in stated.keys]
    return UnsignedAct(
        stated.digest(domain),
        "\n".join(words),
        "/v1/sign-in-keys",
        members,
        _content("sign_in_keys", domain, members),
    )


def read_unsigned_act(value: JSON) -> UnsignedAct:
    """Read a draft's file.

    Raises:
        InvalidInputError: a member is missing, unknown or malformed, or the draft says something else than it seems to.
    """
    record = JsonObject(value, "draft")
    act, place = record.text("act"), record.record("domain")
    domain = SigningDomain(place.integer("chain_id", low=1), parse_address(place.take("contract"), "contract"))
    place.done()
    draft = _read(act, record, domain)
    record.done()
    return draft


def _read(act: str, record: JsonObject, domain: SigningDomain) -> UnsignedAct:
    match act:
        case "grant":
            terms, bounds = Terms.from_json(record.take("terms")), Bounds.from_json(record.take("bounds"))
            wording = WordingDocument.from_json(record.take("wording"))
            request = record.blob("request") if record.has("request") else None
            return unsigned_grant(domain, Consent(terms, bounds), wording, request)
        case "refuse":
            return unsigned_refusal(domain, record.blob("request"))
        case "withdraw":
            return unsigned_withdrawal(domain, record.blob("consent"))
        case Change.PAUSE | Change.RESUME:
            number = record.integer("number", low=1, high=_MAX_NUMBER)
            return unsigned_change(domain, record.blob("consent"), Change(act), number)
        case "rotate":
            subject, entry = record.blob("subject"), record.integer("entry", low=1, high=_MAX_NUMBER)
            deadline, controllers = _deadline(record), Controllers.from_json(record.take("controllers"))
            return unsigned_rotation(domain, Rotation(subject, entry, controllers, deadline))
        case "cancel_recovery":
            subject, number = record.blob("subject"), record.integer("number", low=1, high=_MAX_NUMBER)
            commitment, deadline = record.blob("commitment"), _deadline(record)
            return unsigned_cancellation(domain, Cancellation(subject, number, commitment, deadline))
        case "hold":
            subject, number = record.blob("subject"), record.integer("number", low=1, high=_MAX_NUMBER)
            return unsigned_hold(domain, Hold(subject, number, _deadline(record)))
        case "sign_in_keys":
            client, number = record.blob("client"), record.integer("number", low=1)
            return unsigned_sign_in_keys(domain, stated_keys(client, number, record.items("keys", max_items=MAX_KEYS)))
        case _:
            raise InvalidInputError(Reason.REQUEST_INVALID, "this is no draft of an act that is signed", field="act")


def _deadline(record: JsonObject) -> int:
    return record.integer("deadline", low=1, high=MAX_DEADLINE)


def describe(controllers: Controllers) -> str:
    """Return who signs, in words: the threshold, then a key a line."""
    persons = len(controllers.persons)
    return "\n".join([f"{controllers.threshold} of {persons} persons must sign:", *controller_lines(controllers)])


def _content(act: str, domain: SigningDomain, members: Mapping[str, JSON]) -> dict[str, JSON]:
    place: dict[str, JSON] = {"chain_id": domain.chain_id, "contract": to_hex(domain.contract)}
    return {"act": act, "domain": place, **members}


@dataclass(frozen=True, slots=True)
class CollectedSignature:
    """A signature over ``digest`` by a key, or the assertion of a passkey."""

    digest: bytes
    signature: Signature = field(repr=False)

    def over(self, digest: bytes) -> Signature:
        """Return the signature if it is over ``digest``.

        Raises:
            VerificationError: ``challenge_mismatch``; it was made for something else.
        """
        if self.digest != digest:
            raise VerificationError(
                Reason.CHALLENGE_MISMATCH, "this signature is over another draft; sign this one with: credence sign"
            )
        return self.signature

    def to_json(self) -> dict[str, JSON]:
        """Return the content of its file."""
        return {"digest": to_hex(self.digest), "signature": signature_to_json(self.signature)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read its file.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = JsonObject(value, "signature")
        collected = cls(record.blob("digest"), signature_from_json(record.take("signature")))
        record.done()
        return collected
