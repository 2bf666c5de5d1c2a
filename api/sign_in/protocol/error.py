"""Why a call is not taken for anybody's."""

from ledger_node.domain.error import CredenceError


class SignInError(CredenceError):
    """The caller is not who the route needs."""


class ProofError(SignInError):
    """The proof of possession does not check, whoever calls."""
