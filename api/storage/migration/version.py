"""Which version a database is of, and moving it from one to another.

A move is one transaction that excludes every other writer, so whatever happens the database is of the old version or
of the new one, whole; of two processes that move one at once, the second finds it done.
"""

from typing import Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, String, Table, column, inspect, select, table, text
from sqlalchemy.schema import DropTable

from api.storage.migration.schema import BASE, Schema
from api.storage.store import Store
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

FIRST: Final = "0001"


def version_of(connection: Connection, schema: Schema) -> str | None:
    """Return the version of a database, or None for an empty one.

    Raises:
        InvalidInputError: ``configuration``; the database is used for something else.
    """
    names = inspect(connection).get_table_names()
    if schema.version_table in names:
        held = table(schema.version_table, column("version_num", String()))
        version: str | None = connection.execute(select(held.c.version_num)).scalar_one_or_none()
        return version
    if not names:
        return None
    if schema.before_versions in names:
        return FIRST
    raise InvalidInputError(
        Reason.CONFIGURATION, f"the database of the {schema.name} holds tables of something else; name an empty one"
    )


def require_version(database: Store, schema: Schema) -> None:
    """Require that a database is of this program's version; an empty one is made so.

    Raises:
        InvalidInputError: ``store_outdated`` or ``store_newer``, saying what to run.
    """
    with database.connect() as connection:
        version = version_of(connection, schema)
    if version is None:
        move(database, schema, schema.head)
    elif version != schema.head:
        raise _other_version(schema, version)


def require_version_alone(database: Store, schema: Schema) -> None:
    """As ``require_version``, and no move can be under way: for a process that has joined those that work with it.

    Raises:
        InvalidInputError: as ``require_version``.
    """
    with database.begin() as connection:
        version = version_of(connection, schema)
    if version != schema.head:
        raise _other_version(schema, version or BASE)


def move(database: Store, schema: Schema, target: str, keys: Store | None = None) -> tuple[str, str]:
    """Bring a database to the version ``target``, up or down, and return (version before, version now).

    ``keys``: the database of the key ledger, which some moves of the store need.

    Raises:
        InvalidInputError: ``configuration`` for a version that does not exist; ``store_newer``; ``store_in_use``.
    """
    scripts = ScriptDirectory(str(schema.folder), version_locations=[str(schema.folder)])
    listed = [BASE, *sorted(script.revision for script in scripts.walk_revisions())]
    if target not in listed:
        raise InvalidInputError(
            Reason.CONFIGURATION, f"the {schema.name} has no version {target}; it has {', '.join(listed)}"
        )
    with database.begin() as connection:
        if database.locks.has_peers():
            raise InvalidInputError(
                Reason.STORE_IN_USE, f"processes work with the {schema.name}; stop them before its version is changed"
            )
        found = version_of(connection, schema)
        if found is not None and found not in listed:
            raise _other_version(schema, found)
        before = found or BASE
        if listed.index(before) != listed.index(target):
            _run(connection, scripts, schema, before, target, keys)
        if target == BASE:
            connection.execute(DropTable(Table(schema.version_table, MetaData()), if_exists=True))
    return before, target


def _run(
    connection: Connection, scripts: ScriptDirectory, schema: Schema, before: str, target: str, keys: Store | None
) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    goes_up = target != BASE and (before == BASE or before < target)

    def steps(revision: object, context: object) -> object:
        del context
        if goes_up:
            return scripts._upgrade_revs(target, revision)  # type: ignore[arg-type]  # noqa: SLF001 - as Alembic's own commands do
        return scripts._downgrade_revs(target, revision)  # type: ignore[arg-type]  # noqa: SLF001 - as above

    config = Config(attributes={"keys": keys})
    with EnvironmentContext(config, scripts, fn=steps) as environment:
        # the transaction that is open is the one of all steps
        environment.configure(connection=connection, transactional_ddl=True, version_table=schema.version_table)
        context = environment.get_context()
        if before == FIRST and context.get_current_revision() is None:
            context.stamp(scripts, FIRST)
        environment.run_migrations()


def _other_version(schema: Schema, version: str) -> InvalidInputError:
    if version.isdigit() and version < schema.head:
        return InvalidInputError(
            Reason.STORE_OUTDATED,
            f"the {schema.name} is of version {version} and this program needs {schema.head}; "
            "run: credence backup, then: credence store upgrade",
        )
    return InvalidInputError(
        Reason.STORE_NEWER,
        f"the {schema.name} is of version {version} and this program knows none after {schema.head}; "
        "install the version of the program that made it",
    )
