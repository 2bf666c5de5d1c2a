"""Attestations: departments stream records in, follow the job, fetch results and receipts, and erase."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.home.settings import MAX_UPLOAD_BYTES
from api.http.model.attestation import AttestationReceipt, Erasure, ErasureRequest, Job, JobResults, QueuedJob
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.http.request.body import media_type
from api.http.request.cursor import After, Cursors
from api.http.request.idempotency_key import start_upload, store_response
from api.ingestion.reader import Format
from api.services.attestation.stored_attestation import receipt_of
from api.services.erasure import erasure
from api.services.issuing.job import result_rows, show_job
from api.services.issuing.row_classifier import Permission
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["attestations"], route_class=AdmittedRoute)
_FORMATS = {"text/csv": Format.CSV, "application/x-ndjson": Format.NDJSON}
_PAGE = 1000


def _taking_rows(*examples: str) -> dict[str, Any]:
    """Return what OpenAPI says of a body that rows are streamed in; ``examples``: one a format."""
    content = {
        media_type: {"schema": {"type": "string"}, "examples": {"example": {"value": example}}}
        for media_type, example in zip(_FORMATS, examples, strict=True)
    }
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/attestations",
    status_code=HTTPStatus.ACCEPTED,
    summary="Stream records in (CSV or NDJSON)",
    response_model=QueuedJob,
    openapi_extra=_taking_rows(
        "统一社会信用代码,评价年度,信用级别,评定日期,有效期起,有效期止,数据截至日期\n"
        "91990000MABYF3008C,2025,B,2026-04-20,2026-04-20,2027-04-19,2026-10-31\n",
        '{"credit_code": "91990000MABYF3008C", "period": "2025", "as_of": "2026-10-31", '
        '"values": {"rating_year": 2025, "grade": "B", "rated_on": "2026-04-20", '
        '"valid_from": "2026-04-20", "valid_to": "2027-04-19"}}\n',
    ),
)
async def upload_records(
    request: Request,
    instance: ServingInstance,
    department: SignedIn,
    schema: Annotated[str, Query()],
    *,
    correct: Annotated[bool, Query()] = False,
    restore_erased: Annotated[bool, Query()] = False,
) -> Response:
    """Spool the body encrypted and return its job; once this answers, nothing of the upload is lost.

    ``correct``: rows may replace what is attested for the same day or a later one. ``restore_erased``: rows may be
    about firms that the department erased.
    """
    form = _FORMATS.get(media_type(request))
    if form is None:
        raise InvalidInputError(
            Reason.MEDIA_TYPE_UNSUPPORTED, f"send Content-Type {' or '.join(_FORMATS)}", field="content-type"
        )
    body = await start_upload(request, max_bytes=MAX_UPLOAD_BYTES)

    def store_job(connection: Connection, job: str) -> None:
        store_response(connection, request, _queued(job), body=body.digest)

    job = await instance.jobs.uploads.receive(
        department.id,
        schema,
        form,
        body,
        max_bytes=MAX_UPLOAD_BYTES,
        permission=Permission(corrects=correct, restores=restore_erased),
        store_response=store_job,
    )
    return _queued(job)


def _queued(job: str) -> Response:
    body = QueuedJob(job=job).model_dump_json()
    return Response(body, HTTPStatus.ACCEPTED, {"Location": f"/v1/jobs/{job}"}, media_type="application/json")


@router.get("/jobs/{job}", summary="Progress of a job", response_model=Job)
def get_job(job: str, instance: ServingInstance, department: SignedIn) -> JSONResponse:
    """Return state and counts."""
    return JSONResponse(_found(show_job(instance.store, job, department.id)))


@router.get("/jobs/{job}/results", summary="Results row by row, in the order of lines", response_model=JobResults)
def list_job_results(
    job: str,
    instance: ServingInstance,
    department: SignedIn,
    cursors: Cursors,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
    status: Annotated[str | None, Query(pattern="^(issued|unchanged|rejected)$")] = None,
) -> JSONResponse:
    """Return a page of rows; ``next`` is the ``after`` of the next page, or null."""
    _found(show_job(instance.store, job, department.id))
    listing = f"results/{job}/{status}"
    line = 0 if after is None else int.from_bytes(cursors.read(listing, after), "big")
    rows = result_rows(instance.store, job, after=line, limit=limit, only=status)
    following = cursors.write(listing, rows[-1]["line"].to_bytes(8, "big")) if len(rows) == limit else None
    return JSONResponse({"results": rows, "next": following})


@router.get(
    "/attestations/{digest}",
    summary="The receipt of an attestation: header, anchor and inclusion proof",
    response_model=AttestationReceipt,
)
def get_attestation(digest: str, instance: ServingInstance, department: SignedIn) -> JSONResponse:
    """Return the receipt."""
    attestation = from_hex(digest, "digest")
    return JSONResponse(_found(receipt_of(instance.store, instance.ledger.anchor_domain, department.id, attestation)))


@router.post(
    "/erasures", summary="Erase what this department attested to about a firm, and revoke it", response_model=Erasure
)
async def erase_records(
    wanted: ErasureRequest, request: Request, instance: ServingInstance, department: SignedIn
) -> JSONResponse:
    """Take ``{credit_code, schema?}``; the keys of the records are deleted and their positions revoked."""

    def store_erasure(connection: Connection, erased: erasure.Erasure) -> None:
        store_response(connection, request, JSONResponse(erased.to_json()))

    erased = await run_in_threadpool(
        instance.erasures.erase,
        department.id,
        credit_code=wanted.credit_code,
        schema=wanted.schema_name,
        store_response=store_erasure,
    )
    return JSONResponse(erased.to_json())


def _found(value: dict[str, Any] | None) -> dict[str, Any]:
    if value is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there is nothing under this id for you")
    return value
