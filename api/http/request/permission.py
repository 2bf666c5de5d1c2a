"""Who may do what: one row a route. ``admit`` reads this table and there is no other rule, so it cannot drift.

An application that has a route without a row does not start. What is a department's or a registrar's own is in its
vault, so these two act only at the instance that serves them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from api.sign_in.server.principal import Kind


class Own(StrEnum):
    """What of it: which of the things that a route deals with are the caller's."""

    NOTHING = "nothing is anybody's own: all get the same"
    SELF = "what is about the caller itself: its own consents, requests, rows"
    NAMED = "the thing that the path names, if it is the caller's; another's is answered like one that is not there"
    VAULT = "the caller's own vault"
    MACHINE = "the instance itself: whoever is on its machine, or holds the token that its operator made for this"
    SIGNED = "whatever the signatures or the secret in the body have authority over, whoever delivers them"


@dataclass(frozen=True, slots=True)
class Permission:
    """``kinds``: who may call; empty for anybody, signed in or not. ``unsigned``: who may do without signatures."""

    kinds: frozenset[Kind]
    own: Own
    unsigned: frozenset[Kind] = frozenset()


_MEMBERS_OF_CONSENTS: Final = (Kind.SUBJECT, Kind.BANK)
ISSUERS: Final = (Kind.DEPARTMENT, Kind.REGISTRAR)
_MEMBERS: Final = (*ISSUERS, Kind.BANK)


def _anybody(own: Own = Own.NOTHING, *, unsigned: Kind | None = None) -> Permission:
    return Permission(frozenset(), own, frozenset() if unsigned is None else frozenset({unsigned}))


def _only(*kinds: Kind, own: Own) -> Permission:
    return Permission(frozenset(kinds), own)


PERMISSIONS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        "GET /livez": _anybody(),
        "GET /readyz": _anybody(),
        "GET /metrics": _anybody(Own.MACHINE),
        "GET /": _anybody(),
        "GET /docs": _anybody(),
        "GET /problems": _anybody(),
        "GET /problems/{reason}": _anybody(),
        "GET /.well-known/oauth-authorization-server": _anybody(),
        "GET /.well-known/oauth-protected-resource": _anybody(),
        "GET /v1/ledger": _anybody(),
        "GET /v1/schemas": _anybody(),
        "GET /v1/members": _anybody(),
        "GET /v1/purposes": _anybody(),
        "GET /v1/catalogue": _anybody(),
        "GET /v1/wording": _anybody(),
        "GET /v1/consent-terms.schema.json": _anybody(),
        "POST /v1/token": _anybody(Own.SIGNED),
        "POST /v1/sign-in-keys": _anybody(Own.SIGNED),
        "GET /v1/sign-in-keys/{member}": _anybody(),
        "GET /v1/me": _only(*Kind, own=Own.SELF),
        "POST /v1/attestations": _only(*ISSUERS, own=Own.VAULT),
        "GET /v1/jobs/{job}": _only(*ISSUERS, own=Own.NAMED),
        "GET /v1/jobs/{job}/results": _only(*ISSUERS, own=Own.NAMED),
        "GET /v1/attestations/{digest}": _only(*ISSUERS, own=Own.NAMED),
        "POST /v1/erasures": _only(*ISSUERS, own=Own.VAULT),
        "POST /v1/subjects": _only(Kind.REGISTRAR, own=Own.VAULT),
        "GET /v1/subjects/{subject}": _only(Kind.SUBJECT, Kind.REGISTRAR, own=Own.NAMED),
        "POST /v1/subjects/{subject}/rotations": _anybody(Own.SIGNED),
        "GET /v1/recoveries": _only(Kind.REGISTRAR, own=Own.VAULT),
        "POST /v1/subjects/{subject}/recoveries": _only(Kind.REGISTRAR, own=Own.VAULT),
        "POST /v1/subjects/{subject}/recoveries/{number}/cancellation": _anybody(Own.SIGNED, unsigned=Kind.REGISTRAR),
        "POST /v1/subjects/{subject}/recoveries/{number}/completion": _only(Kind.REGISTRAR, own=Own.VAULT),
        "POST /v1/subjects/{subject}/holds": _anybody(Own.SIGNED, unsigned=Kind.REGISTRAR),
        "POST /v1/invitations": _only(Kind.REGISTRAR, own=Own.VAULT),
        "GET /v1/invitations": _only(Kind.REGISTRAR, own=Own.VAULT),
        "POST /v1/invitations/{invitation}/codes": _only(Kind.REGISTRAR, own=Own.NAMED),
        "POST /v1/invitations/welcome": _anybody(Own.SIGNED),
        "POST /v1/invitations/passkeys": _anybody(Own.SIGNED),
        "POST /v1/invitations/{invitation}/confirmation": _only(Kind.REGISTRAR, own=Own.NAMED),
        "POST /v1/invitations/{invitation}/cancellation": _only(Kind.REGISTRAR, own=Own.NAMED),
        "POST /v1/consent-requests": _only(Kind.BANK, own=Own.SELF),
        "GET /v1/consent-requests": _only(*_MEMBERS_OF_CONSENTS, own=Own.SELF),
        "POST /v1/consent-requests/{request_id}/refusal": _anybody(Own.SIGNED),
        "POST /v1/consent-texts": _anybody(),
        "GET /v1/spend-seed": _only(Kind.BANK, own=Own.SELF),
        "PUT /v1/spend-seed": _only(Kind.BANK, own=Own.SELF),
        "DELETE /v1/spend-seed": _only(Kind.BANK, own=Own.SELF),
        "POST /v1/steward-keys": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/consents": _anybody(Own.SIGNED),
        "POST /v1/drafts": _only(Kind.SUBJECT, own=Own.SELF),
        "GET /v1/drafts": _only(Kind.SUBJECT, own=Own.SELF),
        "GET /v1/drafts/{draft}": _only(Kind.SUBJECT, own=Own.NAMED),
        "POST /v1/drafts/{draft}/signatures": _only(Kind.SUBJECT, own=Own.NAMED),
        "POST /v1/drafts/cancellation": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/rotation-drafts": _only(Kind.SUBJECT, own=Own.SELF),
        "GET /v1/rotation-drafts": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/rotation-drafts/{draft}/signatures": _only(Kind.SUBJECT, own=Own.NAMED),
        "POST /v1/rotation-drafts/{draft}/cancellation": _only(Kind.SUBJECT, own=Own.NAMED),
        "POST /v1/withdrawals": _anybody(Own.SIGNED),
        "GET /v1/consents": _only(*_MEMBERS_OF_CONSENTS, own=Own.SELF),
        "GET /v1/consents/{consent}": _only(*_MEMBERS_OF_CONSENTS, own=Own.NAMED),
        "POST /v1/consents/{consent}/withdrawal": _anybody(Own.SIGNED),
        "POST /v1/consents/{consent}/changes": _anybody(Own.SIGNED),
        "POST /v1/verifications": _only(Kind.BANK, own=Own.SELF),
        "GET /v1/verifications": _only(Kind.BANK, own=Own.SELF),
        "GET /v1/verifications/{use}/evidence": _only(Kind.BANK, own=Own.NAMED),
        "GET /v1/verifications/{use}/evidence.html": _only(Kind.BANK, own=Own.NAMED),
        "GET /v1/consents/{consent}/receipts": _only(*_MEMBERS_OF_CONSENTS, own=Own.NAMED),
        "GET /v1/consents/{consent}/receipts/{receipt}": _only(*_MEMBERS_OF_CONSENTS, own=Own.NAMED),
        "GET /v1/consent-requests/{request_id}/receipt": _only(*_MEMBERS_OF_CONSENTS, own=Own.NAMED),
        "GET /v1/access-log": _only(*_MEMBERS_OF_CONSENTS, own=Own.SELF),
        "GET /v1/consent-requests/{request_id}": _only(*_MEMBERS_OF_CONSENTS, own=Own.NAMED),
        "POST /v1/consent-requests/{request_id}/own-answers": _only(Kind.SUBJECT, own=Own.NAMED),
        "GET /v1/records": _only(Kind.SUBJECT, own=Own.SELF),
        "GET /v1/looks": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/looks": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/records": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/records/file-wish": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/records/file": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/handovers": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/handovers/redemption": _only(Kind.BANK, own=Own.SELF),
        "POST /v1/devices": _only(Kind.SUBJECT, own=Own.SELF),
        "GET /v1/devices": _only(Kind.SUBJECT, own=Own.SELF),
        "GET /v1/contacts": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/contacts": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/contacts/confirmation": _only(Kind.SUBJECT, own=Own.SELF),
        "POST /v1/contacts/{contact}/removal": _only(Kind.SUBJECT, own=Own.NAMED),
        "POST /v1/subjects/search": _only(Kind.REGISTRAR, own=Own.VAULT),
        "POST /v1/staff": _only(*_MEMBERS, own=Own.SELF),
        "GET /v1/staff": _only(*_MEMBERS, own=Own.SELF),
        "POST /v1/staff/{staff}/end": _only(*_MEMBERS, own=Own.NAMED),
        "GET /v1/releases": _only(*_MEMBERS, own=Own.SELF),
        "GET /v1/notifications": _only(*Kind, own=Own.SELF),
        "GET /v1/webhook": _only(*_MEMBERS, own=Own.SELF),
        "PUT /v1/webhook": _only(*_MEMBERS, own=Own.SELF),
        "DELETE /v1/webhook": _only(*_MEMBERS, own=Own.SELF),
    }
)
