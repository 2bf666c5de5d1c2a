"""Attestations: departments stream records in, follow the job, fetch results and receipts, and erase."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http import openapi
from api.http.access import Access, ADepartment, JsonObject
from api.http.body import record_body
from api.ingestion.reader import Format
from api.services.job_result import result_rows
from api.services.receipt import receipt_of
from api.settings import MAX_UPLOAD_BYTES
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex

router = APIRouter(tags=["attestations"])
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
    request: Request, response: Response, instance: Access, department: ADepartment, schema: Annotated[str, Query()]
) -> JsonObject:
    """Spool the body encrypted and return its job; once this answers, nothing of the upload is lost."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = _FORMATS.get(media_type)
    if form is None:
        raise InvalidInputError(
            Reason.REQUEST_INVALID, f"send Content-Type {' or '.join(_FORMATS)}", field="content-type"
        )
    job = await instance.jobs.receive(department.id, schema, form, request.stream(), max_bytes=MAX_UPLOAD_BYTES)
    response.headers["Location"] = f"/v1/jobs/{job}"
    return {"job": job, "state": "queued"}


@router.get("/jobs/{job}", summary="Progress of a job")
def show_job(job: str, instance: Access, department: ADepartment) -> JsonObject:
    """Return state and counts."""
    return _found(instance.jobs.show(job, department.id))


@router.get("/jobs/{job}/results", summary="Results row by row, in the order of lines")
def show_results(
    job: str,
    instance: Access,
    department: ADepartment,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
    status: Annotated[str | None, Query(pattern="^(issued|unchanged|rejected)$")] = None,
) -> JsonObject:
    """Return rows with a line above ``after``; ``next`` is the ``after`` of the next page, or null."""
    _found(instance.jobs.show(job, department.id))
    rows = result_rows(instance.store, job, after=after, limit=limit, only=status)
    return {"results": rows, "next": rows[-1]["line"] if len(rows) == limit else None}


@router.get("/attestations/{digest}", summary="The receipt of an attestation: header, anchor and inclusion proof")
def show_attestation(digest: str, instance: Access, department: ADepartment) -> JsonObject:
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
async def erase(request: Request, instance: Access, department: ADepartment) -> JsonObject:
    """Take ``{credit_code, schema?}``; the keys of the records are deleted and their positions revoked."""
    record = await record_body(request)
    credit_code = parse_credit_code(record.take("credit_code"))
    schema = record.text("schema") if record.has("schema") else None
    record.done()
    erased = await run_in_threadpool(instance.erasures.erase, department.id, credit_code=credit_code, schema=schema)
    return erased.to_json()


def _found(value: JsonObject | None) -> JsonObject:
    if value is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there is nothing under this id for you")
    return value
