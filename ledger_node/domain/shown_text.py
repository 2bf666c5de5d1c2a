"""The words that belong to a consent: made when it is drawn up, and made again by whoever checks it.

Terms name the document of words, the language, and the names of departments. So terms and bounds give one text, and
nobody needs to keep it or to believe it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Consent, ConsentRequest, Terms
from ledger_node.domain.consent_text import TextLine, consent_lines, text_digest, text_of
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import SchemaSet
from ledger_node.domain.wording import Wording, WordingDocument, language_named, wording_named

_REMEMBERED: Final = 1024
"""Consents whose lines are kept: one that is checked is often checked again."""


def accept(request: ConsentRequest, grant_before: int, wording: Wording) -> tuple[Terms, tuple[TextLine, ...]]:
    """Return the terms that grant just what is asked, and the lines to show; ``wording`` has the members' names.

    Raises:
        InvalidInputError: as ``consent_lines``.
    """
    lines = consent_lines(request, grant_before, wording)
    claims = [Claim.parse(text, wording.schemas) for text in request.questions]
    names = tuple(wording.members[one] for one in named_departments(request, claims))
    digest = text_digest(text_of(lines))
    return Terms.accepting(request, wording.language.value, digest, wording.digest, names), lines


def named_departments(asked: ConsentRequest, claims: Sequence[Claim]) -> list[bytes]:
    """Return the ids of the departments that a request lists or its questions name, rising."""
    issuers = {part.selector.issuer for claim in claims for part in claim.parts}
    return sorted({*asked.departments, *(issuer for issuer in issuers if issuer is not None)})


def require_text(consent: Consent, documents: Mapping[bytes, WordingDocument]) -> tuple[TextLine, ...]:
    """Return the lines that a consent was signed over; ``documents``: those that are believed, by digest.

    Raises:
        VerificationError: ``wording_unknown``, or ``consent_text_differs``: the terms name another text than they say.
    """
    return shown_lines(consent, wording_named(documents, consent.terms.wording))


@lru_cache(_REMEMBERED)
def shown_lines(consent: Consent, document: WordingDocument) -> tuple[TextLine, ...]:
    """Return the lines of a consent by the document that its terms name.

    Raises:
        VerificationError: ``consent_text_differs``.
    """
    terms = consent.terms
    try:
        names = _names(consent.asked, terms.department_names, document.schemas)
        language = language_named(terms.language)
        lines = consent_lines(consent.asked, consent.bounds.grant_before, document.in_language(language, names))
    except InvalidInputError as error:
        raise _differs(f"these terms have no text in these words: {error.message}") from error
    if terms.purpose_text not in document.purposes[terms.purpose].values():
        raise _differs("the words of the purpose are not those of the consortium")
    if text_digest(text_of(lines)) != terms.text_digest:
        raise _differs("the terms were signed over another text than they say")
    return lines


def _names(asked: ConsentRequest, names: Sequence[str], schemas: SchemaSet) -> dict[bytes, str]:
    ids = named_departments(asked, [Claim.parse(text, schemas) for text in asked.questions])
    if len(ids) != len(names):
        raise _differs("the terms do not say what each department is called that they name")
    return dict(zip(ids, names, strict=True))


def _differs(message: str) -> VerificationError:
    return VerificationError(Reason.CONSENT_TEXT_DIFFERS, message)
