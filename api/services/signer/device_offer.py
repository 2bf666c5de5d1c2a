"""New devices of a firm: a signer makes a code, the device shows its key with it, and the signers take the key in.

The code counts once, so a second key cannot come in the place of the first one. The key counts for nothing until the
signers in force have signed the change that lists it, with its check digits.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select, update

from api.services.message.seal import SubjectSeal
from api.services.one_time_code.code import OneTimeCodes
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import check_digits, plain_name
from ledger_node.randomness import random_bytes

KIND: Final = "device"
DEVICE_CODE_S: Final = 600
"""How long the code of an offer usually holds good."""
DEVICES: Final = frozenset({"phone", "computer", "tablet", "security key"})
"""What a device may say that it is."""
NEW_PERSON: Final = 0
KEPT_S: Final = 7 * 86_400
"""How long a device that showed its key can be taken in."""
MAX_OPEN: Final = 8
_ID_BYTES: Final = 16
_SEALED_AS: Final = b"device/"
_OFFER: Final = table.device_offer.c


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a device shows of itself. ``synced``: whether its key is copied to other devices of the person."""

    key: Passkey
    credential: bytes
    device: str
    synced: bool


@dataclass(frozen=True, slots=True)
class DeviceOffer:
    """A device that shall sign. ``person``: the number of who holds it, 0 for somebody new. ``shown``: once it came."""

    id: bytes
    subject: bytes
    person: int
    name: str
    made_at: int
    shown: NewDevice | None

    @property
    def digits(self) -> str | None:
        """The check digits of the key, once it came."""
        return None if self.shown is None else check_digits(self.shown.key)


class DeviceOffers:
    """Makes offers, takes the keys of devices, and gives them to whoever draws up the change."""

    def __init__(self, store: Store, codes: OneTimeCodes, seals: SubjectSeal, *, lifetime_s: int) -> None:
        self._seals = seals
        self._store = store
        self._codes = codes
        self._lifetime_s = lifetime_s

    def offer(self, subject: bytes, person: int, name: str, *, now: int) -> tuple[DeviceOffer, str]:
        """Return an offer for a device of a person, and the code that the device shows its key with.

        Raises:
            InvalidInputError: ``rate_limited``; too many devices of the firm wait.
        """
        if len(self.open(subject, now=now)) >= MAX_OPEN:
            raise InvalidInputError(Reason.RATE_LIMITED, "too many devices wait; drop one of them first")
        made = DeviceOffer(random_bytes(_ID_BYTES), subject, person, plain_name(name), now, None)
        sealed = self._seals.seal(subject, _SEALED_AS + made.id, made.name)
        row = {"id": made.id, "subject": subject, "person": person, "sealed": sealed, "made_at": now}
        with self._store.begin() as connection:
            connection.execute(insert(table.device_offer).values(row))
            code = self._codes.issue(KIND, made.id, lifetime_s=self._lifetime_s, connection=connection)
        return made, code

    def look(self, code: str, *, origin: bytes) -> DeviceOffer:
        """Return what a code is for, without spending it. ``origin``: where the try comes from.

        Raises:
            VerificationError: ``code_unknown``, ``code_used``, ``code_expired`` or ``code_locked``.
        """
        found = self._find(self._codes.look(KIND, code, origin=origin))
        if found is None:
            raise VerificationError(Reason.CODE_EXPIRED, "this code is over; ask for a new one", field="code")
        return found

    def arrive(self, code: str, shown: NewDevice, *, origin: bytes, now: int) -> DeviceOffer:
        """Take the key of a device; the code is spent, so that no other key comes in its place.

        Raises:
            VerificationError: as ``look``.
            InvalidInputError: ``value_malformed`` for the kind of the device.
        """
        offer = self.look(code, origin=origin)
        with self._store.begin() as connection:
            self._codes.spend(connection, KIND, code)
            connection.execute(
                update(table.device_offer)
                .where(_OFFER.id == offer.id)
                .values(
                    device=_known(shown.device),
                    credential=shown.credential,
                    rp_id_hash=shown.key.rp_id_hash,
                    public_key=shown.key.public_key,
                    synced=shown.synced,
                    arrived_at=now,
                )
            )
        found = self._find(offer.id)
        assert found is not None  # noqa: S101 - it was found in this call
        return found

    def open(self, subject: bytes, *, now: int) -> list[DeviceOffer]:
        """Return the devices of a firm that wait, the oldest first."""
        waits = (_OFFER.subject == subject) & _OFFER.ended_at.is_(None) & (_OFFER.made_at > now - KEPT_S)
        rows = self._store.rows(select(table.device_offer).where(waits).order_by(_OFFER.made_at))
        return [self._offer(row) for row in rows]

    def find(self, subject: bytes, offer: bytes) -> DeviceOffer:
        """Return a device of a firm that waits.

        Raises:
            InvalidInputError: ``not_found``.
        """
        found = self._find(offer)
        if found is None or found.subject != subject:
            raise InvalidInputError(Reason.NOT_FOUND, "no such device waits")
        return found

    def end(self, subject: bytes, offer: bytes, *, now: int) -> None:
        """Drop a device that waits, or note that it was taken in."""
        held = (_OFFER.id == offer) & (_OFFER.subject == subject) & _OFFER.ended_at.is_(None)
        with self._store.begin() as connection:
            connection.execute(update(table.device_offer).where(held).values(ended_at=now))
            self._codes.end(connection, KIND, offer)

    def _find(self, offer: bytes) -> DeviceOffer | None:
        row = self._store.row(select(table.device_offer).where(_OFFER.id == offer, _OFFER.ended_at.is_(None)))
        return None if row is None else self._offer(row)

    def _offer(self, row: Any) -> DeviceOffer:  # noqa: ANN401 - a row of the table
        shown = None
        if row.arrived_at is not None:
            key = Passkey(row.rp_id_hash, row.public_key)
            shown = NewDevice(key, row.credential, row.device, bool(row.synced))
        name = self._seals.open(row.subject, _SEALED_AS + row.id, row.sealed)
        return DeviceOffer(row.id, row.subject, row.person, name, row.made_at, shown)


def _known(device: str) -> str:
    if device not in DEVICES:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "this is no kind of device that is known", field="device")
    return device
