"""Who gets in where? Read from README's two tables, which are the access list of the repository."""

import re

from tests.house import readme_tables

EVERYBODY = "everyone"
KEY = "key: "
FOR_KEYS = ("/api/", "/log/", "/healthz", "/readyz", "/metrics")
"""Addresses of programs, which a session does not open."""

AccessList = dict[tuple[str, str], frozenset[str]]


def access_list(text: str) -> AccessList:
    """Roles and scopes (``key: read``) by address and method; GET stands for HEAD as well."""
    holders = {row[0]: frozenset(row[1].split(", ")) for row in _rows(text, "permissions")}
    listed: AccessList = {}
    for address, methods, permission in _rows(text, "routes"):
        for method in methods.split():
            listed[address, method] = holders[permission]
            if method == "GET":
                listed[address, "HEAD"] = holders[permission]
    return listed


def may_enter(who: str, address: str, holders: frozenset[str]) -> bool:
    """Whether somebody known by a role, a scope, or neither gets in by the list."""
    if EVERYBODY in holders:
        return True
    return who in holders and who.startswith(KEY) == address.startswith(FOR_KEYS)


def _rows(text: str, section: str) -> list[tuple[str, ...]]:
    lines = readme_tables.section_of(text, section).splitlines()[2:]
    return [tuple(re.sub(r"^`|`$", "", cell) for cell in line.strip("| ").split(" | ")) for line in lines]
