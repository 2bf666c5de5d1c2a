"""Silence: no byte of the chain names a firm, a bank's dealings, a subject's, a purpose or a question, in any form.

Members are public: a bank's name, id and keys stand in MemberRegistry, and nowhere else. Subject ids are
random and stand in SubjectRegistry, and nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from api.catalogue.purpose import default_purposes
from api.lab.attack.bank_view import BankView
from api.lab.attack.byte_search import ByteSearch
from api.lab.attack.corpus import Corpus
from api.lab.attack.decoded_bytes import DecodedBytes, decode_all
from api.lab.attack.ground_truth import GroundTruth
from api.lab.attack.report import Finding
from ledger_node.chain.port import Role
from ledger_node.domain.eip712 import list_word, text_word

_EXAMPLES: Final = 5
_CODES, _BANKS, _SUBJECTS, _PURPOSES, _QUESTIONS = "credit codes", "banks", "subject ids", "purposes", "questions"
_HOME: Final[Mapping[str, frozenset[str]]] = {
    # a proposal of the council carries the calls of MemberRegistry that found members
    _BANKS: frozenset({"MemberRegistry", "Council"}),
    _SUBJECTS: frozenset({"SubjectRegistry"}),
}


def listen(corpus: Corpus, shown: BankView, codes: Sequence[str], truth: GroundTruth | None) -> list[Finding]:
    """Decode everything, and search all bytes for everything that must not be in them."""
    cut = list(decode_all(corpus))
    return [*search(cut, needles_of(corpus, shown, codes, truth)), _unexplained(cut)]


def needles_of(
    corpus: Corpus, shown: BankView, codes: Sequence[str], truth: GroundTruth | None
) -> dict[str, ByteSearch]:
    """Return what to look for, by kind, in all encodings and under all plain hashes."""
    kinds = {kind: ByteSearch() for kind in (_CODES, _BANKS, _SUBJECTS, _PURPOSES, _QUESTIONS)}
    for code in codes:
        kinds[_CODES].add_name(code, code)
    for bank, name in _banks(corpus):
        kinds[_BANKS].add_name(name, name)
        kinds[_BANKS].add_id(f"id of {name}", bank)
        for _, event in corpus.events("KeyAdded"):
            if event.args["id"] == bank:
                kinds[_BANKS].add_id(f"address of {name}", bytes.fromhex(event.args["key"][2:]))
    for _, event in corpus.events("SubjectRegistered"):
        kinds[_SUBJECTS].add_id(f"subject {event.args['subjectId'].hex()[:8]}", event.args["subjectId"])
    for purpose in default_purposes().listed:
        for text in (purpose.code, purpose.text_en, purpose.text_zh):
            kinds[_PURPOSES].add_name(text, text)
    _add_questions(kinds[_QUESTIONS], shown, truth)
    return kinds


def _banks(corpus: Corpus) -> Iterator[tuple[bytes, str]]:
    for _, event in corpus.events("MemberAdded"):
        if Role.BANK in Role(event.args["roles"]):
            yield event.args["id"], event.args["name"]


def _add_questions(needles: ByteSearch, shown: BankView, truth: GroundTruth | None) -> None:
    lists = {consent.asked for consent in truth.consents.values() if consent.asked} if truth is not None else set()
    texts = {text for listed in lists for text in listed}
    fields = {f"{asked.schema.name}.{asked.field.name}" for asked in shown.asked}
    for text in sorted(texts | fields):
        needles.add_name(text, text)
    for listed in lists:
        needles.add_bytes(f"list of {len(listed)} questions", list_word([text_word(text) for text in listed]))


def search(cut: Sequence[DecodedBytes], kinds: Mapping[str, ByteSearch]) -> list[Finding]:
    """Return one finding a kind: what was found outside the contracts where it belongs."""
    return [_search(cut, kind, needles) for kind, needles in kinds.items()]


def _search(cut: Sequence[DecodedBytes], kind: str, needles: ByteSearch) -> Finding:
    home, at_home, astray = _HOME.get(kind, frozenset()), 0, []
    for piece in cut:
        for name in sorted(needles.found_in(piece.data)):
            if piece.contract in home:
                at_home += 1
            else:
                astray.append(f"{name} in {piece.place or 'bytes that no ABI explains'}")
    belongs = f"; {at_home} times in {' and '.join(sorted(home))}, where they are public" if home else ""
    return Finding(
        f"silence: {kind}",
        f"all calls, logs, storage words and headers, for every form and plain hash{belongs}",
        len(needles),
        len(astray),
        certain=True,
        examples=tuple(astray[:_EXAMPLES]),
    )


def _unexplained(cut: Sequence[DecodedBytes]) -> Finding:
    unexplained = [piece for piece in cut if piece.place is None]
    return Finding(
        "silence: bytes that no ABI explains",
        "every call and log is decoded, and encoded again to the very same bytes",
        sum(len(piece.data) for piece in cut),
        len(unexplained),
        certain=True,
        examples=tuple("0x" + piece.data[:64].hex() for piece in unexplained[:_EXAMPLES]),
    )
