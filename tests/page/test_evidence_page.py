"""The readable page of evidence: only what checked, everything escaped, one sheet."""

import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape

import pytest
import segno

from api.page.evidence import URN, evidence_page
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.value import format_date
from tests.kit.evidence import CASES, checked, named, trust_of

VALID, FAILING = named("", valid=True), [name for name in CASES if "reason" in CASES[name]["expect"]]
HOSTILE = "<script>alert('1')</script>\"&<img src=x onerror=alert(1)>"
VERDICTS = {"holds": "✓ 是", "does_not_hold": "✕ 否", "cannot_tell": "? 无法判断"}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "footer", "h1", "h2", "p", "br", "div", "span"),
    *("table", "tr", "th", "td", "ol", "ul", "li", "b", "strong", "svg", "path"),
}


def page_of(name):
    return evidence_page(checked(name), trust_of(name))


def with_bundle(name, change):
    """The page of a report on a bundle that was changed after it checked."""
    report = checked(name)
    return evidence_page(replace(report, bundle=change(report.bundle)), trust_of(name))


def with_claims(bundle, claims):
    return replace(bundle, presentation=replace(bundle.presentation, claims=tuple(claims)))


@pytest.mark.parametrize("name", VALID)
def test_the_page_says_what_was_asked_and_answered_and_by_which_file_it_was_checked(name):
    report, page = checked(name), unescape(page_of(name))
    assert to_hex(report.bundle.digest) in page
    assert trust_of(name).fingerprint in page
    assert report.bundle.presentation.subject.credit_code in page
    for verdict in report.verdicts:
        assert verdict.claim.text(report.bundle.schemas) in page
        assert VERDICTS[verdict.outcome] in page
    for member in {shown.header.issuer for shown in report.bundle.presentation.attestations.values()}:
        assert report.bundle.names[member][:40] in page
    assert page.partition('<ol class="checks">')[2].count("✓") == len(report.checks)


@pytest.mark.parametrize("name", VALID)
def test_e1_the_sheet_says_under_each_verdict_whose_data_of_when_and_who_signed(name):
    bundle, page = checked(name).bundle, unescape(page_of(name))
    for number, shown in enumerate(bundle.presentation.claims, start=1):
        marks = page.partition(f'<td class="n">{number}</td>')[2].partition('class="basis">')[2].partition("</td>")[0]
        digests = dict.fromkeys(part.attestation for part in shown.parts)
        assert len(marks.split()) == len(digests)
        for mark, digest in zip(marks.split(), digests, strict=True):
            header = bundle.presentation.attestations[digest].header
            line = page.partition(f"<li><b>{mark}</b>")[2].partition("</li>")[0]
            assert bundle.names[header.issuer][:40] in line
            assert f"{format_date(header.period.first)} — {format_date(header.period.last)}" in line
            assert f"as of {format_date(header.as_of)}" in line
    signed = (
        "no receipt"
        if bundle.receipt is None
        else f"{bundle.names[bundle.receipt.member]} · 第 {bundle.presentation.use.order.number} 次使用"
    )
    assert signed in page.partition("Answered by")[2].partition("</tr>")[0]


@pytest.mark.parametrize("name", FAILING)
def test_what_does_not_check_is_not_shown(name):
    with pytest.raises(VerificationError) as refused:
        page_of(name)
    assert refused.value.reason == CASES[name]["expect"]["reason"]


@pytest.mark.parametrize("name", VALID)
def test_a_page_has_no_scripts_and_reaches_for_nothing(name):
    page = page_of(name)
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= TAGS
    assert not re.search(r"<[^>]*\s(on\w+|src|href|xlink:href|action)\s*=", page)
    assert not re.search(r"url\(|@import|javascript:", page)
    assert "default-src 'none'" in page


def test_a8_what_others_wrote_is_escaped():
    def hostile(bundle):
        shown = bundle.presentation
        terms = replace(shown.consent.terms, grantee_name=HOSTILE, purpose=HOSTILE, purpose_text=HOSTILE)
        presentation = replace(shown, consent=replace(shown.consent, terms=terms))
        return replace(bundle, names=dict.fromkeys(bundle.names, HOSTILE), presentation=presentation)

    page = with_bundle(VALID[0], hostile)
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= TAGS
    assert HOSTILE[:12] not in page
    assert page.count("&lt;script&gt;") >= 3


def test_the_code_on_the_page_holds_the_digest_of_the_file():
    digest = to_hex(checked(VALID[0]).bundle.digest)
    (path,) = re.findall(r'<path[^>]* d="([^"]+)"', page_of(VALID[0]))
    code = segno.make(URN + digest, error="m", micro=False)
    assert drawn(path, len(code.matrix) + 4) == [
        [False] * 2 + [bool(cell) for cell in row] + [False] * 2 for row in code.matrix
    ]


def drawn(path, size):
    """Return the dark squares of a path of horizontal strokes, without the two blank rows above and below."""
    dark, x, y = [[False] * size for _ in range(size)], 0.0, 0.0
    for command, numbers in re.findall(r"([MmhH])([-\d. ]+)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                dark[int(y)][column] = True
            x += values[0]
    return dark[2:-2]


def many(count):
    return lambda bundle: with_claims(bundle, (bundle.presentation.claims * count)[:count])


def test_as_many_claims_as_can_be_asked_have_their_place():
    page = unescape(with_bundle(VALID[0], many(64)))
    exact = checked(VALID[0]).bundle.presentation.claims[0].claim.text(checked(VALID[0]).bundle.schemas)
    assert page.count(exact) >= 64 // len(checked(VALID[0]).bundle.presentation.claims)
    assert "more answers are in the file" not in page


def test_what_has_no_room_is_counted():
    name = max(VALID, key=lambda one: max(len(claim.claim.parts) for claim in checked(one).bundle.presentation.claims))
    longest = max(checked(name).bundle.presentation.claims, key=lambda claim: len(claim.claim.parts))
    page = with_bundle(name, lambda bundle: with_claims(bundle, [longest] * 640))
    (left,) = re.findall(r"(\d+) more answers are in the file", page)
    assert page.count('<li><span class="n">') == 640 - int(left) > 0


@pytest.mark.parametrize("count", [1, 4, 8, 9, 13, 20, 64])
def test_the_page_is_one_sheet(tmp_path, count):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed")
    file, out = tmp_path / "page.html", tmp_path / "page.pdf"
    file.write_text(with_bundle(VALID[0], many(count)), "utf-8")
    command = [browser, "--no-sandbox", "--headless", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--no-pdf-header-footer", f"--print-to-pdf={out}", file.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=250)
    assert re.findall(rb"/Type\s*/Pages\b.*?/Count\s+(\d+)", out.read_bytes(), re.DOTALL) == [b"1"]
