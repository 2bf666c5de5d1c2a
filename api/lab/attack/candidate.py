"""Candidate constructions: every cheap way in which somebody might have hashed a code or a value."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from ledger_node.domain.commitment import leaf_digest
from ledger_node.domain.hashing import keccak, sha256_digest
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import FieldType, Special, Value, encode_value, format_value

Candidate = tuple[bytes, str, str]
"""(digest, construction, what it is a digest of)."""

_SECONDS_A_DAY: Final = 86_400
_WORD: Final = 32
_YEARS: Final = range(2015, 2036)
_TAX_KINDS: Final = range(10_101, 10_131)
TAGS: Final = tuple(bytes([tag]) for tag in range(256))
CL1_TAGS: Final = tuple(bytes.fromhex("0001020304050610111213202122304041"))


HASHES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "keccak256": keccak,
    "sha256": sha256_digest,
    "sha3-256": lambda data: hashlib.sha3_256(data).digest(),
    "blake2s": lambda data: hashlib.blake2s(data).digest(),
}


def subject_candidates(codes: Iterable[str], publics: Sequence[bytes]) -> Iterator[Candidate]:
    """Yield hashes of credit codes: plain, tagged, doubled, padded, and salted or keyed with public words."""
    for code in codes:
        forms = {
            "ascii": code.encode(),
            "lower": code.lower().encode(),
            "utf-16": code.encode("utf-16-be"),
            "word": code.encode().ljust(_WORD, b"\0"),
            "right word": code.encode().rjust(_WORD, b"\0"),
            "organisation": code[8:17].encode(),
        }
        for form, data in forms.items():
            if len(data) == _WORD:
                yield data, form, code
            for name, digest in HASHES.items():
                once = digest(data)
                yield once, f"{name}({form})", code
                yield digest(once), f"{name} twice ({form})", code
        data = forms["ascii"]
        for tag in TAGS:
            yield keccak(tag + data), f"keccak256(0x{tag.hex()} || code)", code
            yield sha256_digest(tag + data), f"sha256(0x{tag.hex()} || code)", code
        yield from _salted(data, code, publics, "code")


_SALTED: Final[tuple[tuple[str, Callable[[bytes, bytes], bytes]], ...]] = (
    ("keccak256(public || {})", lambda public, data: keccak(public + data)),
    ("keccak256({} || public)", lambda public, data: keccak(data + public)),
    ("keccak256(0x30 || public || {})", lambda public, data: keccak(b"\x30" + public + data)),
    ("sha256(public || {})", lambda public, data: sha256_digest(public + data)),
    ("sha256({} || public)", lambda public, data: sha256_digest(data + public)),
    ("HMAC-SHA256(public, {})", lambda public, data: hmac.digest(public, data, "sha256")),
    ("HMAC-SHA256({}, public)", lambda public, data: hmac.digest(data, public, "sha256")),
)
"""What may have been made of something secret and a public word."""


def _salted(data: bytes, what: str, publics: Sequence[bytes], name: str) -> Iterator[Candidate]:
    named = [(form.format(name), digest) for form, digest in _SALTED]
    for public in publics:
        for construction, digest in named:
            yield digest(public, data), construction, what


def consent_candidates(codes: Iterable[str], publics: Sequence[bytes]) -> Iterator[Candidate]:
    """Yield consent ids made without a salt: who, for whom, for which purpose, how many before."""
    ends = [
        b"",
        *(purpose.code.encode() for purpose in default_purposes().listed),
        *(number.to_bytes(4, "big") for number in range(8)),
    ]
    for code in codes:
        for public in publics:
            for end in ends:
                yield keccak(code.encode() + public + end), "keccak256(code || public || purpose or count)", code


def domain(schema: Schema, field: Field, now: int) -> list[Value]:
    """Return the values to try for a field: small domains whole, amounts to the precision of their ladder."""
    match field.type:
        case FieldType.ENUM:
            return list(field.members)
        case FieldType.CODES:
            return [(), *((member,) for member in field.members), field.members]
        case FieldType.BOOL:
            return [False, True]
        case FieldType.CODE | FieldType.TEXT:
            return [str(kind) for kind in _TAX_KINDS] if schema.name == "tax_payment" else []
        case _ if field.ladder is not None:
            special = [Special.NONE_ON_RECORD] * field.none_on_record + [Special.NO_END] * field.no_end
            return [*special, *dict.fromkeys((0, *field.ladder.points))]
        case FieldType.INTEGER:
            return list(_YEARS)
        case FieldType.DATE | FieldType.MONTH:
            today = now // _SECONDS_A_DAY
            return list(range(today - 2 * 365, today + 366))


def label(schema: Schema, field: Field, value: Value) -> str:
    """Return how a report names a value."""
    return f"{schema.name}.{field.name}={_text(field, value)}"


def value_candidates(codes: Sequence[str], publics: Sequence[bytes], now: int) -> Iterator[Candidate]:
    """Yield hashes of values: alone under all hashes and tags, salted with public words, combined with codes."""
    for schema in schemas().values():
        for field in schema.fields:
            for value in domain(schema, field, now):
                what = label(schema, field, value)
                yield from _alone(schema, field, value, what, publics)
                if field.type is not FieldType.DATE and not isinstance(value, Special):
                    yield from _with_codes(field, value, what, codes)


def _canonical(field: Field, value: Value) -> bytes:
    if isinstance(value, tuple):
        return _text(field, value).encode()
    return encode_value(FieldType.CODE if field.type is FieldType.ENUM else field.type, value)


def _text(field: Field, value: Value) -> str:
    """Return a value as somebody may have hashed it: a number in its smallest units, a set without braces."""
    return ",".join(value) if isinstance(value, tuple) else str(format_value(field.type, value))


def _alone(schema: Schema, field: Field, value: Value, what: str, publics: Sequence[bytes]) -> Iterator[Candidate]:
    text = _text(field, value)
    forms = {"text": text.encode(), "named": f"{field.name}={text}".encode(), "qualified": what.encode()}
    if isinstance(value, int):
        forms["word"] = value.to_bytes(_WORD, "big", signed=True)
    if not isinstance(value, Special):
        forms["canonical"] = _canonical(field, value)
        bare = keccak(b"\x10" + forms["canonical"])
        yield leaf_digest(schema.id, field.index, field.mode_byte, bytes(_WORD), bare), "leaf, zero salt", what
    for form, data in forms.items():
        for name, digest in HASHES.items():
            yield digest(data), f"{name}({form})", what
            yield digest(schema.id + data), f"{name}(schema id || {form})", what
        for tag in CL1_TAGS:
            prefix = bytes([tag])
            yield keccak(prefix + data), f"keccak256(0x{tag:02x} || {form})", what
            yield keccak(prefix + schema.id + data), f"keccak256(0x{tag:02x} || schema id || {form})", what
    if field.type is not FieldType.DATE:
        yield from _salted(forms["text"], what, publics, "value")


_WITH_CODES: Final[tuple[tuple[str, Callable[[bytes, bytes, bytes], bytes]], ...]] = (
    ("keccak256(code || value)", lambda code, text, _: keccak(code + text)),
    ("keccak256(value || code)", lambda code, text, _: keccak(text + code)),
    ("keccak256(code || canonical value)", lambda code, _, canonical: keccak(code + canonical)),
    ("sha256(code || value)", lambda code, text, _: sha256_digest(code + text)),
    ("sha256(code | value)", lambda code, text, _: sha256_digest(code + b"|" + text)),
    ("HMAC-SHA256(code, value)", lambda code, text, _: hmac.digest(code, text, "sha256")),
)
"""What may have been made of a code and a value, as text or canonical."""


def _with_codes(field: Field, value: Value, what: str, codes: Sequence[str]) -> Iterator[Candidate]:
    text, canonical = _text(field, value).encode(), _canonical(field, value)
    for code in codes:
        for construction, digest in _WITH_CODES:
            yield digest(code.encode(), text, canonical), construction, f"{what} of {code}"
