"""Pages for people: problem types and the list of routes. They hold no script and load nothing."""

import base64
import json
from collections.abc import Mapping
from html import escape
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from api.http.problem.document import TYPE_PREFIX, status_of_reason, title_of
from api.http.problem.reason_text import REASON_TEXT
from api.language.choice import accepted_language
from api.language.reason_words import reason_words
from api.language.translation import translation
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason

DEFAULT_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What a browser may do with any other answer."""
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}"
    "pre{overflow:auto;background:#f3f3f0;padding:.75rem}code{font-size:.95em}"
    "h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}dt{font-weight:600;margin-top:.75rem}"
)
_STYLE_HASH: Final = base64.b64encode(sha256_digest(_STYLE.encode())).decode("ascii")
_POLICY: Final = f"{DEFAULT_POLICY}; style-src 'sha256-{_STYLE_HASH}'"
"""What a browser may do with a page (Content Security Policy Level 3): its one style sheet, and no script."""
router = APIRouter(include_in_schema=False)


def page(title: str, content: str, language: Language = Language.ENGLISH) -> HTMLResponse:
    """Return a page; ``content`` is HTML whose every text was escaped."""
    code = "zh-CN" if language is Language.CHINESE else "en"
    html = (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "public, max-age=3600",
        "Content-Language": code,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(html, headers=headers)


def asked_language(request: Request) -> Language:
    """Return the language that ``?lang=`` names, or else the one that the browser likes best."""
    named = request.query_params.get("lang")
    return Language(named) if named in set(Language) else accepted_language(request.headers.get("accept-language"))


AskedLanguage = Annotated[Language, Depends(asked_language)]


@router.get(TYPE_PREFIX[:-1])
def problem_list(language: AskedLanguage) -> HTMLResponse:
    """Return the page of all problem types."""
    _ = translation(language).gettext
    items = "".join(
        f'<dt><a href="{TYPE_PREFIX}{reason.value}?lang={language}"><code>{reason.value}</code></a></dt>'
        f"<dd>{escape(reason_words(reason, language).meaning)}</dd>"
        for reason in sorted(Reason)
    )
    return page(_("Problem types"), f"{_other(language, TYPE_PREFIX[:-1])}<dl>{items}</dl>", language)


@router.get(TYPE_PREFIX + "{reason}")
def problem_page(reason: str, language: AskedLanguage) -> HTMLResponse:
    """Return the page of one problem type: its words for people, and for who writes a program."""
    if reason not in set(Reason):
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such problem type")
    known, status = Reason(reason), status_of_reason(Reason(reason))
    words, _ = reason_words(known, language), translation(language).gettext
    usual = _("Reason code {code}, usual status {status}.").format(
        code=f"<code>{known.value}</code>", status=f'{status.value} <span lang="en">{escape(status.phrase)}</span>'
    )
    programs, every = _("For programs:"), _("All problem types")
    return page(
        title_of(known) if language is Language.ENGLISH else words.meaning.rstrip("。"),
        f"{_other(language, TYPE_PREFIX + known.value)}"
        f"<p>{escape(words.meaning)}</p><p>{escape(words.next_step)}</p><p>{usual}</p>"
        f'<p>{escape(programs)} <span lang="en">{escape(REASON_TEXT[known])}</span></p>'
        f'<p><a href="{TYPE_PREFIX[:-1]}?lang={language}">{escape(every)}</a></p>',
        language,
    )


def _other(language: Language, path: str) -> str:
    code, name, lang = ("en", "English", "en") if language is Language.CHINESE else ("zh", "中文", "zh-CN")
    return f'<p><a href="{path}?lang={code}" lang="{lang}">{name}</a></p>'


@router.get("/docs")
async def routes_page(request: Request) -> HTMLResponse:
    """Return the routes of the OpenAPI document as a page."""
    document = request.app.openapi()
    operations = [
        _operation(method, path, operation, document["components"]["parameters"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    links = f'<p><a href="/openapi.json">OpenAPI document</a> · <a href="{TYPE_PREFIX[:-1]}">problem types</a></p>'
    description = f"<p>{escape(document['info']['description'])}</p>"
    return page(f"{document['info']['title']} API", "".join([description, links, *operations]))


def _operation(method: str, path: str, operation: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    parts = [f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"]
    parts += [f"<p>{escape(operation[name])}</p>" for name in ("summary", "description") if operation.get(name)]
    for listed in operation.get("parameters", ()):
        parameter = shared[listed["$ref"].rpartition("/")[2]] if "$ref" in listed else listed
        words = parameter.get("description") or parameter["schema"].get("description", "")
        parts.append(f"<p><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}) {escape(words)}</p>")
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body, {escape(media_type)}:</p>{_examples(content)}")
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if status.startswith("2"):
                parts.append(f"<p>Answer {escape(status)}, {escape(media_type)}:</p>{_examples(content)}")
    return "".join(parts)


def _examples(content: Mapping[str, Any]) -> str:
    shown = [example["value"] for example in content.get("examples", {}).values()]
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, indent=2) for one in shown]
    return "".join(f"<pre>{escape(text)}</pre>" for text in texts)
