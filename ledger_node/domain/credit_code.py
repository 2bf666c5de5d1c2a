"""Unified social credit codes (GB 32100): 18 characters with a check character, the key of every subject."""

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


def parse_credit_code(raw: object, field: str = "credit_code") -> str:
    """Return the 18-character code that ``raw`` stands for; spaces and lower case are put right.

    Raises:
        InvalidInputError: ``credit_code_invalid``; the code itself is not repeated.
    """
    if not isinstance(raw, str):
        raise InvalidInputError(
            Reason.CREDIT_CODE_INVALID, "the unified social credit code must be a text", field=field
        )
    try:
        code: str = uscc.validate(raw.upper())
    except (ValidationError, ValueError) as error:
        raise InvalidInputError(
            Reason.CREDIT_CODE_INVALID,
            "not a unified social credit code: 18 characters, the last one a check character (GB 32100)",
            field=field,
        ) from error
    return code
