"""Signing looks at a firm's own values, as passkey_form.js does on the pages."""

from tests.kit.portal import page_data


def look_fields(page, phone, data="look-data"):
    """Return what the form of a page sends that a phone signed. ``data``: what the form signs."""
    form = page.text.split(f'data-passkey="{data}"')[1]
    nonce = form.split('name="nonce" value="')[1].split('"')[0]
    return {"nonce": nonce, **phone.fields(bytes.fromhex(page_data(page.text, data)["challenge"]))}


def open_values(browser, phone):
    """Open the values of a firm's records, and return the page."""
    return browser.send_form("/records", look_fields(browser.get("/records"), phone))
