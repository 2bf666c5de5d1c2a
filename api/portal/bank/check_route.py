"""The pages on which an officer checks under a consent, and reads what came of it."""

from typing import Final

from starlette.responses import Response

from api.catalogue.datatype import schemas
from api.language.translation import N_
from api.portal.bank.answer_view import answer_page, refused_page
from api.portal.bank.check_view import consent_page
from api.portal.bank.desk import ACTS, BANK, READS, Desk, pages
from api.portal.shell.page import Page
from api.services.consent.stored_consent import StoredConsent
from api.services.idempotency.attempt import attempt_without_key
from api.services.verification.answer import Answer
from api.services.verification.prepared_use import PreparedUse
from ledger_node.domain.access import MAX_OPERATOR
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.evidence.bundle import MEDIA_TYPE
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy

_PATIENCE_S: Final = 60
_SPENT_NOTHING: Final = {
    Reason.USE_NUMBER_TAKEN: N_(
        "Somebody else of your bank checked at the same moment. Nothing was spent; check again."
    ),
    Reason.USE_TOO_LATE: N_("The page was open too long. Nothing was spent; check again."),
}


@pages.get("/bank/consents/{consent}", kinds=BANK, roles=READS)
def consent(page: Page) -> Response:
    """Show a consent: its questions, what was checked, and the button for one more check."""
    desk = Desk(page)
    held = desk.consent()
    (standing,) = page.instance.bank_consents.standings([held.shown.id], now=page.now)
    prepared, problem = _prepared(desk, held) if standing.state == "live" else (None, None)
    view = consent_page(
        standing,
        desk.words,
        desk.firm(held.shown.terms.subject),
        page.instance.use_history.kept(held.shown.id),
        prepared,
        credential=page.visitor.credential,
        purpose=desk.purpose_text(held.shown.terms.purpose),
        problem=problem,
    )
    return page.render("bank/consent.html", view)


@pages.post("/bank/consents/{consent}/check", kinds=BANK, roles=ACTS)
def check(page: Page) -> Response:
    """Spend a use that the officer signed, and lead to its answer; the same click again leads there as well."""
    desk = Desk(page)
    held = desk.consent()
    claims = _claims(held)
    attempt, number, not_after = _said(page)
    said = {"number": number, "not_after": not_after}
    ticket = page.instance.prepared_uses.ticket(held, claims, attempt=attempt, **said)
    if page.instance.evidence.has(desk.bank, ticket):
        return page.redirect(f"/bank/answers/{to_hex(ticket)}")
    officer = desk.signed_by_officer(ticket)
    order = page.instance.prepared_uses.order(held, claims, attempt=attempt, **said)
    try:
        with page.instance.metrics.verification() as verified:
            answer: Answer = page.instance.verifications.verify(
                desk.bank,
                held.shown.id,
                claims,
                order,
                purpose=None,
                policy=Policy(),
                now=page.now,
                operator=desk.name[:MAX_OPERATOR],
                attempt=attempt_without_key(),
                officer=officer,
            ).result(_PATIENCE_S)
            verified.results = [(one.verdict, one.reason) for one in answer.results]
    except CredenceError as error:
        if error.reason not in _SPENT_NOTHING:
            raise
        return page.redirect(
            f"/bank/consents/{to_hex(held.shown.id)}", notice=page.gettext(_SPENT_NOTHING[error.reason])
        )
    if answer.use is not None and answer.evidence is not None:
        return page.redirect(f"/bank/answers/{to_hex(answer.use)}")
    view = refused_page(
        answer.results,
        desk.words,
        desk.firm(held.shown.terms.subject),
        to_hex(held.shown.id),
        is_spent=answer.use is not None,
    )
    return page.render("bank/refused.html", view)


@pages.get("/bank/answers/{use}", kinds=BANK, roles=READS)
def answer(page: Page) -> Response:
    """Show an answer: verdicts with reasons and next steps, and the evidence checked one by one."""
    desk = Desk(page)
    use = desk.id_in_path("use")
    if page.instance.answer_deletions.is_deleted(desk.bank, use):
        return page.render("bank/deleted.html", None)
    checked = page.instance.evidence_pages.checked(desk.bank, use)
    changes = page.instance.bank_changes.of_answer(desk.bank, use)
    view = answer_page(checked.report, desk.words, desk.firm, changes, now=page.now, may_act=desk.may_act)
    return page.render("bank/answer.html", view)


@pages.get("/bank/answers/{use}/evidence", kinds=BANK, roles=READS)
def evidence(page: Page) -> Response:
    """Give out the evidence of an answer, byte for byte."""
    desk = Desk(page)
    use = desk.id_in_path("use")
    return _file(page.instance.evidence.of_bank(desk.bank, use), MEDIA_TYPE, f"evidence-{to_hex(use)[2:14]}.json")


@pages.get("/bank/answers/{use}/sheet", kinds=BANK, roles=READS)
def sheet(page: Page) -> Response:
    """Give out the evidence as one sheet to read and to keep."""
    desk = Desk(page)
    use = desk.id_in_path("use")
    html = page.instance.evidence_pages.of_bank(desk.bank, use).encode()
    return _file(html, "text/html; charset=utf-8", f"evidence-{to_hex(use)[2:14]}.html")


@pages.post("/bank/answers/{use}/deletion", kinds=BANK, roles=ACTS)
def delete(page: Page) -> Response:
    """Take note that the bank has deleted an answer; its evidence goes here too."""
    desk = Desk(page)
    page.instance.answer_deletions.note_deleted(desk.bank, desk.id_in_path("use"), staff=desk.staff, now=page.now)
    notice = page.gettext(N_("Noted. The evidence was deleted here as well."))
    return page.redirect("/bank/portfolio", notice=notice)


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=media_type, headers=headers)


def _claims(held: StoredConsent) -> list[Claim]:
    return [Claim.parse(text, schemas()) for text in held.shown.terms.questions]


def _prepared(desk: Desk, held: StoredConsent) -> tuple[PreparedUse | None, Reason | None]:
    """Return a use for the button, or why there is no button."""
    if not desk.may_act:
        return None, Reason.NOT_ALLOWED
    try:
        return desk.instance.prepared_uses.prepare(held, _claims(held), now=desk.page.now), None
    except CredenceError as error:
        return None, error.reason


def _said(page: Page) -> tuple[bytes, int, int]:
    form = page.form
    try:
        attempt = bytes.fromhex(form.get("attempt", ""))
        number, not_after = int(form.get("number", "")), int(form.get("not_after", ""))
    except ValueError:
        raise InvalidInputError(Reason.REQUEST_INVALID, "this page was changed; open it anew") from None
    return attempt, number, not_after
