"""What people do at the pages of enrolment: invite, scan, make a key, compare and confirm."""

import re

from api.services.staff.role import StaffRole
from tests.kit.portal import Browser, field_of, new_phone, page_data
from tests.kit.small_instance import REGISTRAR

LIST = "/registrar/invitations"
FIRM = "王记面包房"


def signed_in(instance, app, *roles, member=REGISTRAR):
    """Return the browser of a member's person, with the person's key beside it."""
    browser, key = Browser(app), instance.new_staff(member, *roles or (StaffRole.ADMIN,))
    browser.sign_in(key)
    browser.key = key
    return browser


def invite(clerk, code, *signers, path=LIST, **changes):
    """Open an invitation, and return its path."""
    fields = {"credit_code": code, "name": FIRM, "signers": "\n".join(signers or ["王小红"]), "threshold": "1"}
    answer = clerk.send_form(path, {**fields, "way": "counter", **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def code_for(clerk, path, person=1):
    """Let a clerk show a code, and return it."""
    shown = clerk.send_form(f"{path}/code", {"person": str(person)})
    return re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", shown.text)[0]


def show_code(browser, code, path="/enrol"):
    """Type a code, and return the page that offers to make a key."""
    return browser.send_form(f"{path}/code", {"code": code})


def bring_key(browser, code, phone=None, path="/enrol", **options):
    """Make a key by a code, and return the answer."""
    page = show_code(browser, code, path)
    assert page.status_code == 200, page.text
    challenge = bytes.fromhex(page_data(page.text, "creation-data")["challenge"])
    made = (phone or new_phone()).registration(challenge, **options)
    fields = {"code": field_of(page.text, "code"), "token": field_of(page.text, "token"), **made}
    return browser.send_form(path, fields)


def sign(browser, page, data, action, **options):
    """Send the form of a page that the person's key signs. ``data``: the id of what it signs."""
    text = browser.get(page).text
    digest = bytes.fromhex(page_data(text, data)["challenge"])
    number = re.search(rf'action="{re.escape(action)}".*?name="number" value="(\d+)"', text, re.DOTALL)[1]
    return browser.send_form(action, {"number": number, **browser.key.fields(digest, **options)})


def release(approver, path):
    """Confirm an invitation as an approver."""
    return sign(approver, path, "release-data", f"{path}/release")
