"""Enrolment: a registrar invites a firm, its signers bring keys, and an approver compares and releases them."""
