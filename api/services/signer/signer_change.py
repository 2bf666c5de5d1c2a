"""Who signs for a firm now, and changes of that: a device is taken in or removed, a person comes or goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.services.enrolment.firm_name import FirmNames
from api.services.passkey.credential import Credential, Credentials
from api.services.signer.device_offer import NEW_PERSON, DeviceOffer, DeviceOffers
from api.services.signer.rotation_draft import NamedController, RotationDraft, RotationDrafts, SignedDraft
from api.services.subject.controller_history import ControllerHistory
from api.sign_in.server.principal import Kind
from api.storage.database import Store
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import KeyName
from ledger_node.domain.subject import Controller, ControllerKey, Controllers, Signature

_DEVICE_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.CHINESE: {"phone": "手机", "computer": "电脑", "tablet": "平板", "security key": "USB 安全密钥"},
    Language.ENGLISH: {"security key": "USB security key"},
}
_NUMBERED: Final = {Language.CHINESE: "设备 {}", Language.ENGLISH: "device {}"}


def device_name(label: str, language: Language) -> str:
    """Return what a device is called in a language; ``label``: its kind, or the number that enrolment gave it."""
    if label.isdigit():
        return _NUMBERED[language].format(label)
    return _DEVICE_NAMES[language].get(label, label)


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A key in force: whose it is, what that person is called, and the passkey that signs in, where one does."""

    controller: Controller
    name: str
    credential: Credential | None

    @property
    def device(self) -> str:
        """The kind of the device; empty where nobody said it."""
        return "" if self.credential is None else self.credential.label


@dataclass(frozen=True, slots=True)
class SignerSet:
    """Who signs now. ``entry``: the number of the set."""

    keys: tuple[SignerKey, ...]
    threshold: int
    entry: int

    def name_of(self, person: int) -> str:
        """Return what a person is called; empty where nobody said it.

        Raises:
            InvalidInputError: ``not_found``; no such person signs.
        """
        for one in self.keys:
            if one.controller.person == person:
                return one.name
        raise InvalidInputError(Reason.NOT_FOUND, "no such person signs for this firm", field="person")


@dataclass(frozen=True, slots=True)
class WantedChange:
    """What shall change. ``take_in``: offers whose devices showed their keys. ``threshold``: None, as it is.

    ``remove``: keys that sign no more; ``remove_persons``: with all their keys.
    """

    take_in: tuple[bytes, ...] = ()
    remove: frozenset[ControllerKey] = frozenset()
    remove_persons: frozenset[int] = frozenset()
    threshold: int | None = None


class Signers:
    """Says who signs, and draws up changes of it."""

    def __init__(
        self,
        store: Store,
        history: ControllerHistory,
        credentials: Credentials,
        names: FirmNames,
        offers: DeviceOffers,
        drafts: RotationDrafts,
    ) -> None:
        self._store, self._history, self._credentials, self._names = store, history, credentials, names
        self.offers, self.drafts = offers, drafts

    def current(self, subject: bytes) -> SignerSet:
        """Return who signs for a firm.

        Raises:
            InvalidInputError: ``not_found`` or ``erased``.
            ChainError: the ledger does not answer.
        """
        state = self._history.current(subject)
        invited = self._names.signers_of(subject)
        drafted = {key: name.person for key, name in self.drafts.names(subject).items()}
        known = {one.passkey: one for one in self._credentials.of_owner(subject)}
        keys = []
        for each in state.controllers.keys:
            key = each.key
            name = drafted.get(key) or (invited.get(key, "") if isinstance(key, Passkey) else "")
            keys.append(SignerKey(each, name, known.get(key) if isinstance(key, Passkey) else None))
        return SignerSet(tuple(keys), state.controllers.threshold, state.entry)

    def start(self, subject: bytes, wanted: WantedChange, language: Language, *, now: int) -> RotationDraft:
        """Draw up a change.

        Raises:
            InvalidInputError: ``not_found`` for an offer whose device has not come, or as ``RotationDrafts.start``.
            ChainError: the ledger does not answer.
        """
        current = self.current(subject)
        kept = [
            NamedController(one.controller, _called(one, language))
            for one in current.keys
            if one.controller.key not in wanted.remove and one.controller.person not in wanted.remove_persons
        ]
        new_person = max(one.controller.person for one in current.keys)
        for offer in wanted.take_in:
            held = self._shown(subject, offer)
            assert held.shown is not None  # noqa: S101 - _shown saw it
            new_person += held.person == NEW_PERSON
            controller = Controller(held.person or new_person, held.shown.key)
            kept.append(NamedController(controller, KeyName(held.name, device_name(held.shown.device, language))))
        if not kept:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, "somebody must be able to sign for the firm", field="controllers"
            )
        persons = {one.controller.person for one in kept}
        threshold = min(current.threshold, len(persons)) if wanted.threshold is None else wanted.threshold
        retiring = {one.controller.key: _called(one, language) for one in current.keys}
        return self.drafts.start(subject, kept, threshold, retiring, language, now=now)

    def _shown(self, subject: bytes, offer: bytes) -> DeviceOffer:
        held = self.offers.find(subject, offer)
        if held.shown is None:
            raise InvalidInputError(Reason.NOT_FOUND, "this device has not come yet", field="offer")
        return held

    def sign(self, subject: bytes, draft: bytes, signature: Signature, *, now: int) -> SignedDraft:
        """Take a person's signature on a change; once it is in force, new devices sign in.

        Raises:
            InvalidInputError: as ``RotationDrafts.sign``.
            VerificationError: as there.
            ChainError: as there.
        """
        held = self.drafts.find(subject, now=now)
        wanted = None if held is None or held.id != draft else held.rotation.controllers
        came = [] if wanted is None else self._taken_in(subject, wanted, now)
        # before the change, so that nothing is lost between: a passkey counts once its key is in force
        self._keep(subject, came, now)
        signed = self.drafts.sign(subject, draft, signature, now=now)
        if signed.is_done:
            for offer, _ in came:
                self.offers.end(subject, offer.id, now=now)
        return signed

    def take_in(self, subject: bytes, controllers: Controllers, *, now: int) -> None:
        """Let devices that waited sign in, once a change that lists their keys is in force, whoever brought it."""
        came = self._taken_in(subject, controllers, now)
        self._keep(subject, came, now)
        for offer, _ in came:
            self.offers.end(subject, offer.id, now=now)

    def _taken_in(self, subject: bytes, wanted: Controllers, now: int) -> list[tuple[DeviceOffer, int]]:
        persons = {each.key: each.person for each in wanted.keys}
        waiting = self.offers.open(subject, now=now)
        return [(one, persons[one.shown.key]) for one in waiting if one.shown is not None and one.shown.key in persons]

    def _keep(self, subject: bytes, came: list[tuple[DeviceOffer, int]], now: int) -> None:
        for offer, person in came:
            shown = offer.shown
            if shown is None or self._credentials.find(shown.credential) is not None:
                continue
            known = Credential(
                shown.credential,
                Kind.SUBJECT,
                subject,
                person,
                shown.key,
                shown.device,
                is_synced=shown.synced,
                added_at=now,
            )
            with self._store.begin() as connection:
                self._credentials.add(connection, known)


def _called(one: SignerKey, language: Language) -> KeyName:
    return KeyName(one.name, device_name(one.device, language))
