"""Attestations: departments stream records in, follow the job, fetch results and receipts, and erase."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.home.settings import MAX_UPLOAD_BYTES
from api.http.middleware.stored_responses import keep_answer
from api.http.openapi import openapi
from api.http.request.admission import Access, ADepartment, AdmittedRoute, JsonAnswer
from api.http.request.body import media_type, record_body
from api.http.request.cursor import After, Cursors
from api.http.request.idempotency_key import begin_stream
from api.ingestion.reader import Format
from api.services.attestation.receipt import receipt_of
from api.services.erasure.erasure import Erasure
from api.services.issuing.job_results import result_rows
from api.services.issuing.row_classifier import Permission
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["attestations"], route_class=AdmittedRoute)
_FORMATS = {"text/csv": Format.CSV, "application/x-ndjson": Format.NDJSON}
_PAGE = 1000


@router.post(
    "/attestations",
    status_code=HTTPStatus.ACCEPTED,
    summary="Stream records in (CSV or NDJSON)",
    openapi_extra=openapi.upload(
        "统一社会信用代码,评价年度,信用级别,评定日期,有效期起,有效期止,数据截至日期\n"
        "91990000MABYF3008C,2025,B,2026-04-20,2026-04-20,2027-04-19,2026-10-31\n",
        '{"credit_code": "91990000MABYF3008C", "period": "2025", "as_of": "2026-10-31", '
        '"values": {"rating_year": 2025, "grade": "B", "rated_on": "2026-04-20", '
        '"valid_from": "2026-04-20", "valid_to": "2027-04-19"}}\n',
    ),
)
async def upload(
    request: Request,
    instance: Access,
    department: ADepartment,
    schema: Annotated[str, Query()],
    *,
    correct: Annotated[bool, Query()] = False,
    restore_erased: Annotated[bool, Query()] = False,
) -> JSONResponse:
    """Spool the body encrypted and return its job; once this answers, nothing of the upload is lost.

    ``correct``: rows may replace what is attested for the same day or a later one. ``restore_erased``: rows may be
    about firms that the department erased.
    """
    form = _FORMATS.get(media_type(request))
    if form is None:
        raise InvalidInputError(
            Reason.MEDIA_TYPE_UNSUPPORTED, f"send Content-Type {' or '.join(_FORMATS)}", field="content-type"
        )
    body = await begin_stream(request, max_bytes=MAX_UPLOAD_BYTES)

    def store_response(connection: Connection, job: str) -> None:
        keep_answer(connection, request, _queued(job), body=body.digest)

    permission = Permission(corrects=correct, restores=restore_erased)
    job = await instance.jobs.uploads.receive(
        department.id,
        schema,
        form,
        body,
        max_bytes=MAX_UPLOAD_BYTES,
        permission=permission,
        store_response=store_response,
    )
    return _queued(job)


def _queued(job: str) -> JSONResponse:
    return JSONResponse({"job": job, "state": "queued"}, HTTPStatus.ACCEPTED, {"Location": f"/v1/jobs/{job}"})


@router.get("/jobs/{job}", summary="Progress of a job")
def show_job(job: str, instance: Access, department: ADepartment) -> JsonAnswer:
    """Return state and counts."""
    return _found(instance.jobs.show(job, department.id))


@router.get("/jobs/{job}/results", summary="Results row by row, in the order of lines")
def show_results(
    job: str,
    instance: Access,
    department: ADepartment,
    cursors: Cursors,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
    status: Annotated[str | None, Query(pattern="^(issued|unchanged|rejected)$")] = None,
) -> JsonAnswer:
    """Return a page of rows; ``next`` is the ``after`` of the next page, or null."""
    _found(instance.jobs.show(job, department.id))
    listing = f"results/{job}/{status}"
    line = 0 if after is None else int.from_bytes(cursors.read(listing, after), "big")
    rows = result_rows(instance.store, job, after=line, limit=limit, only=status)
    following = cursors.write(listing, rows[-1]["line"].to_bytes(8, "big")) if len(rows) == limit else None
    return {"results": rows, "next": following}


@router.get("/attestations/{digest}", summary="The receipt of an attestation: header, anchor and inclusion proof")
def show_attestation(digest: str, instance: Access, department: ADepartment) -> JsonAnswer:
    """Return the receipt."""
    return _found(receipt_of(instance.store, instance.ledger.anchor_domain, department.id, from_hex(digest, "digest")))


@router.post(
    "/erasures",
    summary="Erase what this department attested to about a firm, and revoke it",
    openapi_extra=openapi.body(
        {"credit_code": openapi.CREDIT_CODE, "schema": {"type": ["string", "null"]}},
        {"credit_code": "91990000MABYF3008C", "schema": "tax_payment"},
        required=("credit_code",),
    ),
)
async def erase(request: Request, instance: Access, department: ADepartment) -> JSONResponse:
    """Take ``{credit_code, schema?}``; the keys of the records are deleted and their positions revoked."""
    record = await record_body(request)
    credit_code = parse_credit_code(record.take("credit_code"))
    schema = record.text("schema") if record.has("schema") else None
    record.done()

    def store_response(connection: Connection, erased: Erasure) -> None:
        keep_answer(connection, request, JSONResponse(erased.to_json()))

    erased = await run_in_threadpool(
        instance.erasures.erase, department.id, credit_code=credit_code, schema=schema, store_response=store_response
    )
    return JSONResponse(erased.to_json())


def _found(value: JsonAnswer | None) -> JsonAnswer:
    if value is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there is nothing under this id for you")
    return value
