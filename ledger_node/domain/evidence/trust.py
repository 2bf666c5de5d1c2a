"""The trust file: what a verifier believes before it looks at any evidence.

It names the network, where its contracts are and what their code is, and who may seal its blocks. Two people
who hold the same file hear the same fingerprint over the telephone.

A network lives in eras: the embedded chain, later the consortium's, each with a genesis of its own and the state of the
one before it. The genesis that a bundle names picks the era.

It may carry the council's documents of words (clause 22): then the words of each consent are checked as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.consent import Consent
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.era import Checkpoint, Era, invalid
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import require_text
from ledger_node.domain.signature import parse_address
from ledger_node.domain.wording import WordingDocument


class Contract(StrEnum):
    """Named as in the address book."""

    MEMBERS = "MemberRegistry"
    SCHEMAS = "SchemaRegistry"
    SUBJECTS = "SubjectRegistry"
    ANCHORS = "AnchorRegistry"
    CONSENTS = "ConsentRegistry"
    DISPUTES = "DisputeVerifier"


FORMAT: Final = "credence-trust/v2"
_TAG: Final = b"\x62"
_GROUPS: Final = 8
_GROUP_DIGITS: Final = 5
MAX_ERAS: Final = 64
MAX_CHECKPOINTS: Final = 4096
MAX_WORDINGS: Final = 64


@dataclass(frozen=True, slots=True)
class ContractCode:
    """Where a contract is, and the keccak256 of its code."""

    address: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """A network as a verifier knows it, with its eras from the first on. ``checkpoints``: of the last era, rising.

    ``wordings``: the documents of words that the council agreed on, by rising digest; none where they are not believed.
    """

    chain_id: int
    contracts: Mapping[Contract, ContractCode]
    eras: tuple[Era, ...]
    checkpoints: tuple[Checkpoint, ...] = ()
    wordings: tuple[WordingDocument, ...] = ()

    def __post_init__(self) -> None:
        """Refuse eras that do not continue each other."""
        if not self.eras or len({era.genesis for era in self.eras}) != len(self.eras):
            raise invalid("there is an era or more, each with a genesis of its own")
        if self.eras[0].state_root is not None:
            raise invalid("the first era continues no state")
        for one, two in pairwise(self.eras):
            if one.ends is None or one.ends.state_root != two.state_root:
                raise invalid("an era begins with the state that the era before it ended with")
        if any(one.block >= two.block for one, two in pairwise(self.checkpoints)):
            raise invalid("checkpoints are at rising block numbers")
        if any(one.digest >= two.digest for one, two in pairwise(self.wordings)):
            raise invalid("documents of words stand by rising digest, each once")

    @property
    def current(self) -> Era:
        """The newest era."""
        return self.eras[-1]

    @property
    def genesis(self) -> bytes:
        """The hash of the newest era's block 0, by which a node of the network is known."""
        return self.current.genesis

    @property
    def anchor_domain(self) -> SigningDomain:
        """Where signatures on batches count."""
        return SigningDomain(self.chain_id, self.contracts[Contract.ANCHORS].address)

    @property
    def consent_domain(self) -> SigningDomain:
        """Where signatures on consent terms and receipts count."""
        return SigningDomain(self.chain_id, self.contracts[Contract.CONSENTS].address)

    def require_words(self, consent: Consent) -> bool:
        """Require that a consent was signed over the words that its terms say; False: no words are believed here.

        Raises:
            VerificationError: ``wording_unknown``, ``consent_text_differs``.
        """
        if not self.wordings:
            return False
        require_text(consent, {document.digest: document for document in self.wordings})
        return True

    @property
    def fingerprint(self) -> str:
        """40 decimal digits in groups of five, to compare by telephone in any language (132 bits).

        Checkpoints do not change it: members compare those apart.
        """
        form = self.to_json()
        del form["checkpoints"]
        number = int.from_bytes(keccak(_TAG + encode(form)), "big")
        digits = str(number % 10 ** (_GROUPS * _GROUP_DIGITS)).zfill(_GROUPS * _GROUP_DIGITS)
        return " ".join(digits[at : at + _GROUP_DIGITS] for at in range(0, len(digits), _GROUP_DIGITS))

    def era_of(self, genesis: bytes) -> Era:
        """Return the era of the chain that begins with this block.

        Raises:
            VerificationError: ``other_network``.
        """
        for era in self.eras:
            if era.genesis == genesis:
                return era
        raise VerificationError(Reason.OTHER_NETWORK, "this is of another network than the trust file")

    def require_network(self, chain_id: int, genesis: bytes) -> None:
        """Require that a file is of this network.

        Raises:
            VerificationError: ``other_network``.
        """
        if chain_id != self.chain_id:
            raise VerificationError(Reason.OTHER_NETWORK, "this is of another network than the trust file")
        self.era_of(genesis)

    def require_present(self, era: Era, block: int, digest: bytes) -> None:
        """Require a path of a block that lies behind an end or a checkpoint: whoever sealed then may seal again.

        This version reads no paths, so only the very block that is named there has none to show.

        Raises:
            VerificationError: ``block_path_needed``.
        """
        marks = [*(self.checkpoints if era is self.current else ()), *filter(None, [era.ends])]
        for mark in marks:
            if block < mark.block or (block == mark.block and digest != mark.hash):
                raise VerificationError(
                    Reason.BLOCK_PATH_NEEDED,
                    f"the trust file fixes the chain up to block {mark.block}; this block needs a path to that, and "
                    "this version reads none",
                )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        form: dict[str, JSON] = {
            "format": FORMAT,
            "chain_id": self.chain_id,
            "contracts": {
                name.value: {"address": to_hex(held.address), "code_hash": to_hex(held.code_hash)}
                for name, held in self.contracts.items()
            },
            "checkpoints": [mark.to_json() for mark in self.checkpoints],
            "eras": [era.to_json() for era in self.eras],
        }
        if self.wordings:
            form["wordings"] = [document.to_json() for document in self.wordings]
        return form

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: ``trust_invalid``, a member is missing, unknown or malformed, or (``not_canonical``) an
                address is not in lower case.
        """
        with JsonObject(value, "trust file") as record:
            if record.text("format") != FORMAT:
                raise invalid(f"this is no {FORMAT}")
            chain_id = record.integer("chain_id", low=1)
            with record.record("contracts") as contracts:
                codes = {name: _code(JsonObject(contracts.take(name.value), f"the {name.value}")) for name in Contract}
            marks = record.items("checkpoints", max_items=MAX_CHECKPOINTS)
            checkpoints = tuple(map(Checkpoint.from_json, marks))
            eras = tuple(map(Era.from_json, record.items("eras", max_items=MAX_ERAS)))
            wordings: tuple[WordingDocument, ...] = ()
            if "wordings" in record:
                wordings = tuple(map(WordingDocument.from_json, record.items("wordings", max_items=MAX_WORDINGS)))
                if not wordings:
                    raise invalid("a trust file without words leaves 'wordings' out")
        trust = cls(chain_id, codes, eras, checkpoints, wordings)
        if trust.to_json() != value:
            raise InvalidInputError(Reason.NOT_CANONICAL, "a trust file writes its addresses in lower case")
        return trust


def _code(record: JsonObject) -> ContractCode:
    with record:
        return ContractCode(parse_address(record.take("address"), "address"), record.blob("code_hash"))
