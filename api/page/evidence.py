"""The readable page of evidence: one sheet of A4 in Chinese and English, made only of what checked."""

import datetime as dt
import io
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

import segno

from api.page.answer_list import answer_list, shorten
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.report import Check, CheckName, Report
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason

URN: Final = "urn:credence:evidence:"
"""What the QR code holds: this, and the digest."""
_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_LONGEST: Final = 140
_CHECKS: Final = {
    CheckName.FORM: "文件完整",
    CheckName.NETWORK: "网络一致",
    CheckName.BLOCK: "区块已签封",
    CheckName.STATE: "状态证明",
    CheckName.MEMBERS: "成员名称",
    CheckName.KEYS: "签名密钥",
    CheckName.CONSENT: "企业授权",
    CheckName.SUBJECT: "企业身份",
    CheckName.ANSWERS: "逐项答复",
    CheckName.RECEIPT: "答复回执",
    CheckName.DAY: "有效日期",
}


def evidence_page(report: Report, trust: Trust) -> str:
    """Return the page of a bundle that checked under ``trust``.

    Raises:
        VerificationError: a check failed; what does not check is not shown.
    """
    report.require()
    bundle = report.bundle
    consent = None if bundle is None else bundle.presentation.consent
    if bundle is None or consent is None:
        raise InvalidInputError(Reason.FIELD_MISSING, "evidence comes with its consent")
    digest = to_hex(bundle.digest)
    time = bundle.block.header.timestamp
    return Template((files("api.page") / "evidence.html").read_text("utf-8")).substitute(
        short_digest=escape(digest[:18]),
        digest=escape(digest),
        qr=_qr(URN + digest),
        block=bundle.block.header.number,
        beijing=_time(time, _BEIJING),
        utc=_time(time, dt.UTC),
        facts="\n".join(_facts(bundle, consent, report)),
        answers=answer_list(bundle),
        checks="\n".join(_check(check) for check in report.checks),
        fingerprint=escape(trust.fingerprint),
    )


def _qr(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, border=2, title="QR"
    )
    return out.getvalue().decode("utf-8")


def _time(seconds: int, zone: dt.timezone) -> str:
    return dt.datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M:%S")


def _facts(bundle: Bundle, consent: ShownConsent, report: Report) -> Iterator[str]:
    terms, subject, receipt, final = consent.terms, bundle.presentation.subject, bundle.receipt, report.final
    if subject is not None:
        yield _fact("企业", "Firm", subject.credit_code)
    yield _fact("银行", "Bank", terms.grantee_name)
    yield _fact("用途", "Purpose", f"{terms.purpose_text} ({terms.purpose})")
    bounds, use = consent.bounds, bundle.presentation.use
    span = f"{_time(bounds.not_before, _BEIJING)} — {_time(bounds.expires_at, _BEIJING)}"
    signed = f"{len(consent.signatures)}/{len(consent.controllers.persons)}"
    yield _fact("授权", "Consent", f"{span}（北京时间 Beijing）· {signed} 人签字 persons signed", to_hex(consent.id))
    who = "无回执 no receipt" if receipt is None else bundle.names[receipt.member]
    counted = None if use is None else use.counted
    if counted is not None:
        spent = f"第 {counted.number} 次使用 use {counted.number} of {bounds.max_uses}"
        yield _fact("答复方", "Answered by", f"{who} · {spent}", to_hex(counted.ticket))
    if final is not None:
        sealed = f"{len(final.signers)}/{final.of} 签封 sealed · 网络 network {bundle.chain_id}"
        yield _fact("区块", "Block", sealed, to_hex(final.hash))


def _fact(chinese: str, english: str, text: str, code: str = "") -> str:
    shown = f'<div class="mono">{escape(code)}</div>' if code else ""
    said = escape(shorten(text, _LONGEST)) + shown
    return f'<tr><th>{chinese} <span class="en">{english}</span></th><td>{said}</td></tr>'


def _check(check: Check) -> str:
    words = escape(shorten(check.words, _LONGEST))
    return f'<li><b>✓</b> {check.name.number} {_CHECKS[check.name]} <span class="en">{words}</span></li>'
