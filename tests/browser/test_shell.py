"""The frame of all pages in Chromium: sign-in, what the policy stops, phones that cannot sign, widths, and axe."""

import pytest

from tests.kit.portal_browser import MATRIX, overflow, violations

PUBLIC = ("/", "/sign-in", "/help", "/privacy")
SIGN_IN = "Sign in with fingerprint or face"
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50"


@pytest.mark.parametrize(("language", "width"), MATRIX)
def test_b13_axe_finds_nothing_on_any_page_of_the_frame(instance, visit, language, width):
    person = visit(instance.new_shop().phones[0], language, width)
    found = {}
    for path in PUBLIC:
        found[path] = violations(person.go(path))
    person.sign_in("/sessions")
    found["/sessions"] = violations(person.page)
    assert {path: rules for path, rules in found.items() if rules} == {}


def test_b2_a_closed_prompt_says_that_nothing_happened(instance, visit):
    person = visit(instance.new_shop().phones[0])
    person.close_prompts()
    person.go("/sign-in")
    person.button(SIGN_IN).click()
    shown = person.page.get_by_role("alert")
    shown.wait_for()
    assert "Nothing was signed and nothing happened." in shown.inner_text()
    assert person.button(SIGN_IN).is_enabled()


def test_b7_a_page_inside_an_app_says_how_to_get_out(visit):
    person = visit(user_agent=WECHAT)
    person.go("/sign-in")
    person.button(SIGN_IN).click()
    shown = person.page.get_by_role("alert")
    shown.wait_for()
    assert "Open in browser" in shown.inner_text()
    shown.get_by_role("link", name="Other ways").click()
    person.page.wait_for_url("**/help#ways")


def test_b7_a_browser_without_passkeys_says_so(visit):
    person = visit()
    person.page.add_init_script("delete window.PublicKeyCredential")
    person.go("/sign-in")
    person.button(SIGN_IN).click()
    shown = person.page.get_by_role("alert")
    shown.wait_for()
    assert "cannot sign" in shown.inner_text()


@pytest.mark.parametrize("path", PUBLIC)
def test_b15_no_page_scrolls_sideways_on_the_narrowest_phone(visit, path):
    page = visit(width=320).go(path)
    assert overflow(page) <= 0


def test_b16_injected_scripts_and_markup_do_nothing(visit):
    person = visit()
    page = person.go("/help")
    ran = page.evaluate(
        """() => {
            const script = document.createElement("script");
            try { script.text = "window.ran = 1"; document.head.append(script); } catch (error) { window.stopped = 1; }
            try { document.body.innerHTML = "<b>x</b>"; } catch (error) { window.trusted = 1; }
            return [window.ran ?? 0, window.trusted ?? 0];
        }"""
    )
    assert ran == [0, 1]
    # Chromium says so
    assert all("TrustedScript" in fault or "TrustedHTML" in fault for fault in person.faults)
    person.faults.clear()
