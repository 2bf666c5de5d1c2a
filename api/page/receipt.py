"""A receipt as a page for people: Chinese and English side by side, printable, without scripts.

The page is built as a tree and never as text, so that whatever a name or a purpose holds is shown and never run.
The JSON document is what counts; the page carries its id.
"""

import base64
import datetime as dt
import xml.etree.ElementTree as ET  # nosec B405 # builds and writes only, and reads nothing
from collections.abc import Sequence
from typing import Final

from ledger_node.domain.consent_text import text_digest
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.receipt import Act, Receipt

_STYLE: Final = (
    "body{font:15px/1.6 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;margin:2em auto;max-width:48em;"
    "padding:0 1em;color:#111;background:#fff}"
    "h1{font-size:1.4em}section{break-after:page}section:last-child{break-after:auto}"
    "table{border-collapse:collapse;width:100%}th,td{border-top:1px solid #bbb;padding:.3em .6em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere;white-space:pre-line}th{width:14em;font-weight:600}"
    "pre{white-space:pre-wrap;border:1px solid #bbb;padding:.8em;font:inherit}.small{font-size:.85em;color:#444}"
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
    Act.GRANTED: "授权回执 Receipt of a consent granted",
    Act.REFUSED: "拒绝回执 Receipt of a request refused",
    Act.PAUSED: "暂停回执 Receipt of a consent paused",
    Act.RESUMED: "恢复回执 Receipt of a consent resumed",
    Act.WITHDRAWN: "撤回回执 Receipt of a consent withdrawn",
    Act.USED: "使用回执 Receipt of a use of a consent",
}
_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_LAST_TIME: Final = 253_402_214_400
"""The last second that dates have."""


def receipt_page(receipts: Sequence[tuple[Receipt, str | None]]) -> str:
    """Return one page of receipts.

    Each may come with the text that was shown when its terms were signed; a text that the terms do not carry the
    digest of is left out.
    """
    html = ET.Element("html", lang="zh")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    ET.SubElement(head, "title").text = "回执 Receipts"
    ET.SubElement(head, "style").text = _STYLE
    body = ET.SubElement(html, "body")
    for receipt, text in receipts:
        _add(ET.SubElement(body, "section"), receipt, text)
    if not receipts:
        ET.SubElement(body, "p").text = "没有回执。 There are no receipts."
    return "<!DOCTYPE html>\n" + ET.tostring(html, encoding="unicode", method="html") + "\n"


def _add(section: ET.Element, receipt: Receipt, text: str | None) -> None:
    ET.SubElement(section, "h1").text = _TITLES[receipt.act]
    rows = ET.SubElement(ET.SubElement(section, "table"), "tbody")
    for name, value in _rows(receipt):
        row = ET.SubElement(rows, "tr")
        ET.SubElement(row, "th", scope="row").text = name
        ET.SubElement(row, "td").text = value
    about = receipt.basis.about
    if text is not None and isinstance(about, ShownConsent) and text_digest(text) == about.terms.text_digest:
        ET.SubElement(section, "pre").text = text
    note = ET.SubElement(section, "p")
    note.set("class", "small")
    note.text = (
        "本页由回执文件生成，以 JSON 文件为准；可离线核验：credence receipt verify。 "
        "This page was made from the receipt; the JSON document is what counts, and checks offline: "
        "credence receipt verify."
    )


def _rows(receipt: Receipt) -> list[tuple[str, str]]:
    terms, at = receipt.basis.asked, receipt.recorded
    is_consent = isinstance(receipt.basis.about, ShownConsent)
    rows = [
        ("时间（北京时间） Time (Beijing)", _time(at.block_time)),
        ("银行 Bank", f"{terms.grantee_name} ({to_hex(terms.grantee)})"),
        ("用途 Purpose", f"{terms.purpose_text} ({terms.purpose})"),
        ("事项 Questions", "\n".join(terms.questions)),
        ("有效期 Valid", f"{_time(terms.not_before)} – {_time(terms.expires_at)}"),
        ("主体编号 Subject", to_hex(terms.subject)),
        ("授权编号 Consent" if is_consent else "申请编号 Request", to_hex(receipt.id)),
    ]
    match receipt.act:
        case Act.USED:
            rows.append(("第几次使用 Use", f"{receipt.number} / {terms.max_uses}"))
            rows.append(("使用凭单 Ticket of the use", to_hex(receipt.use or b"")))
        case Act.PAUSED | Act.RESUMED:
            rows.append(("第几次变更 Change", str(receipt.number)))
        case Act.WITHDRAWN:
            rows.append(("方式 By", _withdrawn_by(receipt)))
        case Act.GRANTED | Act.REFUSED:
            pass
    return [
        *rows,
        ("交易 Transaction", to_hex(at.transaction)),
        ("区块 Block", f"{at.block_number} ({to_hex(at.block_hash)})"),
        ("链 Chain", f"{receipt.domain.chain_id} ({to_hex(receipt.domain.contract)})"),
        ("出具人 Issued by member", to_hex(receipt.keeper)),
        ("回执编号 Id of this receipt", to_hex(receipt.digest)),
    ]


def _withdrawn_by(receipt: Receipt) -> str:
    if receipt.basis.signed_act is not None:
        return "控制人签名 signatures of the controllers"
    return "代管密钥 the steward key" if receipt.number else "撤回密钥 the secret"


def _time(seconds: int) -> str:
    if seconds > _LAST_TIME:
        return str(seconds)
    return dt.datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")
