"""JSON-RPC over web3.py's plain HTTP provider: single and batched requests, reverts decoded in one place."""

from collections.abc import Sequence
from typing import Any, Final

import requests
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import get_abi_input_types
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

TIMEOUT_S: Final = 30
_ERROR_STRING: Final = bytes.fromhex("08c379a0")


class ContractRevertError(ChainError):
    """A contract refused: ``error`` is the name of its custom error, ``args`` its named arguments."""

    def __init__(self, error: str, arguments: dict[str, Any]) -> None:
        super().__init__(*_KNOWN.get(error, (Reason.LEDGER_REFUSED, f"the contract refused: {error}")))
        self.error = error
        self.arguments = arguments


_KNOWN: Final = {
    "ConsentExists": (Reason.CONSENT_EXISTS, "exactly this consent was granted already"),
    "ConsentUnknown": (Reason.CONSENT_UNKNOWN, "the ledger knows no such consent"),
    "ConsentNotLive": (Reason.CONSENT_WITHDRAWN, "this consent was withdrawn, and that is final"),
    "ConsentAlreadyPaused": (Reason.CONSENT_PAUSED, "this consent is paused already"),
    "ConsentNotPaused": (Reason.CONSENT_NOT_PAUSED, "this consent is not paused"),
    "ConsentChangeNumberWrong": (
        Reason.CONSENT_CHANGED_ALREADY,
        "this change was signed under another number than the next one; read the consent and sign again",
    ),
    "RequestExists": (Reason.REQUEST_ANSWERED, "exactly this was asked for already"),
    "RequestNotOpen": (Reason.REQUEST_ANSWERED, "this request was answered already"),
    "ConsentExpired": (Reason.CONSENT_EXPIRED, "this consent would be over already"),
    "ConsentWrongSecret": (Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent"),
    "SubjectExists": (Reason.SUBJECT_EXISTS, "this subject is registered already"),
    "SubjectUnknown": (Reason.SUBJECT_UNKNOWN, "the ledger knows no such subject"),
    "MemberKeyNotValid": (Reason.KEY_NOT_VALID, "the member's key is not valid at this time"),
    "MemberLacksRole": (Reason.NOT_ALLOWED, "the member does not have the role that this needs"),
    "MemberNotActive": (Reason.NOT_ALLOWED, "the member is not active"),
    "SubjectCommitmentCurrent": (Reason.CONTROLLERS_UNCHANGED, "these controllers are in force already"),
    "SubjectRecoveryPending": (Reason.RECOVERY_PENDING, "a recovery of this subject is pending already"),
    "SubjectRecoveryNotPending": (Reason.RECOVERY_NOT_PENDING, "no recovery of this subject is pending"),
    "SubjectRecoveryEarly": (Reason.RECOVERY_EARLY, "a recovery takes effect 72 hours after it was requested"),
}


class Rpc:
    """One endpoint. Every failure is a ChainError; a refusal by a contract is a ContractRevertError."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._provider = HTTPProvider(url, request_kwargs={"timeout": TIMEOUT_S}, exception_retry_configuration=None)

    def request(self, method: str, *params: Any) -> Any:
        """Return the result of one request.

        Raises:
            ChainError: the endpoint does not answer, or answers with an error.
        """
        try:
            response = self._provider.make_request(RPCEndpoint(method), list(params))
        except (OSError, requests.RequestException, Web3Exception, ValueError) as error:
            raise _unavailable() from error
        return _result(response)

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the results of several requests sent at once.

        Raises:
            ChainError: the endpoint does not answer, or any of the answers is an error.
        """
        if not calls:
            return []
        named = [(RPCEndpoint(method), params) for method, params in calls]
        try:
            responses = self._provider.make_batch_request(named)
        except (OSError, requests.RequestException, Web3Exception, ValueError, TypeError, KeyError) as error:
            raise _unavailable() from error
        if not isinstance(responses, list) or len(responses) != len(calls):
            raise _unavailable()
        return [_result(response) for response in responses]


def _result(response: Any) -> Any:
    if not isinstance(response, dict):
        raise _unavailable()
    error = response.get("error")
    if error is None:
        return response.get("result")
    if not isinstance(error, dict):
        raise _unavailable()
    data = error.get("data")
    if isinstance(data, str) and data.startswith("0x") and len(data) > 2:  # noqa: PLR2004 - more than 0x
        raise revert_of(bytes.fromhex(data[2:]))
    raise ChainError(
        Reason.LEDGER_REFUSED, f"the ledger refused ({error.get('code')}): {str(error.get('message'))[:200]}"
    )


def revert_of(data: bytes) -> ContractRevertError:
    """Return the named error that revert data stands for; data that is cut off is an unknown error."""
    try:
        error = _named(data)
    except (DecodingError, OverflowError, UnicodeDecodeError):
        error = None
    return error or ContractRevertError("UnknownError", {"selector": data[:4].hex()})


def _named(data: bytes) -> ContractRevertError | None:
    selector, body = data[:4], data[4:]
    for name in CONTRACTS:
        entry = artifact(name).errors.get(selector)
        if entry is not None:
            values = abi_decode(get_abi_input_types(entry), body)
            if entry["name"] == "CouncilCallFailed":
                return revert_of(values[1])
            return ContractRevertError(
                entry["name"], dict(zip((item["name"] for item in entry["inputs"]), values, strict=True))
            )
    if selector == _ERROR_STRING:
        return ContractRevertError("Error", {"message": abi_decode(["string"], body)[0]})
    return None


def _unavailable() -> ChainError:
    return ChainError(
        Reason.LEDGER_UNAVAILABLE,
        "the ledger node does not answer; see: credence node status",
    )
