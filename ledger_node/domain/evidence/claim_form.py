"""The one form of the claims in a bundle: no proof more than decides, and an order where nobody signed one."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.presentation import ShownClaim
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema


def require_one_form(claims: Sequence[ShownClaim], schemas: Mapping[str, Schema], *, is_signed: bool) -> None:
    """Require that claims show no part more than decides, in order, and stand by their text where nobody signed.

    ``is_signed``: a receipt says which claims were asked, and in which order.

    Raises:
        InvalidInputError: ``not_canonical``.
    """
    for shown in claims:
        numbers = [part.part for part in shown.parts]
        if any(one >= other for one, other in pairwise(numbers)):
            raise not_canonical("the parts of a claim are shown in order, each once")
        if len(numbers) > shown.claim.parts_to_decide(shown.verdict):
            raise not_canonical("a claim shows more parts than decide it")
    texts = [shown.claim.text(schemas) for shown in claims]
    if not is_signed and any(one >= other for one, other in pairwise(texts)):
        raise not_canonical("without a receipt the claims stand in the order of their texts, each once")


def not_canonical(message: str) -> InvalidInputError:
    """Return the refusal of what is not written the one way."""
    return InvalidInputError(Reason.NOT_CANONICAL, message)
