"""Where a firm is told things outside the pages: added with a controller's signature, confirmed by a code."""

from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.model.firm import Contact, ContactCode, ContactList, ContactRemoval, NewContact
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.instance.wiring import Instance
from api.services.message.contact import ContactView
from ledger_node import clock
from ledger_node.domain.contact_act import SIGNED_FOR_S, ContactChange, contact_digest
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature

router = APIRouter(tags=["notifications"], route_class=AdmittedRoute)
_ID_BYTES: Final = 16


@router.get("/contacts", summary="The addresses to which your notices go")
def list_contacts(instance: ServingInstance, subject: SignedIn) -> ContactList:
    """Return your addresses, masked, and the channels by which this instance sends."""
    return _listed(instance, subject.id)


@router.post("/contacts", summary="Add an address, signed by one controller")
async def add_contact(wanted: NewContact, instance: ServingInstance, subject: SignedIn) -> Contact:
    """Take ``{address, language, signed_at, signature}`` and send a code there."""
    now = clock.now()

    def add() -> ContactView:
        about = wanted.address.encode()
        _require_signed(instance, subject.id, ContactChange.ADD, about, wanted.signed_at, wanted.signature, now)
        return instance.contacts.add(subject.id, wanted.address, wanted.language, now=now)

    return _shown(await run_in_threadpool(add))


@router.post("/contacts/confirmation", summary="Confirm an address by the code that went there")
async def confirm_contact(shown: ContactCode, instance: ServingInstance, subject: SignedIn) -> Contact:
    """Take ``{code}``. All your addresses are told that there is one more."""
    return _shown(await run_in_threadpool(instance.contacts.confirm, subject.id, shown.code, now=clock.now()))


@router.post("/contacts/{contact}/removal", summary="Remove an address, signed by one controller")
async def remove_contact(
    contact: str, wanted: ContactRemoval, instance: ServingInstance, subject: SignedIn
) -> ContactList:
    """Take ``{signed_at, signature}``. The address that goes is told, and so are all others."""
    now, contact_id = clock.now(), from_hex(contact, "contact", length=_ID_BYTES)

    def remove() -> None:
        _require_signed(instance, subject.id, ContactChange.REMOVE, contact_id, wanted.signed_at, wanted.signature, now)
        instance.contacts.remove(subject.id, contact_id, now=now)

    await run_in_threadpool(remove)
    return await run_in_threadpool(_listed, instance, subject.id)


def _require_signed(
    instance: Instance,
    subject: bytes,
    change: ContactChange,
    about: bytes,
    signed_at: int,
    signature: Signature,
    now: int,
) -> None:
    """Require a fresh signature of a controller in force, as the page demands a fresh passkey.

    Raises:
        VerificationError: ``signatures_late``, ``subject_on_hold``, or why the signature does not count.
    """
    if not now - SIGNED_FOR_S < signed_at <= now + SIGNED_FOR_S:
        raise VerificationError(Reason.SIGNATURES_LATE, "sign this anew: a signature is good for five minutes")
    instance.controllers.require_no_hold(subject, now)
    digest = contact_digest(subject, change, about, signed_at)
    instance.controllers.current(subject).controllers.signed_by(digest, [signature], 1)


def _listed(instance: Instance, subject: bytes) -> ContactList:
    return ContactList(
        contacts=[_shown(one) for one in instance.contacts.of(subject)], channels=sorted(instance.contacts.channels)
    )


def _shown(view: ContactView) -> Contact:
    return Contact(
        id=to_hex(view.id),
        channel=view.channel,
        masked=view.masked,
        language=view.language,
        added_at=view.added_at,
        confirmed_at=view.confirmed_at,
    )
