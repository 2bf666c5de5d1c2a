"""What a firm sees of who can sign: persons, their devices, devices that wait, and what threatens it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from api.instance.wiring import Instance
from api.language.translation import N_
from api.services.signer.device_offer import NEW_PERSON, DeviceOffer
from api.services.signer.rotation_draft import RotationDraft
from api.services.signer.signer_change import SignerKey, SignerSet, device_name
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import Hold
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.rotation_text import RotationLine, check_digits

DEVICE_NAMES = {
    "phone": N_("Phone"),
    "computer": N_("Computer"),
    "tablet": N_("Tablet"),
    "security key": N_("USB security key"),
}
"""What a new device may say that it is."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that signs. ``key``: by which a form names it. ``is_synced``: None where nobody said it."""

    key: str = field(repr=False)
    name: str
    is_synced: bool | None
    added_at: int | None
    digits: str
    is_this: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person who signs. ``name``: empty where nobody said it. ``is_you``: whoever looks."""

    number: int
    name: str
    is_you: bool
    devices: tuple[DeviceRow, ...]


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A device that waits to be taken in. ``digits``: None before it came."""

    id: str
    name: str
    is_new: bool
    device: str
    digits: str | None


@dataclass(frozen=True, slots=True)
class AlarmView:
    """Somebody asked for other signers. ``data``: what a signer signs to call that off."""

    time: str
    signed: int
    needed: int
    has_signed: bool
    data: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class SignersPage:
    """The page. ``waiting``: how many signed a change that waits, of ``waiting_needed``; None: none waits.

    ``is_alone``: whoever looks has this one device, so that losing it loses the firm's signature.
    """

    persons: tuple[PersonRow, ...]
    threshold: int
    offers: tuple[OfferRow, ...]
    waiting: int | None
    waiting_needed: int
    alarm: AlarmView | None
    held_until: str | None
    is_alone: bool


@dataclass(frozen=True, slots=True)
class RotationPage:
    """A change to sign. ``lines``: the words, each one element. ``data``: what the browser works the digest out of."""

    draft: str
    language: Language
    lines: tuple[RotationLine, ...]
    signed: int
    needed: int
    has_signed: bool
    data: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class LostPage:
    """What to do where a device is lost. ``hold``: what a signer signs to hold the firm; None while it is held."""

    persons: tuple[PersonRow, ...]
    held_until: str | None
    number: int
    deadline: int
    hold: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The code for a new device, shown once."""

    name: str
    is_new: bool
    minutes: int
    code: str = field(repr=False)
    qr: Markup = field(repr=False)
    address: str


def domain_data(domain: SigningDomain) -> dict[str, JSON]:
    """Return where a signature counts, for the scripts."""
    return {"chain_id": domain.chain_id, "contract": to_hex(domain.contract)}


def key_text(one: SignerKey) -> str:
    """Return by what a form names a key."""
    key = one.controller.key
    return (key.public_key if isinstance(key, Passkey) else key).hex()


def person_rows(current: SignerSet, credential: bytes, language: Language) -> tuple[PersonRow, ...]:
    """Return who signs. ``credential``: of the device that looks."""
    persons: dict[int, list[SignerKey]] = {}
    for one in current.keys:
        persons.setdefault(one.controller.person, []).append(one)
    return tuple(
        PersonRow(
            number,
            held[0].name,
            any(_is_this(one, credential) for one in held),
            tuple(_device_row(one, credential, language, is_last=len(held) == 1) for one in held),
        )
        for number, held in sorted(persons.items())
    )


def _device_row(one: SignerKey, credential: bytes, language: Language, *, is_last: bool) -> DeviceRow:
    known = one.credential
    return DeviceRow(
        key_text(one),
        device_name(one.device, language),
        None if known is None else known.is_synced,
        None if known is None else known.added_at,
        check_digits(one.controller.key),
        _is_this(one, credential),
        is_last,
    )


def _is_this(one: SignerKey, credential: bytes) -> bool:
    return one.credential is not None and one.credential.id == credential


def offer_row(offer: DeviceOffer, language: Language) -> OfferRow:
    """Return a device that waits."""
    device = "" if offer.shown is None else device_name(offer.shown.device, language)
    return OfferRow(offer.id.hex(), offer.name, offer.person == NEW_PERSON, device, offer.digits)


def alarm_view(
    instance: Instance, subject: bytes, person: int | None, credentials: Sequence[str], language: Language, now: int
) -> AlarmView | None:
    """Return the recovery that waits, and what calls it off with one tap.

    Raises:
        ChainError: the ledger does not answer.
    """
    alarm = instance.alarms.recovery(subject, now=now)
    if alarm is None:
        return None
    made = alarm.cancellation
    return AlarmView(
        time_words(alarm.takes_effect_at, language),
        len(alarm.signed),
        alarm.needed,
        person in alarm.signed,
        {
            "domain": domain_data(instance.ledger.subject_domain),
            "credentials": list(credentials),
            "recovery": {
                "subject": to_hex(made.subject),
                "number": made.number,
                "commitment": to_hex(made.commitment),
                "deadline": made.deadline,
            },
            "expected": alarm.digest.hex(),
        },
    )


def held_until(instance: Instance, subject: bytes, language: Language, now: int) -> str | None:
    """Return until when a firm is held, if it is."""
    until = instance.ledger.standing_of(subject).held_until
    return time_words(until, language) if now < until else None


def rotation_page(
    draft: RotationDraft, domain: SigningDomain, person: int | None, credentials: Sequence[str]
) -> RotationPage:
    """Return a change as a signer sees it."""
    after = draft.rotation.controllers
    keys: list[JSON] = [to_hex(each.encoded[1:]) for each in after.keys]
    return RotationPage(
        draft.id.hex(),
        draft.language,
        draft.lines,
        len(draft.signed),
        draft.needed,
        person in draft.signed,
        {
            "domain": domain_data(domain),
            "credentials": list(credentials),
            "change": {
                "subject": to_hex(draft.rotation.subject),
                "entry": draft.rotation.entry,
                "salt": to_hex(after.salt),
                "keys": keys,
            },
            "expected": draft.digest.hex(),
        },
    )


def hold_data(hold: Hold, digest: bytes, domain: SigningDomain, credentials: Sequence[str]) -> dict[str, JSON]:
    """Return what a signer signs to hold the firm."""
    return {
        "domain": domain_data(domain),
        "credentials": list(credentials),
        "hold": {"subject": to_hex(hold.subject), "number": hold.number, "deadline": hold.deadline},
        "expected": digest.hex(),
    }
