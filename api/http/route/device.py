"""New devices of a firm: a code for each, and the keys that they showed. A rotation that lists a key takes it in."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.firm import DeviceCode, NewDevice, WaitingDeviceList
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.services.signer.device_offer import DeviceOffer
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import to_hex

router = APIRouter(tags=["subjects"], route_class=AdmittedRoute)


@router.post("/devices", summary="Make a code by which a new device shows its key")
async def offer_device(wanted: NewDevice, instance: ServingInstance, subject: SignedIn) -> DeviceCode:
    """Take ``{person, name}`` and return ``{device, code, lifetime_s}``. The device types the code at ``/device``."""
    offers = instance.device_offers
    offer, code = await run_in_threadpool(offers.offer, subject.id, wanted.person, wanted.name, now=clock.now())
    return DeviceCode(device=to_hex(offer.id), code=code, lifetime_s=instance.portal_settings.device_link_s)


@router.get("/devices", summary="Your devices that wait to sign for you", response_model=WaitingDeviceList)
def list_devices(instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Return each device with the passkey that it showed. Compare the digits before a rotation lists it."""
    waiting = instance.device_offers.open(subject.id, now=clock.now())
    return JSONResponse({"devices": [_shown(one) for one in waiting]})


def _shown(offer: DeviceOffer) -> JSON:
    return {
        "device": to_hex(offer.id),
        "person": offer.person,
        "name": offer.name,
        "made_at": offer.made_at,
        "passkey": None if offer.shown is None else offer.shown.key.to_json(),
        "digits": offer.digits,
    }
