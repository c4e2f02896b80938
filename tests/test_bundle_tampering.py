"""Whatever is changed in an evidence bundle, the verifier sees; what was not changed, it lets pass (C-19).

``--rounds`` asks for more. Two kinds of hand: one that changes bytes of the file, and one that knows the
format and writes a digest that is right again.
"""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from app import create_app
from review import db
from review.domain.signed_note import encode_base64, parse_checkpoint, sign
from review.models import Case, Item, Referral
from tests.bundles import Told, bundle_of, judged, rewritten
from tests.conftest import settings_for
from tests.desks import lived_in_desk
from tests.factories import make_key, make_sender
from tests.rounds import more
from tests.trails import decide_all, record_events, refer, settle

CHANGES, CLEAN = 200, 200


class Bundles:
    """A desk that has seen everything, checkpoints while it grew, a bundle, and receipts of two senders."""

    def __init__(self, app: Flask, folder: Path) -> None:
        client, keys = app.test_client(), [make_key(make_sender()), make_key(make_sender())]
        own = [refer(client, key, f"https://video.example/{key[:11]}") for key in keys]
        settle(folder)
        decide_all()
        settle(folder)
        record_events(300, sign=folder)
        lived_in_desk()
        settle(folder)
        self.policy = (folder / "keys" / "signer.vkey").read_text()
        self.cases = list(db.session().scalars(sa.select(Case.id).order_by(Case.id)))
        self.referrals = list(db.session().scalars(sa.select(Referral.id).order_by(Referral.id)))
        self.receipts = [
            client.get(one["links"]["receipt"], headers={"Authorization": f"Bearer {key}"}).data
            for one, key in zip(own, keys, strict=True)
        ]
        theirs = set(db.session().scalars(sa.select(Item.case_id).where(Item.referral_id == own[1]["id"])))
        cases = [case_id for case_id in self.cases if case_id not in theirs]
        self.good = bundle_of(case_ids=cases[:6], referral_ids=[own[0]["id"]])


@pytest.fixture(scope="module")
def bundles(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundles]:
    """One desk for all changes, none of which touches it."""
    folder = tmp_path_factory.mktemp("bundles")
    (folder / "review.db").write_bytes(sqlite_template.read_bytes())
    settings = settings_for(f"sqlite:///{folder / 'review.db'}", folder)
    app = create_app(settings)
    with app.app_context():
        yield Bundles(app, settings.data_dir)
        db.session().close()
        db.extension.engine.dispose()


def _bytes_changed(chance: random.Random, bundle: bytes) -> bytes:
    lines, place = bundle.splitlines(keepends=True), chance.randrange(len(bundle))
    first, second = chance.sample(range(len(lines)), 2)
    match chance.choice(["flip", "delete", "insert", "cut", "drop", "twice", "swap"]):
        case "flip":
            changed = bytearray(bundle)
            changed[place] ^= 1 << chance.randrange(8)
            return bytes(changed)
        case "delete":
            return bundle[:place] + bundle[place + chance.randint(1, 99) :]
        case "insert":
            return bundle[:place] + chance.randbytes(chance.randint(1, 9)) + bundle[place:]
        case "cut":
            return bundle[:place]
        case "drop":
            lines.pop(first)
        case "twice":
            lines.insert(second, lines[first])
        case "swap":
            lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


Change = Callable[[random.Random, list[Told]], None]


def _events(lines: list[Told]) -> list[Told]:
    return [line for line in lines if "envelope" in line]


def _drop(chance: random.Random, lines: list[Told]) -> None:
    lines.remove(chance.choice(lines[1:]))


def _drop_and_count(chance: random.Random, lines: list[Told]) -> None:
    """An event in the middle of a chain is taken out, and the first line counts one less."""
    subjects = [json.loads(line["envelope"])["obj"] for line in _events(lines)]
    last = lines[0]["objects"]
    middle = [
        line
        for line, subject in zip(_events(lines), subjects, strict=True)
        if subject.get("version", 0) not in (0, last[f"{subject['kind']} {subject['id']}"])
    ]
    lines.remove(chance.choice(middle))
    lines[0]["events"] -= 1


def _twice(chance: random.Random, lines: list[Told]) -> None:
    one = chance.choice(lines[1:])
    lines.insert(lines.index(one), one)
    lines[0]["events" if "envelope" in one else "checkpoints"] += 1


def _swap(chance: random.Random, lines: list[Told]) -> None:
    first, second = chance.sample(range(1, len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]


def _other_index(chance: random.Random, lines: list[Told]) -> None:
    first, second = chance.sample(_events(lines), 2)
    first["index"], second["index"] = second["index"], first["index"]
    lines.sort(key=lambda line: line.get("index", -1))


def _salt(chance: random.Random, lines: list[Told]) -> None:
    chance.choice(_events(lines))["salt"] = encode_base64(chance.randbytes(32))


def _opening(chance: random.Random, lines: list[Told]) -> None:
    fields = chance.choice([line["fields"] for line in _events(lines) if line["fields"]])
    name = chance.choice(sorted(fields))
    match chance.choice(["key", "value", "gone", "renamed"]):
        case "key":
            fields[name]["key"] = encode_base64(chance.randbytes(32))
        case "value":
            fields[name] = {"key": fields[name]["key"], "text": f"something else {chance.random()}"}
        case "gone":
            del fields[name]
        case "renamed":
            fields["other"] = fields.pop(name)


def _envelope(chance: random.Random, lines: list[Told]) -> None:
    event = chance.choice(_events(lines))
    envelope = json.loads(event["envelope"])
    match chance.choice(["t", "type", "actor", "eid"]):
        case "t":
            envelope["t"] = "2020-01-01T00:00:00.000000Z"
        case "type":
            envelope["type"] = "case.looked_at"
        case "actor":
            envelope["actor"] = {"kind": "account", "id": "somebody-else"}
        case "eid":
            envelope["eid"] = chance.randbytes(16).hex()
    event["envelope"] = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _proof(chance: random.Random, lines: list[Told]) -> None:
    name = chance.choice(["path", "consistency"])
    path = chance.choice([line[name] for line in lines if line.get(name)])
    if chance.random() < 0.5:
        path.pop(chance.randrange(len(path)))
    else:
        path[chance.randrange(len(path))] = encode_base64(chance.randbytes(32))


def _signed_by_another(chance: random.Random, lines: list[Told]) -> None:
    one = chance.choice([line for line in lines if "checkpoint" in line])
    note = parse_checkpoint(one["checkpoint"])
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    name = chance.choice([note.origin, "other.example/trail"])
    again = sign(note.body, name=name, private_key=key)
    if chance.random() < 0.5:  # under the id of the right key
        wrong = note.signatures[0].key_id + key.sign(note.body.encode())
        again = f"{note.body}\n\u2014 {note.origin} {encode_base64(wrong)}\n"
    one["checkpoint"] = again


def _other_tree(chance: random.Random, lines: list[Told]) -> None:
    one = chance.choice([line for line in lines if "checkpoint" in line])
    origin, size, root, *rest = one["checkpoint"].split("\n")
    if chance.random() < 0.5:
        size = str(int(size) + 1)
    else:
        root = encode_base64(chance.randbytes(32))
    one["checkpoint"] = "\n".join([origin, size, root, *rest])


KNOWING: tuple[Change, ...] = (
    _drop, _drop_and_count, _twice, _swap, _other_index, _salt, _opening, _envelope, _proof,
    _signed_by_another, _other_tree,
)  # fmt: skip


def test_every_change_is_found(bundles: Bundles, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    chance, missed = random.Random(20), []
    assert judged(tmp_path, bundles.policy, bundles.good, bundles.receipts[0])[0] == 0
    for number in range(CHANGES * more(pytestconfig)):
        change = KNOWING[number // 2 % len(KNOWING)] if number % 2 else None
        if change is None:
            bundle = _bytes_changed(chance, bundles.good)
        else:
            bundle = rewritten(bundles.good, lambda lines, change=change: change(chance, lines))  # type: ignore[misc]
        code, said = judged(tmp_path, bundles.policy, bundle)
        if code not in (1, 2) or "Traceback" in said:
            missed.append((number, change))
    assert missed == []


def test_every_changed_or_replayed_receipt_is_found(
    bundles: Bundles, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    chance, (own, other) = random.Random(21), bundles.receipts
    for number in range(CHANGES * more(pytestconfig)):
        place = chance.randrange(len(own))
        flipped = own[:place] + bytes([own[place] ^ 1 << chance.randrange(8)]) + own[place + 1 :]
        receipt = (flipped, other, own[:place], own + b"\n")[number % 4]
        assert judged(tmp_path, bundles.policy, bundles.good, receipt)[0] in (1, 2), receipt


def test_no_clean_bundle_is_suspected(bundles: Bundles, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    chance = random.Random(22)
    for _round in range(CLEAN * more(pytestconfig)):
        cases = chance.sample(bundles.cases, chance.randint(0, 3))
        referrals = chance.sample(bundles.referrals, chance.randint(0 if cases else 1, 2))
        bundle = bundle_of(case_ids=cases, referral_ids=referrals)
        code, said = judged(tmp_path, bundles.policy, bundle)
        assert code == 0, said


def test_a_history_cut_short_by_who_knows_the_format_says_how_far_it_goes(
    bundles: Bundles, tmp_path: Path
) -> None:
    """The limit: an end that is left out of a bundle looks like an older bundle. The versions are printed."""

    def cut(lines: list[Told]) -> None:
        last = _events(lines)[-1]
        subject = json.loads(last["envelope"])["obj"]
        lines.remove(last)
        lines[0]["events"] -= 1
        lines[0]["objects"][f"{subject['kind']} {subject['id']}"] -= 1

    code, said = judged(tmp_path, bundles.policy, rewritten(bundles.good, cut))
    assert code == 0
    assert "what happened in events that are not here" in said
