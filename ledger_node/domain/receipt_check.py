"""Checking a receipt without any network: numbered rules, the first one that fails is named.

 1. The document is the canonical JSON of a receipt, to the byte.
 2. It is about the network that the checker trusts: chain id and ConsentRegistry.
 3. Terms and bounds, or what was asked for with the answer key, hash to the id that the receipt is about.
 4. Enough controllers signed the id; enough signed a refusal and a resumption, and a pause and a withdrawal where
    they are shown. A use was signed by the spend key of the bounds; a secret that is shown is the one of the bounds.
    Where an officer of the bank signed, it was the ticket of the use, or the id of the request that was refused.
    Where words are believed, the terms give the text that was signed.
    The receipt is the keeper's word that these were the subject's controllers then, that the steward key signed what
    shows no controllers, and that a withdrawal without a number was by the secret.
 5. The act was possible at the time of its block: a grant before the consent's end and before the time to record it;
    a use within its time, its numbers, and the time that the bank signed for.
 6. The keeper signed all of this, with a key for receipts that the checker trusts.

What it proves is the keeper's word, bound to what controllers signed; whether the ledger holds the transaction
is for whoever has a node to look up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from ledger_node.domain.consent_act import Change, change_digest, refusal_digest, withdrawal_digest, withdrawal_hash
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Receipt
from ledger_node.domain.shown_text import require_text
from ledger_node.domain.signature import recover
from ledger_node.domain.ticket import SignedUse
from ledger_node.domain.wording import WordingDocument

_Result = TypeVar("_Result")
_NO_KEY: Final = bytes(20)


@dataclass(frozen=True, slots=True)
class TrustedOperator:
    """Whose receipts a checker believes: addresses of the keeper's keys with the purpose ``receipt``.

    ``member`` and ``domain`` None: any member under these keys, on any network. ``wordings``: the council's documents
    of words; where there are none, the words of a consent are not checked.
    """

    keys: frozenset[bytes]
    member: bytes | None = None
    domain: SigningDomain | None = None
    wordings: tuple[WordingDocument, ...] = ()


def check_receipt(document: bytes, trusted: TrustedOperator) -> Receipt:
    """Run rules 1 to 6 and return the receipt.

    Raises:
        VerificationError: with the number of the first rule that fails, and its reason.
    """
    receipt = _rule(1, lambda: Receipt.from_bytes(document))
    _rule(2, lambda: _require_network(receipt, trusted))
    _rule(3, lambda: _require_id(receipt))
    _rule(4, lambda: _require_word(receipt))
    _rule(4, lambda: _require_text(receipt, trusted))
    _rule(5, lambda: _require_possible(receipt))
    _rule(6, lambda: _require_keeper(receipt, trusted))
    return receipt


def _rule(number: int, run: Callable[[], _Result]) -> _Result:
    try:
        return run()
    except CredenceError as error:
        raise VerificationError(error.reason, f"rule {number}: {error.message}", field=error.field) from error


def _require_network(receipt: Receipt, trusted: TrustedOperator) -> None:
    if trusted.domain not in {None, receipt.domain}:
        raise VerificationError(Reason.OTHER_NETWORK, "the receipt is about another network than the trusted one")


def _require_id(receipt: Receipt) -> None:
    basis, domain = receipt.basis, receipt.domain
    if isinstance(basis.about, ShownConsent):
        named, digest = basis.about.id, basis.about.consent.digest(domain)
    else:
        named, digest = receipt.id, basis.about.digest(basis.answer_key or _NO_KEY, domain)
    if not receipt.id == named == digest:
        raise VerificationError(
            Reason.CONSENT_ID_MISMATCH,
            "terms and bounds, or what was asked for, hash to another id than the receipt's",
        )


def _require_word(receipt: Receipt) -> None:
    basis = receipt.basis
    about, signed_act = basis.about, basis.signed_act
    if isinstance(about, ShownConsent):
        about.controllers.require_signatures(about.id, about.signatures)
        _require_keys(receipt, about)
    if signed_act is not None:
        signed_act.controllers.require_signatures(_DIGESTS[receipt.act](receipt), signed_act.signatures)
    if basis.officer is not None:
        basis.officer.require_over(receipt.id if receipt.use is None else receipt.use)


def _require_text(receipt: Receipt, trusted: TrustedOperator) -> None:
    about = receipt.basis.about
    if trusted.wordings and isinstance(about, ShownConsent):
        require_text(about.consent, {document.digest: document for document in trusted.wordings})


def _require_keys(receipt: Receipt, consent: ShownConsent) -> None:
    word, secret, ticket = receipt.basis.bank_word, receipt.basis.secret, receipt.use
    if secret is not None and withdrawal_hash(secret) != consent.bounds.withdrawal_hash:
        raise VerificationError(Reason.CONSENT_WRONG_SECRET, "the secret is not the one of the bounds")
    if word is not None and ticket is not None:
        use = SignedUse(consent.id, receipt.number, ticket, word.not_after, word.signature)
        use.require_signed_by(consent.bounds.spend_key, receipt.domain)


_DIGESTS: Final[dict[Act, Callable[[Receipt], bytes]]] = {
    Act.REFUSED: lambda receipt: refusal_digest(receipt.id, receipt.domain),
    Act.PAUSED: lambda receipt: change_digest(receipt.id, Change.PAUSE, receipt.number, receipt.domain),
    Act.RESUMED: lambda receipt: change_digest(receipt.id, Change.RESUME, receipt.number, receipt.domain),
    Act.WITHDRAWN: lambda receipt: withdrawal_digest(receipt.id, receipt.domain),
}
"""What controllers sign after the grant."""


def _require_possible(receipt: Receipt) -> None:
    about, at = receipt.basis.about, receipt.recorded.block_time
    if not isinstance(about, ShownConsent) or receipt.act not in {Act.GRANTED, Act.USED}:
        return
    bounds, word = about.bounds, receipt.basis.bank_word
    if at >= bounds.expires_at:
        raise VerificationError(Reason.CONSENT_EXPIRED, "the consent had ended before this block")
    if receipt.act is Act.GRANTED and at >= bounds.grant_before:
        raise VerificationError(Reason.CONSENT_GRANT_LATE, "the grant was to be recorded before this block")
    if word is None:
        return
    if at < bounds.not_before:
        raise VerificationError(Reason.CONSENT_NOT_YET_VALID, "the consent had not begun before this block")
    if receipt.number > bounds.max_uses:
        raise VerificationError(Reason.CONSENT_EXHAUSTED, "the consent does not have this many uses")
    if at > word.not_after:
        raise VerificationError(Reason.USE_TOO_LATE, "the use was counted after the time that the bank signed for")


def _require_keeper(receipt: Receipt, trusted: TrustedOperator) -> None:
    if trusted.member not in {None, receipt.keeper}:
        raise VerificationError(Reason.ISSUER_MISMATCH, "the receipt is by another member than the trusted one")
    if recover(receipt.digest, receipt.signature) not in trusted.keys:
        raise VerificationError(
            Reason.KEY_NOT_VALID, "no trusted key of the keeper signed this; something was changed, or it is forged"
        )
