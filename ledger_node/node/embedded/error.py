"""What the node refuses: at start (:class:`NodeError`) and to a client (:class:`RpcError`)."""

from enum import StrEnum
from typing import Final

from typing_extensions import override

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
SERVER_ERROR: Final = -32000
"""What Ethereum clients answer for a transaction or a call that cannot be carried out."""
RESPONSE_TOO_LARGE: Final = -32003
LIMIT_EXCEEDED: Final = -32005
NOT_AUTHORIZED: Final = -32007
"""Besu's code for a sender outside the account allowlist."""
EXECUTION_REVERTED: Final = 3


class NodeReason(StrEnum):
    """Why a chain file cannot be used; stable words for programs."""

    CHAIN_LOCKED = "chain_locked"
    CHAIN_MISSING = "chain_missing"
    CHAIN_EXISTS = "chain_exists"
    CHAIN_FORMAT = "chain_format"
    CHAIN_CORRUPT = "chain_corrupt"
    GENESIS_INVALID = "genesis_invalid"
    SEALER_INVALID = "sealer_invalid"
    HOST_INVALID = "host_invalid"
    SLOW_CRYPTOGRAPHY = "slow_cryptography"
    WRITER_STOPPED = "writer_stopped"


class NodeError(Exception):
    """The node cannot do what its operator asked.

    Attributes:
        reason: one of :class:`NodeReason`, stable across versions.
    """

    def __init__(self, reason: NodeReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RpcError(Exception):
    """A refusal with its JSON-RPC code; ``message`` is shown to the client."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    @override
    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


def invalid_params(message: str) -> RpcError:
    """Return the error for a parameter that is missing or malformed; ``message`` names it."""
    return RpcError(INVALID_PARAMS, message)


def refused(message: str) -> RpcError:
    """Return the error for a transaction or a call that cannot be carried out, worded as geth does."""
    return RpcError(SERVER_ERROR, message)
