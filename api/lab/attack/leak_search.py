"""Silence: no byte of the chain names a firm, a bank's dealings, a subject's, a purpose or a question, in any form.

Members are public: a bank's name, id and keys stand in MemberRegistry, and nowhere else. Subject ids are
random and stand in SubjectRegistry, and nowhere else. So every byte of the chain is cut at calls, logs and storage
words, each with what the contracts' ABIs say it is, and searched.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.purpose import default_purposes
from api.lab.attack.bank_view import BankView
from api.lab.attack.byte_search import ByteSearch
from api.lab.attack.corpus import UNKNOWN, Corpus, Event
from api.lab.attack.ground_truth import GroundTruth
from api.lab.attack.report import Finding
from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Role
from ledger_node.domain.eip712 import list_word, text_word

_COUNCIL: Final = "Council"
_EXAMPLES: Final = 5
_CODES, _BANKS, _SUBJECTS, _PURPOSES, _QUESTIONS = "credit codes", "banks", "subject ids", "purposes", "questions"
_HOME: Final[Mapping[str, frozenset[str]]] = {
    # a proposal of the council carries the calls of MemberRegistry that found members
    _BANKS: frozenset({"MemberRegistry", "Council"}),
    _SUBJECTS: frozenset({"SubjectRegistry"}),
}


@dataclass(frozen=True, slots=True)
class DecodedBytes:
    """``data`` of a call, log or word; ``contract`` and ``place`` are None where no ABI explains every byte of it."""

    data: bytes
    contract: str | None = None
    place: str | None = None


def decode_all(corpus: Corpus) -> Iterator[DecodedBytes]:
    """Yield calls, and the calls that a council's proposal carries by themselves too; logs; storage; headers."""
    contracts = _contracts(corpus)
    for transaction in corpus.transactions:
        if transaction.to is not None:
            yield from _call(transaction.to, transaction.data, contracts)
        else:
            name = contracts.get(transaction.created or b"")
            yield DecodedBytes(transaction.data, name, None if name is None else f"creation of {name}")
        yield DecodedBytes(transaction.sender, None, "sender")
        for event in transaction.events:
            yield _log(event, contracts)
    for contract, word in corpus.storage:
        name = contracts.get(contract)
        yield DecodedBytes(word, name, f"storage of {name}")
    yield DecodedBytes(corpus.headers, None, "block headers")


def _contracts(corpus: Corpus) -> dict[bytes, str]:
    return {
        transaction.created: name
        for transaction in corpus.transactions
        for name in CONTRACTS
        if transaction.created is not None and artifact(name).construction(transaction.data) is not None
    }


def _call(target: bytes, data: bytes, contracts: Mapping[bytes, str]) -> Iterator[DecodedBytes]:
    name = contracts.get(target)
    found = None if name is None else artifact(name).call(data)
    if name is None or found is None:
        yield DecodedBytes(data)
        return
    function, arguments = found
    yield DecodedBytes(data, name, f"{name}.{function}")
    if name == _COUNCIL:
        for proposal in (value for value in arguments.values() if isinstance(value, tuple)):
            for address, inner in proposal:
                yield from _call(bytes.fromhex(address[2:]), inner, contracts)


def _log(event: Event, contracts: Mapping[bytes, str]) -> DecodedBytes:
    data, name = b"".join(event.topics) + event.data, contracts.get(event.contract)
    if name is None or event.name == UNKNOWN:
        return DecodedBytes(data)
    return DecodedBytes(data, name, f"log {name}.{event.name}")


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
