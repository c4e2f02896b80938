"""Whose cosignatures are enough? A policy: logs, witnesses, groups and one quorum (C2SP tlog-policy)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from review.domain.signed_note import COSIGNATURE, ED25519, parse_vkey
from review.errors import SettingsError, TrailBroken
from review.setting_addresses import complete_address

NONE: Final = "none"
MOST_NAMES: Final = 256
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class PolicyWitness:
    """One witness: its name in the policy, its public key (``name+id+key``), where it is asked (or blank)."""

    name: str
    vkey: str
    url: str

    @property
    def key(self) -> str:
        """The key as notes name it, ``name+id``."""
        return "+".join(self.vkey.split("+", 2)[:2])


@dataclass(frozen=True)
class Group:
    """Witnessed when at least ``threshold`` of its members, witnesses or groups, are."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class WitnessPolicy:
    """A whole policy; ``quorum`` names a witness, a group or ``none``."""

    logs: tuple[str, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: Mapping[str, Group]
    quorum: str

    def stands(self, keys: Collection[str]) -> bool:
        """Whether cosignatures by these keys (``name+id``) are a quorum."""
        met = {one.name for one in self.witnesses if one.key in keys} | {NONE}
        for name, group in self.groups.items():  # each group follows its members
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum in met


@dataclass
class _Reading:
    logs: list[str] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""
    keys: set[bytes] = field(default_factory=set)
    names: set[str] = field(default_factory=lambda: {NONE})
    members: set[str] = field(default_factory=lambda: {NONE})


def parse_policy(text: str) -> WitnessPolicy:
    """The policy in this text; `SettingsError` names the line that is wrong and what belongs there."""
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), start=1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            if _FORBIDDEN.search(line):
                raise ValueError("no control characters but tabs may stand here")
            _read_line(reading, words)
        except (ValueError, TrailBroken, SettingsError) as error:
            raise SettingsError(f"line {number}: {error}") from None
    if not reading.quorum:
        raise SettingsError("the line quorum is missing: quorum NAME, or quorum none")
    return WitnessPolicy(tuple(reading.logs), tuple(reading.witnesses), dict(reading.groups), reading.quorum)


def write_policy(logs: Sequence[str], policy: WitnessPolicy | None) -> str:
    """These keys of one log with the witnesses and the quorum of ``policy``, without addresses."""
    lines = [f"log {vkey}" for vkey in logs]
    if policy is not None:
        lines += [f"witness {one.name} {one.vkey}" for one in policy.witnesses]
        for name, group in policy.groups.items():
            lines.append(f"group {name} {group.threshold} {' '.join(group.members)}")
    lines.append(f"quorum {NONE if policy is None else policy.quorum}")
    return "".join(f"{line}\n" for line in lines)


def _read_line(reading: _Reading, words: Sequence[str]) -> None:
    match words:
        case ["log", vkey]:
            _add_log(reading, vkey)
        case ["log", vkey, url]:
            complete_address("the address of the log", url)
            _add_log(reading, vkey)
        case ["witness", name, vkey]:
            _add_witness(reading, name, vkey, "")
        case ["witness", name, vkey, url]:
            _add_witness(reading, name, vkey, complete_address("the address of the witness", url).rstrip("/"))
        case ["group", name, threshold, *members] if members:
            _add_group(reading, name, threshold, members)
        case ["quorum", name]:
            if reading.quorum:
                raise ValueError("there is one line quorum only")
            _check_known(reading, name)
            reading.quorum = name
        case _:
            raise ValueError(
                "a line is log KEY [URL], witness NAME KEY [URL], group NAME all|any|NUMBER MEMBER..., or"
                " quorum NAME"
            )


def _add_log(reading: _Reading, vkey: str) -> None:
    _add_key(reading, parse_vkey(vkey, kind=ED25519)[2])
    reading.logs.append(vkey)


def _add_witness(reading: _Reading, name: str, vkey: str, url: str) -> None:
    _add_key(reading, parse_vkey(vkey, kind=COSIGNATURE)[2])
    _add_name(reading, name)
    reading.witnesses.append(PolicyWitness(name, vkey, url))


def _add_key(reading: _Reading, public_key: bytes) -> None:
    if public_key in reading.keys:
        raise ValueError("this key stands in an earlier line already")
    reading.keys.add(public_key)


def _add_name(reading: _Reading, name: str) -> None:
    if name in reading.names:
        raise ValueError("this name stands for something else already")
    if len(reading.names) > MOST_NAMES:
        raise ValueError(f"a policy names {MOST_NAMES} witnesses and groups at most")
    reading.names.add(name)


def _add_group(reading: _Reading, name: str, written: str, members: Sequence[str]) -> None:
    for member in members:
        _check_known(reading, member)
        if member in reading.members:
            raise ValueError("a member of a group may be a member once only, and none cannot be one")
        reading.members.add(member)
    threshold = {"all": len(members), "any": 1}.get(written, 0)
    if _NUMBER.fullmatch(written):
        threshold = int(written)
    if not 1 <= threshold <= len(members):
        raise ValueError("how many members are needed is all, any, or a number up to that of the members")
    _add_name(reading, name)
    reading.groups[name] = Group(threshold, tuple(members))


def _check_known(reading: _Reading, name: str) -> None:
    if name not in reading.names:
        raise ValueError("a name must be defined in an earlier line")
