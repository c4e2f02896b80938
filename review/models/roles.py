"""Three roles on PostgreSQL: one owns the tables, one brings them up to date, and one serves and may least.

Who takes the serving desk over can then write no more than the desk itself writes: nothing of the trail
changes or goes, no trigger is switched off, and what was received, judged and answered stays (trail.md, B.7).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from review.models.schema import APPEND_ONLY, FROZEN

SCHEMA = "public"
# read by whoever serves, written by migrations alone
_OF_MIGRATIONS = ("alembic_version",)


@dataclass(frozen=True)
class Roles:
    """Names: ``owner`` cannot sign in; ``migrator`` acts as the owner; ``desk`` runs server and loops."""

    owner: str = "review_owner"
    migrator: str = "review_migrate"
    desk: str = "review_desk"


def missing(connection: sa.Connection, roles: Roles) -> tuple[str, ...]:
    """Which of the roles the server does not know."""
    known = set(connection.scalars(sa.text("SELECT rolname FROM pg_roles")))
    return tuple(name for name in (roles.owner, roles.migrator, roles.desk) if name not in known)


def set_up(connection: sa.Connection, roles: Roles) -> None:
    """Create the roles that are missing, hand the tables to the owner, let each role do what is its own.

    Safe to run again. The connection is an administrator's of this database: it may create roles and owns
    what is there, or is a superuser.
    """
    quote = connection.dialect.identifier_preparer.quote
    owner, migrator, desk = quote(roles.owner), quote(roles.migrator), quote(roles.desk)
    database = quote(str(connection.scalar(sa.text("SELECT current_database()"))))
    new = missing(connection, roles)
    for name, signs_in in ((roles.owner, "NOLOGIN"), (roles.migrator, "LOGIN"), (roles.desk, "LOGIN")):
        if name in new:
            connection.exec_driver_sql(f"CREATE ROLE {quote(name)} {signs_in}")
    for statement in (
        f"GRANT {owner} TO {migrator}",
        f"ALTER ROLE {migrator} IN DATABASE {database} SET role = {owner}",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {migrator}, {desk}",
        f"REVOKE CREATE ON SCHEMA {SCHEMA} FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {owner}",
        *_handing_over(connection, owner),
        # by this `desks` knows after an upgrade who serves the tables that did not stand before
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {SCHEMA}"
        f" GRANT SELECT, INSERT ON TABLES TO {desk}",
    ):
        connection.exec_driver_sql(statement)
    allow(connection, roles.desk)


def allow(connection: sa.Connection, desk: str) -> None:
    """Give ``desk`` what serving needs on every table there is, and take away the rest."""
    name = connection.dialect.identifier_preparer.quote(desk)
    for statement in _grants(connection, name):
        connection.exec_driver_sql(statement)


def desks(connection: sa.Connection) -> list[str]:
    """The roles besides the owner that may write the trail: those that serve."""
    query = (
        "SELECT DISTINCT pg_get_userbyid(entry.grantee) FROM pg_class, aclexplode(relacl) AS entry"
        " WHERE oid = to_regclass(:table) AND entry.privilege_type = 'INSERT' AND entry.grantee <> relowner"
        " AND entry.grantee <> 0"
    )
    return list(connection.scalars(sa.text(query), {"table": f"{SCHEMA}.openings"}))


def may_rewrite(connection: sa.Connection) -> bool:
    """Whether the role of this connection could change the trail or switch its triggers off."""
    query = (
        "SELECT pg_has_role(relowner, 'MEMBER')"
        " OR has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
        " FROM pg_class WHERE oid = to_regclass(:table)"
    )
    return bool(connection.scalar(sa.text(query), {"table": f"{SCHEMA}.openings"}))


def _handing_over(connection: sa.Connection, owner: str) -> Iterator[str]:
    """Statements that give the owner every table and function; sequences go with their tables."""
    values = {"schema": SCHEMA}
    tables = (
        "SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = :schema AND relkind IN ('r', 'p')"
    )
    for table in connection.scalars(sa.text(tables), values):
        yield f"ALTER TABLE {table} OWNER TO {owner}"
    functions = (
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE nspname = :schema AND NOT EXISTS"
        " (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    for function in connection.scalars(sa.text(functions), values):
        yield f"ALTER FUNCTION {function} OWNER TO {owner}"


def _grants(connection: sa.Connection, desk: str) -> Iterator[str]:
    """Statements that give ``desk``, a quoted name, exactly what it needs."""
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {desk}"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {desk}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {desk}"
    quote = connection.dialect.identifier_preparer.quote
    for table in sorted(sa.inspect(connection).get_table_names(SCHEMA)):
        yield f"GRANT {_verbs(connection, table)} ON {SCHEMA}.{quote(table)} TO {desk}"


def _verbs(connection: sa.Connection, table: str) -> str:
    if table in _OF_MIGRATIONS:
        return "SELECT"
    if table == "openings":
        return "SELECT, INSERT, UPDATE (fields)"  # its trigger lets an executed erasure take fields away
    if table in APPEND_ONLY:
        return "SELECT, INSERT"
    if table == "pending_events":
        return "SELECT, INSERT, DELETE"
    if table in FROZEN:
        moving = ", ".join(_moving_columns(connection, table))
        return "SELECT, INSERT" + (f", UPDATE ({moving})" if moving else "")
    return "SELECT, INSERT, UPDATE, DELETE"


def _moving_columns(connection: sa.Connection, table: str) -> list[str]:
    """The columns of a frozen table, quoted, that its trigger lets change."""
    query = (
        "SELECT quote_ident(attname) FROM pg_attribute JOIN pg_trigger ON tgrelid = attrelid"
        " WHERE attrelid = to_regclass(:table) AND tgname = :trigger AND attnum > 0 AND NOT attisdropped"
        " AND cardinality(tgattr::int2[]) > 0 AND NOT attnum = ANY (tgattr::int2[]) ORDER BY attnum"
    )
    values = {"table": f"{SCHEMA}.{table}", "trigger": f"guard_{table}_row"}
    return list(connection.scalars(sa.text(query), values))
