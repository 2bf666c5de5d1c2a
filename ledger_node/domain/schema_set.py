"""Schemas side by side: several versions of one name, each known by its id; questions are read by the newest."""

from collections.abc import Iterable, Iterator, Mapping

from typing_extensions import override

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema


class SchemaSet(Mapping[str, Schema]):
    """As a mapping: the newest version by name. ``listed``: all of them, by name and version."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        """Take ``schemas``, each once.

        Raises:
            InvalidInputError: ``schema_invalid``; two different schemas have the same name and version.
        """
        self._by_id = {schema.id: schema for schema in schemas}
        self.listed = tuple(sorted(self._by_id.values(), key=lambda schema: (schema.name, schema.version)))
        if len({(schema.name, schema.version) for schema in self.listed}) != len(self.listed):
            raise InvalidInputError(Reason.SCHEMA_INVALID, "two schemas have the same name and version")
        self._newest = {schema.name: schema for schema in self.listed}

    @override
    def __getitem__(self, name: str) -> Schema:
        return self._newest[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._newest)

    @override
    def __len__(self) -> int:
        return len(self._newest)

    @property
    def ids(self) -> frozenset[bytes]:
        """The ids of all of them."""
        return frozenset(self._by_id)

    def find(self, schema_id: bytes) -> Schema | None:
        """Return the schema with this id."""
        return self._by_id.get(schema_id)

    def versions(self, name: str) -> tuple[Schema, ...]:
        """Return all versions of a name, the oldest first."""
        return tuple(schema for schema in self.listed if schema.name == name)

    def attested(self, schema_id: bytes, name: str) -> Schema:
        """Return the schema of an attestation that is to be of the type ``name``, in whatever version.

        Raises:
            VerificationError: ``schema_mismatch``.
        """
        schema = self._by_id.get(schema_id)
        if schema is None or schema.name != name:
            raise VerificationError(Reason.SCHEMA_MISMATCH, f"this is no attestation of schema {name}")
        return schema

    def those(self, ids: Iterable[bytes]) -> "SchemaSet":
        """Return the part of them that has these ids."""
        return SchemaSet(self._by_id[schema_id] for schema_id in ids)
