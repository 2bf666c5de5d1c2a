"""The pages on which an officer makes up a request to a firm, and sends it."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from api.catalogue.datatype import schemas
from api.catalogue.question_choice import FieldChoice, QuestionInput, choice_named, make_claim
from api.language.translation import N_
from api.portal.bank.builder_view import PreviewPage, builder_page, operand_page, operator_page, start_page
from api.portal.bank.desk import ACTS, BANK, Desk, pages
from api.portal.bank.firm import firms_of
from api.portal.bank.signing import signing
from api.portal.shell.page import Page
from api.services.asking.draft import RequestDraft
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.question import Op
from ledger_node.domain.reason import Reason

_MAX_DIGITS: Final = 6
_OFF: Final = N_("That is no step that may be asked. Choose one of the steps near to it.")
_UNREADABLE: Final = N_("That cannot be read. Type a number such as 500000, a day such as 2026-01-31, or a month.")
_CEILING: Final = N_("That is more than this purpose allows. Nothing was changed.")
_UNCHOSEN: Final = N_("Choose or type what it is compared with.")
_PROBLEMS: Final = {
    Reason.OFF_LADDER: _OFF,
    Reason.VALUE_MALFORMED: _UNREADABLE,
    Reason.FIELD_MISSING: _UNCHOSEN,
    Reason.SET_EMPTY: N_("Choose at least one."),
    Reason.SET_FULL: N_("All of them together ask nothing. Leave one out."),
    Reason.RANGE_EMPTY: N_("The second step must be higher than the first."),
    Reason.PURPOSE_CEILING: _CEILING,
    Reason.VALUE_OUT_OF_RANGE: N_("That is more or less than is possible. Nothing was changed."),
    Reason.QUESTION_MALFORMED: N_("These cannot be combined. Choose two or more single questions."),
    Reason.SET_DUPLICATE: N_("The same question stands there twice. Choose each once."),
    Reason.OPERATOR_UNSUPPORTED: N_("A value that is shown cannot be combined with other questions."),
    Reason.TYPE_WRONG: _UNREADABLE,
    Reason.SET_MEMBER_UNKNOWN: _UNCHOSEN,
}


@pages.get("/bank/new", kinds=BANK, roles=ACTS)
def start(page: Page) -> Response:
    """Let the officer choose firm and purpose, or go on with a draft."""
    desk = Desk(page)
    drafts = page.instance.request_drafts.open_of(desk.bank)
    can_send = page.instance.request_sending.can_send(desk.bank)
    firms = {**firms_of(desk), **{one.subject: desk.firm(one.subject) for one in drafts}}
    view = start_page(page.instance.purposes, desk.words, firms, drafts, can_send=can_send)
    return page.render("bank/start.html", view)


@pages.post("/bank/new", kinds=BANK, roles=ACTS)
def begin(page: Page) -> Response:
    """Begin a draft."""
    desk = Desk(page)
    purpose, code = desk.purpose(page.form.get("purpose", "")).code, page.form.get("code", "").strip()
    subject = page.instance.handovers.redeem(desk.bank, code, now=page.now) if code else _known_firm(desk)
    draft = page.instance.request_drafts.start(desk.bank, subject, purpose, staff=desk.staff, now=page.now)
    return page.redirect(_path(draft))


@pages.get("/bank/new/{draft}", kinds=BANK, roles=ACTS)
def build(page: Page) -> Response:
    """Show a draft: its questions, its bounds, and what may be added."""
    return _built(Desk(page), None)


@pages.get("/bank/new/{draft}/question", kinds=BANK, roles=ACTS)
def choose(page: Page) -> Response:
    """Let the officer choose how a field is asked about, then with what it is compared."""
    desk = Desk(page)
    draft, field = _draft(desk), page.query.get("field", "")
    if "op" not in page.query:
        return page.render("bank/operator.html", operator_page(draft, desk.purpose(draft.purpose), field, desk.words))
    return _operand(desk, draft, field, _op(page.query["op"]))


@pages.post("/bank/new/{draft}/questions", kinds=BANK, roles=ACTS)
def add(page: Page) -> Response:
    """Add a question; where something else than a step was typed, show the steps near to it."""
    desk, form = Desk(page), page.form
    draft, field, op = _draft(desk), form.get("field", ""), _op(form.get("op", ""))
    choice = choice_named(desk.purpose(draft.purpose), schemas(), field)
    try:
        claim = make_claim(choice, _chosen(desk, choice, op), schemas(), today=desk.today)
        page.instance.request_drafts.add(desk.bank, draft.id, claim)
    except CredenceError as error:
        problem = _PROBLEMS.get(error.reason)
        if problem is None or draft.request is not None:
            raise
        typed = form.get("step", "") if error.reason is Reason.OFF_LADDER else ""
        return _operand(desk, draft, field, op, typed=typed, problem=problem)
    return page.redirect(_path(draft))


@pages.post("/bank/new/{draft}/removal", kinds=BANK, roles=ACTS)
def remove(page: Page) -> Response:
    """Take a question out."""
    desk = Desk(page)
    draft = _draft(desk)
    for text in _picked(draft, page):
        page.instance.request_drafts.remove(desk.bank, draft.id, text)
    return page.redirect(_path(draft))


@pages.post("/bank/new/{draft}/combination", kinds=BANK, roles=ACTS)
def combine(page: Page) -> Response:
    """Make the questions that were picked one: at least so many of them are answered yes."""
    desk = Desk(page)
    draft = _draft(desk)
    try:
        needed = _number(page, "needed")
        page.instance.request_drafts.combine(desk.bank, draft.id, needed, _picked(draft, page))
    except CredenceError as error:
        return _built(desk, error)
    return page.redirect(_path(draft))


@pages.post("/bank/new/{draft}/bounds", kinds=BANK, roles=ACTS)
def bound(page: Page) -> Response:
    """Say for how long, how often, and how long answers are kept."""
    desk = Desk(page)
    try:
        days, uses, retention = (_number(page, name) for name in ("days", "uses", "retention_days"))
        draft = page.instance.request_drafts.set_bounds(
            desk.bank, desk.draft_in_path(), days=days, uses=uses, retention_days=retention
        )
    except CredenceError as error:
        return _built(desk, error)
    return page.redirect(_path(draft))


@pages.post("/bank/new/{draft}/look", kinds=BANK, roles=ACTS)
def look(page: Page) -> Response:
    """Fix the times of the request, so that what is shown next is what will be sent."""
    desk = Desk(page)
    try:
        draft = page.instance.request_drafts.look_at(desk.bank, desk.draft_in_path(), page.language, page.now)
    except CredenceError as error:
        return _built(desk, error)
    return page.redirect(f"{_path(draft)}/preview")


@pages.get("/bank/new/{draft}/preview", kinds=BANK, roles=ACTS)
def preview(page: Page) -> Response:
    """Show the request as the firm will see it."""
    desk = Desk(page)
    draft, sending = _draft(desk), page.instance.request_sending
    if draft.request is not None:
        return page.redirect(f"/bank/requests/{to_hex(draft.request)}")
    if draft.begins_at is None:
        return page.redirect(_path(draft))
    asked = sending.preview(draft, now=page.now)
    data = None
    if sending.can_send(desk.bank):
        data = signing(sending.id_of(draft, now=page.now), page.visitor.credential)
    view = PreviewPage(draft.id.hex(), desk.firm(draft.subject), desk.words.request_lines(asked), data)
    return page.render("bank/preview.html", view)


@pages.post("/bank/new/{draft}/request", kinds=BANK, roles=ACTS)
def send(page: Page) -> Response:
    """Send a draft with the officer's signature; sent twice it is one request."""
    desk = Desk(page)
    draft, sending = _draft(desk), page.instance.request_sending
    if draft.request is None:
        desk.signed_by_officer(sending.id_of(draft, now=page.now))
    try:
        held = sending.send(desk.bank, draft.id, now=page.now)
    except InvalidInputError as error:
        if error.field != "look":
            raise
        notice = N_("The page was open too long. Nothing was sent; look at the request once more.")
        return page.redirect(_path(draft), notice=page.gettext(notice))
    notice = page.gettext(N_("The request is sent. The firm sees it now."))
    return page.redirect(f"/bank/requests/{to_hex(held.id)}", notice=notice)


@pages.post("/bank/new/{draft}/drop", kinds=BANK, roles=ACTS)
def drop(page: Page) -> Response:
    """Forget a draft that was not sent."""
    desk = Desk(page)
    page.instance.request_drafts.drop(desk.bank, desk.draft_in_path())
    return page.redirect("/bank/new")


def _known_firm(desk: Desk) -> bytes:
    wanted = desk.page.form.get("firm", "")
    for subject in firms_of(desk):
        if subject.hex() == wanted:
            return subject
    raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "type the firm's code, or choose a firm", field="firm")


def _path(draft: RequestDraft) -> str:
    return f"/bank/new/{draft.id.hex()}"


def _draft(desk: Desk) -> RequestDraft:
    return desk.instance.request_drafts.find(desk.bank, desk.draft_in_path())


def _built(desk: Desk, error: CredenceError | None) -> Response:
    """Return the builder; with what was wrong, where that can be put right on it."""
    draft = _draft(desk)
    problem = None if error is None else _PROBLEMS.get(error.reason)
    if error is not None and (problem is None or draft.request is not None):
        raise error
    if draft.request is not None:
        return desk.page.redirect(f"/bank/requests/{to_hex(draft.request)}")
    if error is not None and error.field == "questions" and error.reason is Reason.FIELD_MISSING:
        problem = N_("Add at least one question first.")
    view = builder_page(
        draft,
        desk.purpose(draft.purpose),
        desk.words,
        desk.firm(draft.subject),
        can_send=desk.instance.request_sending.can_send(desk.bank),
        problem=problem,
    )
    status = HTTPStatus.OK if problem is None else HTTPStatus.BAD_REQUEST
    return desk.page.render("bank/builder.html", view, status=status)


def _operand(
    desk: Desk, draft: RequestDraft, field: str, op: Op, *, typed: str = "", problem: str | None = None
) -> Response:
    choice = choice_named(desk.purpose(draft.purpose), schemas(), field)
    if op not in choice.operators:
        raise InvalidInputError(Reason.OPERATOR_UNSUPPORTED, "this field does not take this operator", field="op")
    issuers = desk.instance.ledger.issuers().get(choice.schema.id, frozenset())
    view = operand_page(draft, choice, op, desk.words, issuers, today=desk.today, typed=typed, problem=problem)
    status = HTTPStatus.OK if problem is None else HTTPStatus.BAD_REQUEST
    return desk.page.render("bank/operand.html", view, status=status)


def _chosen(desk: Desk, choice: FieldChoice, op: Op) -> QuestionInput:
    form, field = desk.page.form, choice.field
    months = form.get("months", "").strip()
    issuer = form.get("issuer", "")
    known = desk.instance.ledger.issuers().get(choice.schema.id, frozenset()) if issuer else frozenset()
    return QuestionInput(
        op=op,
        steps=[form.get("step", ""), form.get("step_2", "")],
        months=_number(desk.page, "months") if months and not form.get("step") else None,
        members=[one for one in field.members if f"member_{one}" in form],
        value=form.get("value", ""),
        period=form.get("period", ""),
        per=[form.get(f"kind_{place}", "").strip() for place in range(len(choice.schema.per))],
        issuer=next((one for one in known if one.hex() == issuer), None),
    )


def _picked(draft: RequestDraft, page: Page) -> list[str]:
    return [text for place, text in enumerate(draft.questions) if f"pick_{place}" in page.form]


def _op(text: str) -> Op:
    try:
        return Op(text)
    except ValueError:
        raise InvalidInputError(Reason.OPERATOR_UNSUPPORTED, "choose how it is asked about", field="op") from None


def _number(page: Page, name: str) -> int:
    text = page.form.get(name, "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "type a whole number", field=name)
    return int(text)
