"""What signers and their new devices do at the pages about who can sign."""

import re

from tests.kit.portal import Browser, field_of, new_phone, page_data

CODE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")


def device_code(owner, person="1", **fields):
    """Let a signer show a code for a new device, and return it."""
    shown = owner.send_form("/signers/devices", {"person": person, **fields})
    assert shown.status_code == 200, shown.text
    return CODE.search(shown.text)[0]


def bring_device(app, code, phone=None, device="phone", **options):
    """Bring a code with a new device, make its key, and return the phone and the answer."""
    phone, browser = phone or new_phone(), Browser(app)
    page = browser.send_form("/device/code", {"code": code})
    assert page.status_code == 200, page.text
    challenge = bytes.fromhex(page_data(page.text, "creation-data")["challenge"])
    made = phone.registration(challenge, **options)
    sent = {"code": field_of(page.text, "code"), "token": field_of(page.text, "token"), "device": device, **made}
    return phone, browser.send_form("/device", sent)


def take_in(owner, **fields):
    """Take the device in that waits: draw up its change."""
    page = owner.get("/signers").text
    (offer,) = re.findall(r'name="take_in" value="([0-9a-f]+)"', page)
    return owner.send_form("/signers/rotation", {"take_in": offer, **fields})


def sign_change(owner, phone, **changes):
    """Sign the change that waits, as signer.js does."""
    page = owner.get("/signers/rotation").text
    data = page_data(page, "signer-rotation")
    fields = {"draft": field_of(page, "draft"), **phone.fields(bytes.fromhex(data["expected"]))}
    return owner.send_form("/signers/rotation/sign", fields | changes)


def sign_act(owner, path, act, action, phone, **changes):
    """Sign what a form of a page asks for: cancel or hold."""
    page = owner.get(path).text
    data = page_data(page, f"signer-{act}")
    fields = phone.fields(bytes.fromhex(data["expected"]))
    for name in ("number", "deadline"):
        if f'name="{name}"' in page:
            fields[name] = field_of(page, name)
    return owner.send_form(action, fields | changes)
