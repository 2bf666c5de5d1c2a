"""What the groups of routes are about."""

from typing import Final

TAGS: Final = [
    {"name": "verifications", "description": "A bank asks consented questions and gets verdicts with evidence."},
    {"name": "consents", "description": "A bank asks for a consent; the subject grants, pauses, withdraws or refuses."},
    {"name": "receipts", "description": "Signed documents of what happened to a consent. They check offline."},
    {"name": "access log", "description": "Who asked what about whom. The ledger holds its checkpoints."},
    {"name": "attestations", "description": "A department sends records in, follows its jobs, and erases."},
    {"name": "subjects", "description": "A registrar registers firms; controllers rotate and recover their keys."},
    {"name": "notifications", "description": "What the ledger's events mean for the caller: a feed and webhooks."},
    {"name": "sign-in", "description": "Sign-in keys and access tokens (OAuth 2.0 with DPoP)."},
    {"name": "reference", "description": "What anybody may know: the network, members, schemas and purposes."},
    {"name": "health", "description": "Whether the instance runs and serves."},
]
"""One a tag that routes carry, in the order in which the document shows them."""
