"""What every route answers with when it does what it was asked: one table, from which OpenAPI is made."""

from typing import Final

from api.http.openapi.shape import (
    ACCESS_ROW,
    ACCOUNT,
    ANCHOR,
    BLOCK,
    COUNT,
    CURSOR,
    DIGEST,
    FLAG,
    HEADER,
    HELD_CONSENT,
    HELD_REQUEST,
    PRESENTATION,
    REASON,
    RECEIPT,
    SIGNATURE,
    TIME,
    WORDS,
    Shape,
    many,
    or_null,
    record,
    shaped,
    text,
)
from api.http.request.credential import RESOURCE_METADATA, SERVER_METADATA, Kind
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS, Algorithm
from api.storage.table import WebhookState

_JOB: Final = text("9e65b71106176aaaa9ca938a16fd4a55")
_BILINGUAL: Final = record(en=text("Tax payment"), zh=text("纳税情况"))
_SCHEMA: Final = shaped({"type": "object"}, {"name": "tax_payment", "version": 1, "fields": []})

_JWK: Final = shaped(
    {"type": "object", "description": "public key as JWK (RFC 7517)"},
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
)
_NAME: Final = shaped({"type": "string"}, "consent_granted")
_ANYTHING: Final = shaped({"type": "object"}, {})
_HOME: Final = text("https://credence.example")
_PROOFS: Final = shaped({"type": "array", "items": {"enum": sorted(MEMBER_ALGORITHMS)}}, sorted(MEMBER_ALGORITHMS))
_WEBHOOK: Final = record(url=text("https://hooks.bank.example/credence"), state=text("active", *WebhookState))

ANSWERS: Final[dict[tuple[str, str], Shape]] = {
    ("get", "/livez"): record(status=text("live")),
    ("get", "/readyz"): record(
        status=text("ready"),
        block=COUNT,
        block_time=TIME,
        head_age_s=COUNT,
        pending=many(
            record(kind=text("grants"), count=COUNT, oldest_s=COUNT, reason=or_null(text("ledger_unavailable"), None))
        ),
    ),
    ("get", SERVER_METADATA): record(
        issuer=_HOME,
        token_endpoint=text("https://credence.example/v1/token"),
        response_types_supported=shaped({"type": "array", "maxItems": 0}, []),
        grant_types_supported=many(text("client_credentials", "client_credentials")),
        token_endpoint_auth_methods_supported=many(text("private_key_jwt", "private_key_jwt")),
        token_endpoint_auth_signing_alg_values_supported=many(text("ES256", *sorted(Algorithm))),
        dpop_signing_alg_values_supported=_PROOFS,
        protected_resources=many(_HOME),
        service_documentation=text("https://credence.example/docs"),
    ),
    ("get", RESOURCE_METADATA): record(
        resource=_HOME,
        authorization_servers=many(_HOME),
        dpop_signing_alg_values_supported=_PROOFS,
        dpop_bound_access_tokens_required=FLAG,
        resource_name=text("Credence"),
        resource_documentation=text("https://credence.example/docs"),
    ),
    ("get", "/v1/ledger"): record(
        chain_id=COUNT,
        genesis=DIGEST,
        contracts={
            "type": "object",
            "additionalProperties": ACCOUNT,
            "examples": [{"ConsentRegistry": "0x" + "19" * 20}],
        },
        head=BLOCK,
    ),
    ("get", "/v1/schemas"): record(
        schemas=many(
            record(
                schema_id=DIGEST,
                schema=_SCHEMA,
                title=_BILINGUAL,
                cadence=text("yearly"),
                valid_days=COUNT,
                headings=shaped({"type": "object"}, {"paid_amount": ["实缴税额（元）"]}),
            )
        )
    ),
    ("get", "/v1/members"): record(
        members=many(record(id=DIGEST, name=text("Demo bank"), roles=many(text("bank")), active=FLAG))
    ),
    ("get", "/v1/purposes"): record(
        purposes=many(
            record(
                code=text("loan_application"), text=_BILINGUAL, max_days=COUNT, max_uses=COUNT, max_retention_days=COUNT
            )
        ),
        digest=DIGEST,
    ),
    ("post", "/v1/token"): record(
        access_token=text("5a" * 32), token_type=text("DPoP", "DPoP"), expires_in=shaped({"type": "integer"}, 300)
    ),
    ("post", "/v1/sign-in-keys"): record(client=DIGEST, number=COUNT),
    ("get", "/v1/sign-in-keys/{member}"): record(client=DIGEST, number=COUNT, keys=many(_JWK), signature=SIGNATURE),
    ("get", "/v1/me"): record(kind=text("bank", *Kind), id=DIGEST, label=text("Demo bank")),
    ("post", "/v1/subjects"): record(
        subject=DIGEST,
        commitment=DIGEST,
        threshold=COUNT,
        registration=DIGEST,
    ),
    ("get", "/v1/subjects/{subject}"): record(
        subject=DIGEST,
        registration=DIGEST,
        history=many(_ANYTHING),
        pending_recovery=or_null(_ANYTHING, None),
        refused=many(_ANYTHING),
    ),
    ("post", "/v1/subjects/{subject}/rotations"): record(
        subject=DIGEST, entry=COUNT, since=or_null(TIME), commitment=DIGEST
    ),
    ("post", "/v1/subjects/{subject}/recoveries"): record(
        subject=DIGEST, number=COUNT, commitment=DIGEST, requested_at=or_null(TIME), completable_at=or_null(TIME)
    ),
    ("post", "/v1/subjects/{subject}/recoveries/{number}/cancellation"): record(
        subject=DIGEST, number=COUNT, state=text("cancelled", "cancelled")
    ),
    ("post", "/v1/subjects/{subject}/recoveries/{number}/completion"): record(
        subject=DIGEST, number=COUNT, entry=COUNT, since=or_null(TIME), commitment=DIGEST
    ),
    ("post", "/v1/attestations"): record(job=_JOB, state=text("queued", "queued")),
    ("get", "/v1/jobs/{job}"): record(
        job=_JOB,
        schema=text("tax_payment"),
        state=text("done", "receiving", "queued", "running", "done", "failed"),
        correct=FLAG,
        restore_erased=FLAG,
        lines_read=COUNT,
        heading=COUNT,
        blank=COUNT,
        rows_read=COUNT,
        issued=COUNT,
        unchanged=COUNT,
        rejected=COUNT,
        batches=COUNT,
        gas_used=COUNT,
        created_at=TIME,
        next_line=or_null(COUNT),
        reason=REASON,
        message=WORDS,
    ),
    ("get", "/v1/jobs/{job}/results"): record(
        results=many(record(line=COUNT, status=text("issued", "issued", "unchanged", "rejected"))), next=CURSOR
    ),
    ("get", "/v1/attestations/{digest}"): record(
        attestation=DIGEST,
        header=HEADER,
        anchor=or_null(ANCHOR),
        index=COUNT,
        path=many(DIGEST),
        transaction=or_null(DIGEST),
        block=or_null(COUNT),
    ),
    ("post", "/v1/erasures"): record(erased=COUNT, attestations=many(DIGEST), transaction=or_null(DIGEST)),
    ("post", "/v1/consent-requests"): HELD_REQUEST,
    ("get", "/v1/consent-requests"): record(requests=many(HELD_REQUEST)),
    ("post", "/v1/consent-requests/{request_id}/refusal"): record(request=DIGEST, state=text("refused", "refused")),
    ("post", "/v1/consent-texts"): record(text=text("Consent to a check of credit data …"), text_digest=DIGEST),
    ("post", "/v1/consents"): HELD_CONSENT,
    ("get", "/v1/consents"): record(consents=many(HELD_CONSENT)),
    ("get", "/v1/consents/{consent}"): HELD_CONSENT,
    ("post", "/v1/consents/{consent}/changes"): record(consent=DIGEST, changes=COUNT),
    ("post", "/v1/consents/{consent}/withdrawal"): record(consent=DIGEST, state=text("withdrawn", "withdrawn")),
    ("post", "/v1/verifications"): record(
        block=or_null(BLOCK),
        use=or_null(record(id=DIGEST, transaction=DIGEST)),
        uses=or_null(COUNT),
        max_uses=or_null(COUNT),
        controllers_entry=COUNT,
        presentation=PRESENTATION,
    ),
    ("get", "/v1/consents/{consent}/receipts"): record(receipts=many(record(id=DIGEST, receipt=RECEIPT))),
    ("get", "/v1/consents/{consent}/receipts/{receipt}"): RECEIPT,
    ("get", "/v1/consent-requests/{request_id}/receipt"): RECEIPT,
    ("get", "/v1/notifications"): record(
        notifications=many(record(id=_NAME, kind=_NAME, time=TIME, data=_ANYTHING)), next=or_null(_NAME)
    ),
    ("put", "/v1/webhook"): _WEBHOOK,
    ("get", "/v1/webhook"): _WEBHOOK,
    ("delete", "/v1/webhook"): record(state=text("removed", "removed")),
    ("get", "/v1/access-log"): record(keeper=DIGEST, rows=many(ACCESS_ROW), next=CURSOR),
}
