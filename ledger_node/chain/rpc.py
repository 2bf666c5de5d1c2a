"""JSON-RPC to the nodes of a chain: single and batched requests, the forms of blocks, numbers, receipts and reverts.

Receipts are the only truth about whether a transaction was mined, and what came of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import get_abi_input_types
from web3.types import RPCResponse

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact, data_of
from ledger_node.chain.endpoint import Call
from ledger_node.chain.endpoint_pool import EndpointPool, revert_data
from ledger_node.chain.port import Block, Mined
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

HEAD_CALL: Final[Call] = ("eth_getBlockByNumber", ["latest", False])
"""The request for the newest block."""
_ERROR_STRING: Final = bytes.fromhex("08c379a0")


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """A mined transaction, the contract it created (or b""), and its logs as (address, topics, data).

    ``succeeded``: whether it did anything; one that reverted is mined all the same.
    """

    mined: Mined
    succeeded: bool
    created: bytes
    logs: list[tuple[bytes, list[bytes], bytes]]


class ContractRevertError(ChainError):
    """A contract refused: ``error`` is the name of its custom error, ``args`` its named arguments."""

    def __init__(self, error: str, arguments: dict[str, Any]) -> None:
        super().__init__(*_KNOWN.get(error, (Reason.LEDGER_REFUSED, f"the contract refused: {error}")))
        self.error = error
        self.arguments = arguments


_KNOWN: Final = {
    "GovernorUnknown": (Reason.GOVERNOR_UNKNOWN, "this account is no governor"),
    "GovernorCounterWrong": (
        Reason.PROPOSAL_VOTED,
        "the governor took back a vote meanwhile; look and vote again",
    ),
    "ProposalUnknown": (Reason.PROPOSAL_UNKNOWN, "there is no proposal of this number"),
    "ProposalNotOpen": (Reason.PROPOSAL_CLOSED, "this proposal was executed or cancelled already"),
    "ProposalExpired": (Reason.PROPOSAL_CLOSED, "the time of this proposal is over; open it anew"),
    "ProposalBlocked": (Reason.PROPOSAL_CLOSED, "so many governors voted to cancel that it cannot be executed"),
    "ProposalDigestWrong": (Reason.PROPOSAL_DIGEST_WRONG, "this proposal has other calls than the digest says"),
    "ProposalAlreadyApproved": (Reason.PROPOSAL_VOTED, "this governor has approved already"),
    "ProposalAlreadyOpposed": (Reason.PROPOSAL_VOTED, "this governor has voted to cancel already"),
    "ProposalNotVoted": (Reason.PROPOSAL_VOTED, "this governor has no vote to take back"),
    "ProposalLacksApprovals": (Reason.PROPOSAL_LACKS_APPROVALS, "too few governors have approved"),
    "ProposalEarly": (Reason.PROPOSAL_EARLY, "this proposal is decided, and its delay is not over"),
    "CouncilUnanimityWithoutRecovery": (
        Reason.COUNCIL_RULE_BROKEN,
        "if all governors must agree, one lost key ends the council; name a recovery quorum or a lower threshold",
    ),
    "CouncilThresholdInvalid": (
        Reason.COUNCIL_RULE_BROKEN,
        "the threshold is from 1 to the number of governors, and above the recovery quorum",
    ),
    "CouncilDelayTooLong": (Reason.COUNCIL_RULE_BROKEN, "a delay is at most 30 days"),
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
    "ConsentGrantLate": (Reason.CONSENT_GRANT_LATE, "this consent was to be recorded earlier; sign a new one"),
    "ConsentSignatureWrong": (Reason.NOT_ALLOWED, "the consent's steward key did not sign this"),
    "ConsentWordDigestZero": (Reason.NOT_ALLOWED, "a paused consent goes on by what its controllers signed"),
    "RequestSignatureWrong": (Reason.NOT_ALLOWED, "the request's answer key did not sign this"),
    "ConsentWrongSecret": (Reason.CONSENT_WRONG_SECRET, "this secret does not withdraw this consent"),
    "SubjectExists": (Reason.SUBJECT_EXISTS, "this subject is registered already"),
    "SubjectUnknown": (Reason.SUBJECT_UNKNOWN, "the ledger knows no such subject"),
    "MemberKeyUnknown": (Reason.KEY_NOT_VALID, "no member has this key"),
    "MemberKeyNotValid": (Reason.KEY_NOT_VALID, "the member's key is not valid at this time"),
    "MemberKeyLacksPurpose": (Reason.KEY_PURPOSE_WRONG, "the member's key is not for this"),
    "MembersFrozen": (Reason.NOT_ALLOWED, "the council has stopped everything but withdrawals and its own decisions"),
    "MemberLacksRole": (Reason.NOT_ALLOWED, "the member does not have the role that this needs"),
    "MemberNotActive": (Reason.NOT_ALLOWED, "the member is not active"),
    "SubjectCommitmentCurrent": (Reason.CONTROLLERS_UNCHANGED, "these controllers are in force already"),
    "SubjectRecoveryPending": (Reason.RECOVERY_PENDING, "a recovery of this subject is pending already"),
    "SubjectRecoveryNotPending": (Reason.RECOVERY_NOT_PENDING, "no recovery of this subject is pending"),
    "SubjectRecoveryEarly": (Reason.RECOVERY_EARLY, "the controllers still have time to cancel this recovery"),
    "SubjectNumberWrong": (
        Reason.CONTROLLERS_CHANGED,
        "this was made under another number than the next one; read the subject and do it again",
    ),
    "SubjectSignatureLate": (Reason.SIGNATURES_LATE, "the signatures were good until a time that is over; sign again"),
    "SubjectControllersWrong": (Reason.CONTROLLERS_MISMATCH, "these controllers are not in force"),
    "SubjectNoneCounts": (Reason.CONTROLLERS_NONE_COUNT, "every entry of this subject rests on a compromised key"),
    "SubjectSignatureWrong": (
        Reason.SIGNER_NOT_CONTROLLER,
        "a signature is by a key that does not control the subject",
    ),
    "SubjectSignatureRepeated": (Reason.SIGNER_REPEATED, "a controller signed twice; one counts"),
    "SubjectThresholdNotMet": (Reason.THRESHOLD_NOT_MET, "fewer persons signed than must sign"),
    "SubjectRegistrarForeign": (
        Reason.REGISTRAR_FOREIGN,
        "this registrar is neither the subject's own nor its successor",
    ),
    "SubjectOnHold": (Reason.SUBJECT_ON_HOLD, "this subject is held; only withdrawals and recoveries go on"),
    "SubjectHoldTooSoon": (Reason.HOLD_TOO_SOON, "a hold may be called once in 60 days"),
}


class Rpc(EndpointPool):
    """The nodes of one chain. Every failure is a ChainError; a refusal by a contract is a ContractRevertError.

    What it returns was answered by one endpoint that is of the chain of ``book`` (if one is given) and has every
    block that this process has seen; see ``endpoint_pool``. ``Web3(rpc)`` gives all of web3.py on it.
    """

    def request(self, method: str, *params: Any) -> Any:
        """Return the result of one request.

        Raises:
            ChainError: no endpoint answers, or all of them with an error.
        """
        return self.batch([(method, list(params))])[0]

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Return the results of several requests, all answered by the same endpoint.

        Raises:
            ChainError: no endpoint answers, or all of them with an error.
        """
        if not calls:
            return []
        outcomes = [_outcome(answer) for answer in self.ask(calls, must_succeed=True)]
        for outcome in outcomes:
            if isinstance(outcome, ChainError):
                raise outcome
        return outcomes

    def outcomes(self, calls: Sequence[Call]) -> list[Any]:
        """Return result or error of each of several requests, as the first endpoint that answers has it.

        Raises:
            UnreachedError: no endpoint got the requests.
            ChainError: no endpoint answers; one may have got them.
        """
        return [_outcome(answer) for answer in self.ask(calls, must_succeed=False)]

    def outcomes_everywhere(self, calls: Sequence[Call]) -> list[list[Any]]:
        """Return the outcomes at every endpoint that answers."""
        return [[_outcome(answer) for answer in answers] for answers in self.ask_all(calls)]


def block_of(answer: Any) -> Block:
    """Return the block that a JSON-RPC block object describes."""
    return Block(int(answer["number"], 16), from_hex(answer["hash"], "hash"), int(answer["timestamp"], 16))


def count_of(answer: Any) -> int:
    """Return the number that a JSON-RPC quantity stands for.

    Raises:
        ChainError: ``ledger_unavailable``; it is none.
    """
    try:
        return int(answer, 16)
    except (TypeError, ValueError) as error:
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "the ledger node answered what is no number") from error


def receipt_call(digest: str) -> Call:
    """Return the request for the receipt of a transaction."""
    return "eth_getTransactionReceipt", [digest]


def receipt_of(receipt: Any, block: Any) -> TransactionReceipt:
    """Return the receipt that a node's answer describes; ``block`` is its block.

    Raises:
        ChainError: ``ledger_unavailable``; this is no receipt, or the block is another one.
    """
    try:
        if receipt["blockHash"] != block["hash"]:
            raise ValueError("another block")
        logs = [
            (data_of(log["address"]), [from_hex(topic, "topic") for topic in log["topics"]], data_of(log["data"]))
            for log in receipt["logs"]
        ]
        return TransactionReceipt(
            Mined(from_hex(receipt["transactionHash"], "hash"), block_of(block), int(receipt["gasUsed"], 16)),
            int(receipt["status"], 16) == 1,
            data_of(receipt.get("contractAddress") or "0x"),
            logs,
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInputError) as error:
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no receipt of our transaction"
        ) from error


def _outcome(answer: RPCResponse) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    data = revert_data(error)
    if data:
        return revert_of(data)
    return ChainError(
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
