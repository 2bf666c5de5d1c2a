"""A receipt as a page for people: Chinese and English side by side, printable, without scripts.

The page is built as a tree and never as text, so that whatever a name or a purpose holds is shown and never run.
The JSON document is what counts; the page carries its id.
"""

import base64
import xml.etree.ElementTree as ET  # nosec B405 # builds and writes only, and reads nothing
from collections.abc import Sequence
from typing import Final

from api.language.moment import table_time
from ledger_node.domain.consent_text import text_digest
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.receipt import Act, Receipt

_STYLE: Final = (
    "@page{size:A4;margin:11mm 13mm}*{box-sizing:border-box}"
    "html{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
    "body{max-width:184mm;margin:0 auto;color:#1b1f23;background:#fff;font-size:8.6pt;line-height:1.38;"
    "font-family:'PingFang SC','HarmonyOS Sans SC',MiSans,'Microsoft YaHei UI','Microsoft YaHei','Noto Sans CJK SC',"
    "'Noto Sans SC','Helvetica Neue',Arial,sans-serif}"
    "@media screen{body{padding:8mm 4mm}section{margin-bottom:14mm}}"
    "@media screen and (max-width:480px){body{font-size:11pt}}"
    "section{break-after:page}section:last-child{break-after:auto}"
    "h1{font-size:15pt;line-height:1.2;margin:0 0 3mm;font-weight:700}"
    "h1 span{display:block;font-size:9.6pt;font-weight:400;color:#57606a;margin-top:.6mm}"
    "h2{font-size:9pt;margin:3mm 0 1mm;padding-bottom:.6mm;border-bottom:.35mm solid #1b1f23;font-weight:700}"
    "h2 span,th span{color:#57606a;font-weight:400}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{padding:.55mm 2.5mm .55mm 0;text-align:left;vertical-align:top;font-weight:400;white-space:pre-line;"
    "overflow-wrap:anywhere}th{width:38mm}td:last-child{padding-right:0}"
    ".mono{font-family:'Noto Sans Mono','DejaVu Sans Mono',Consolas,Menlo,monospace;font-size:6.8pt;color:#57606a}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font:inherit}"
    ".small{font-size:7.6pt;margin:2.6mm 0 0;padding-top:1.4mm;border-top:.35mm solid #1b1f23}"
)
_STYLE_HASH: Final = base64.b64encode(sha256_digest(_STYLE.encode())).decode("ascii")
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_TITLES: Final = {
    Act.GRANTED: ("授权回执", "Receipt of a consent granted"),
    Act.REFUSED: ("不同意授权回执", "Receipt of a request refused"),
    Act.PAUSED: ("暂停授权回执", "Receipt of a consent paused"),
    Act.RESUMED: ("恢复授权回执", "Receipt of a consent resumed"),
    Act.WITHDRAWN: ("撤回授权回执", "Receipt of a consent withdrawn"),
    Act.USED: ("核验回执", "Receipt of a use of a consent"),
}
_Row = tuple[str, str, str]
"""What a row is called in Chinese and in English, and what it says."""


def receipt_page(receipts: Sequence[tuple[Receipt, str | None]]) -> str:
    """Return one page of receipts, each on a sheet of A4.

    Each may come with the text that was shown when its terms were signed; a text that the terms do not carry the
    digest of is left out.
    """
    html = ET.Element("html", lang="zh-CN")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    ET.SubElement(head, "title").text = "回执 Receipts"
    ET.SubElement(head, "style").text = _STYLE
    body = ET.SubElement(html, "body")
    for receipt, text in receipts:
        _add(ET.SubElement(body, "section"), receipt, text)
    if not receipts:
        _say(ET.SubElement(body, "p"), "没有回执。", "There are no receipts.")
    return "<!DOCTYPE html>\n" + ET.tostring(html, encoding="unicode", method="html") + "\n"


def _add(section: ET.Element, receipt: Receipt, text: str | None) -> None:
    _say(ET.SubElement(section, "h1"), *_TITLES[receipt.act])
    _add_table(section, _facts(receipt))
    about = receipt.basis.about
    if text is not None and isinstance(about, ShownConsent) and text_digest(text) == about.terms.text_digest:
        _say(ET.SubElement(section, "h2"), "签署人看到并签字的文字", "The words that the signers saw and signed")
        ET.SubElement(section, "pre").text = text
    _say(ET.SubElement(section, "h2"), "供核对", "To check it by")
    _add_table(section, _codes(receipt), style="mono")
    note = ET.SubElement(section, "p")
    note.set("class", "small")
    _say(
        note,
        "本页由回执文件生成，以 JSON 文件为准；可离线核对：credence receipt verify。",
        "This page was made from the receipt; the JSON document is what counts, and checks offline: "
        "credence receipt verify.",
    )


def _say(element: ET.Element, chinese: str, english: str) -> None:
    """Put what is said into an element, in both languages."""
    element.text = f"{chinese} "
    ET.SubElement(element, "span", lang="en").text = english


def _add_table(section: ET.Element, rows: Sequence[_Row], style: str | None = None) -> None:
    table = ET.SubElement(ET.SubElement(section, "table"), "tbody")
    for chinese, english, value in rows:
        row = ET.SubElement(table, "tr")
        _say(ET.SubElement(row, "th", scope="row"), chinese, english)
        cell = ET.SubElement(row, "td")
        cell.text = value
        if style is not None:
            cell.set("class", style)


def _facts(receipt: Receipt) -> list[_Row]:
    terms, at = receipt.basis.asked, receipt.recorded
    rows = [
        ("时间（北京时间）", "Time (Beijing)", table_time(at.block_time)),
        ("银行", "Bank", terms.grantee_name),
        ("用途", "Purpose", terms.purpose_text),
        ("有效期", "Valid", f"{table_time(terms.not_before)} – {table_time(terms.expires_at)}"),
    ]
    match receipt.act:
        case Act.USED:
            rows.append(("第几次使用", "Use", f"{receipt.number} / {terms.max_uses}"))
        case Act.PAUSED | Act.RESUMED:
            rows.append(("第几次变更", "Change", str(receipt.number)))
        case Act.WITHDRAWN:
            rows.append(("方式", "By", _withdrawn_by(receipt)))
        case Act.GRANTED | Act.REFUSED:
            pass
    return rows


def _codes(receipt: Receipt) -> list[_Row]:
    """Return the exact forms and ids: what nobody reads, and whoever checks compares."""
    terms, at = receipt.basis.asked, receipt.recorded
    is_consent = isinstance(receipt.basis.about, ShownConsent)
    rows = [
        ("核验事项", "Questions", "\n".join(terms.questions)),
        ("用途代码", "Code of the purpose", terms.purpose),
        ("银行编号", "Id of the bank", to_hex(terms.grantee)),
        ("主体编号", "Subject", to_hex(terms.subject)),
        ("授权编号", "Consent", to_hex(receipt.id)) if is_consent else ("申请编号", "Request", to_hex(receipt.id)),
    ]
    if receipt.use is not None:
        rows.append(("使用凭单", "Ticket of the use", to_hex(receipt.use)))
    return [
        *rows,
        ("交易", "Transaction", to_hex(at.transaction)),
        ("区块", "Block", f"{at.block_number} ({to_hex(at.block_hash)})"),
        ("网络", "Network", f"{receipt.domain.chain_id} ({to_hex(receipt.domain.contract)})"),
        ("出具单位", "Issued by member", to_hex(receipt.keeper)),
        ("回执编号", "Id of this receipt", to_hex(receipt.digest)),
    ]


def _withdrawn_by(receipt: Receipt) -> str:
    if receipt.basis.signed_act is not None:
        return "签署人签字 signatures of the signers"
    return "平台代管的钥匙 the steward key" if receipt.number else "撤回凭条 the secret of the slip"
