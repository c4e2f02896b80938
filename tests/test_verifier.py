"""The verifier of evidence bundles, run alone as a lawyer runs it: what it proves, and what it refuses."""

import ast
import base64
import json
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import clock, ledger, verifier
from review.actions.signer import rotate_key
from review.actions.witnesses import Said, record_cosignatures
from review.domain import merkle
from review.domain.permissions import OPERATOR, SERVICE
from review.domain.signed_note import COSIGNATURE, parse_vkey
from review.domain.witness_requests import write_request
from review.formats import key_files
from review.models import Case, Opening, Referral
from review.queries.checkpoints import newest_checkpoint
from tests.bundles import Told, bundle_of, judged, policy_of, rewritten
from tests.conftest import Desk
from tests.desks import lived_in_desk
from tests.factories import make_key, make_sender, referral_body
from tests.trails import decide_all, refer, settle
from tests.witnessing import Place, new_place

SOURCE = Path(verifier.__file__)


def test_the_verifier_runs_alone_from_another_folder(desk: Desk, tmp_path: Path) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(SOURCE, elsewhere / "verifier.py")
    (elsewhere / "policy").write_text(policy_of(desk))
    made = desk.app.test_cli_runner().invoke(
        args=["trail", "bundle", "--case", case_id, "--output", str(elsewhere / "case.jsonl")]
    )
    assert made.exit_code == 0, made.output
    answer = subprocess.run(
        [sys.executable, "-I", "verifier.py", "--policy", "policy", "case.jsonl"],
        cwd=elsewhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")
    for words in ("PROVEN", f"case {case_id}: versions 1 to", "NOT proven", "events that are not here"):
        assert words in answer.stdout


def test_the_verifier_imports_the_standard_library_and_cryptography_only() -> None:
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    roots = {name.partition(".")[0] for name in imported}
    assert roots - sys.stdlib_module_names == {"cryptography"}


def test_all_that_can_happen_to_a_case_is_proven(desk: Desk, tmp_path: Path) -> None:
    lived_in_desk()
    settle(desk.settings.data_dir)
    cases = list(desk.session.scalars(sa.select(Case.id)))
    bundle = bundle_of(case_ids=cases, referral_ids=list(desk.session.scalars(sa.select(Referral.id))))
    code, said = judged(tmp_path, policy_of(desk), bundle)
    assert code == 0, said
    told = [json.loads(line) for line in bundle.splitlines()]
    types = {json.loads(one["envelope"])["type"] for one in told if "envelope" in one}
    assert {"case.reviews_differ", "case.review_undone", "case.second_review_due", "item.answered"} <= types
    assert bundle_of(case_ids=cases[:1]) == bundle_of(case_ids=cases[:1])


def test_the_export_is_on_the_trail_of_its_case_with_the_digest_of_the_file(
    desk: Desk, tmp_path: Path
) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    output = tmp_path / "case.jsonl"
    runner = desk.app.test_cli_runner()
    arguments = ["trail", "bundle", "--json", "--case", case_id.lower(), "--output", str(output)]
    made = runner.invoke(args=arguments)
    assert made.exit_code == 0
    row = desk.session.execute(
        sa.select(Opening.object_id, Opening.fields).where(Opening.event_type == "export.made")
    ).one()
    assert row.object_id == case_id
    digest = sha256(output.read_bytes()).hexdigest()
    assert base64.b64decode(row.fields["sha256"][1]).decode() == digest
    assert json.loads(made.output) == {
        "file": str(output), "bytes": output.stat().st_size, "sha256": digest
    }  # fmt: skip
    assert runner.invoke(args=arguments).exit_code == 1  # never over a file that is there
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == ["case.jsonl"]


def test_a_receipt_counts_for_the_bundle_that_holds_its_event(desk: Desk, tmp_path: Path) -> None:
    client, key, other = desk.client(), make_key(make_sender()), make_key(make_sender())
    mine, theirs = (
        refer(client, key, "https://video.example/1"),
        refer(client, other, "https://video.example/2"),
    )
    settle(desk.settings.data_dir)
    receipts = [
        client.get(one["links"]["receipt"], headers={"Authorization": f"Bearer {whose}"}).text.encode()
        for one, whose in ((mine, key), (theirs, other))
    ]
    bundle = bundle_of(referral_ids=[mine["id"]])
    code, said = judged(tmp_path, policy_of(desk), bundle, receipts[0])
    assert (code, "receipt: referral.received on referral" in said) == (0, True), said
    code, said = judged(tmp_path, policy_of(desk), bundle, receipts[1])
    assert (code, "not in the bundle" in said) == (1, True), said
    assert "PROVEN" in said, "the bundle itself holds"
    assert "rely on nothing" not in said
    swapped = receipts[0].replace(b"index 0\n", b"index 1\n")
    assert judged(tmp_path, policy_of(desk), bundle, swapped)[0] == 1
    assert judged(tmp_path, policy_of(desk), bundle, receipts[0][:200])[0] == 2


def test_a_sender_checks_the_receipt_of_a_delivery(desk: Desk, tmp_path: Path) -> None:
    client = desk.client()
    headers = {"Authorization": f"Bearer {make_key(make_sender())}", "Content-Type": "application/x-ndjson"}
    batch = client.post("/api/v1/referrals/batch", data=referral_body() + b"\n", headers=headers).json
    assert batch is not None
    settle(desk.settings.data_dir)
    receipt = client.get(batch["links"]["receipt"], headers=headers).data
    code, said = judged(tmp_path, policy_of(desk), receipt)
    assert code == 0, said
    assert f"receipt: batch.completed on batch {batch['id']}, index" in said


def test_a_sender_checks_a_receipt_alone(desk: Desk, tmp_path: Path) -> None:
    client, key = desk.client(), make_key(make_sender())
    referral = refer(client, key, "https://video.example/1")
    settle(desk.settings.data_dir)
    receipt = client.get(
        referral["links"]["receipt"], headers={"Authorization": f"Bearer {key}"}
    ).text.encode()
    code, said = judged(tmp_path, policy_of(desk), receipt)
    assert code == 0, said
    assert f"receipt: referral.received on referral {referral['id']}, index" in said
    assert "events stand unchanged" not in said
    assert "any time: without a witness it is the desk's own claim" in said
    code, said = judged(tmp_path, policy_of(desk), receipt, receipt)
    assert (code, said.count("receipt: referral.received")) == (0, 2)
    place = receipt.index(b"\nindex ")
    moved = receipt[:place] + re.sub(rb"index (\d+)", rb"index 1\1", receipt[place:])
    code, said = judged(tmp_path, policy_of(desk), moved)
    assert (code, "PROVEN" in said) == (1, False), said
    code, said = judged(tmp_path, policy_of(desk), moved, receipt)
    assert (code, "PROVEN" in said, "FALSE: Receipt" in said) == (1, True, True), said


def test_a_policy_without_the_key_that_signed_accuses_nobody(desk: Desk, tmp_path: Path) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    older = key_files.read_vkey(desk.settings.data_dir)
    newer = rotate_key(folder=desk.settings.data_dir, actor=OPERATOR)
    bundle = bundle_of(case_ids=[case_id])
    code, said = judged(tmp_path, newer, bundle)
    assert (code, "no key in the policy signed its checkpoint" in said) == (2, True), said
    assert "FALSE" not in said
    assert judged(tmp_path, older, bundle)[0] == 0
    policy = desk.client().get("/log/policy").text
    assert judged(tmp_path, policy, bundle)[0] == 0


def test_an_erased_opening_is_told_and_nothing_else_breaks(desk: Desk, tmp_path: Path) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)

    def erase(lines: list[Told]) -> None:
        (review,) = (one for one in lines if "case.review_recorded" in one.get("envelope", ""))
        del review["fields"]["rationale"]
        review["closed"] = ["rationale"]

    bundle = rewritten(bundle_of(case_ids=[case_id]), erase)
    code, said = judged(tmp_path, policy_of(desk), bundle)
    assert code == 0
    assert f"rationale of case.review_recorded on case {case_id}, index" in said
    assert "committed, opening erased" in said


def test_the_commands_in_readme_check_a_bundle(desk: Desk, tmp_path: Path) -> None:
    client, key = desk.client(), make_key(make_sender())
    referral = refer(client, key, "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    receipt = client.get(referral["links"]["receipt"], headers={"Authorization": f"Bearer {key}"})
    (tmp_path / "receipt").write_bytes(receipt.data)
    section = Path("README.md").read_text().partition("\n### Checking offline\n")[2].partition("\n#")[0]
    made, *offline = re.findall(r"^    (.+)$", section, re.MULTILINE)
    (tmp_path / "policy").write_bytes(client.get("/log/policy").data)
    (tmp_path / "verifier.py").write_bytes(SOURCE.read_bytes())
    arguments = made.removeprefix("flask ").replace("C-0000-0000-0000", case_id).split()
    arguments[-1] = str(tmp_path / arguments[-1])
    assert desk.app.test_cli_runner().invoke(args=arguments).exit_code == 0
    assert len(offline) == 3
    for command in offline:
        words = [sys.executable if word == "python" else word for word in command.split()]
        answer = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (answer.returncode, answer.stderr) == (0, ""), command


def test_the_command_refuses_what_it_cannot_do_and_says_why(desk: Desk, tmp_path: Path) -> None:
    runner = desk.app.test_cli_runner()
    client, key = desk.client(), make_key(make_sender())
    referral = refer(client, key, "https://video.example/1")
    new = str(tmp_path / "new.jsonl")
    for arguments, words in (
        (["--case", "nonsense", "--output", new], "is no id"),
        (["--case", "C-0000-0000-0000", "--output", new], "There is no case C-0000-0000-0000"),
        (["--output", new], "name a case or a referral"),
        (["--referral", referral["id"], "--output", new], "No checkpoint covers"),
        (["--referral", referral["id"], "--output", str(tmp_path / "no" / "new")], "There is no folder"),
    ):
        result = runner.invoke(args=["trail", "bundle", *arguments])
        assert (result.exit_code, words in result.output) == (1, True), result.output
    assert desk.session.scalar(sa.select(sa.func.count()).where(Opening.event_type == "export.made")) == 0
    assert list(tmp_path.glob("*.jsonl")) == []


HOSTILE = {
    "nothing": b"",
    "no line": b"x" * 100,
    "binary": bytes(range(256)) * 50,
    "bad UTF-8": b'{"a":"\xff"}\n',
    "deep": b"[" * 200_000 + b"\n",
    "deep objects": b'{"a":' * 100_000 + b"\n",
    "giant number": b'{"a":' + b"9" * 1_000_000 + b"}\n",
    "fraction": b'{"a":1.5}\n',
    "twice": b'{"a":1,"a":1}\n',
    "not a number": b'{"a":NaN}\n',
    "half a pair": b'{"a":"\\ud800"}\n',
    "only an end": b'{"sha256":"00"}\n',
    "wrong kinds": b'{"cases":1,"checkpoints":[],"events":{},"format":2,"objects":3,"referrals":4}\n'
    b'{"checkpoint":5}\n',
    "a ZIP": b"PK\x03\x04" + b"\x00" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bundles_are_unreadable_and_no_traceback(name: str, tmp_path: Path) -> None:
    code, said = judged(tmp_path, KEY, HOSTILE[name])
    assert (code, said.startswith("It cannot be read: ")) == (2, True), said
    assert "of the bundle: " in said or "no bundle" in said


KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""The example key of Go's package note."""


@pytest.mark.parametrize(
    "policy",
    ["", "quorum none\n", f"log {KEY}\n", f"log {KEY}\nquorum all\n", "log x\nquorum none\n",
     f"log {KEY}\ngroup g 2 a\nquorum g\n", f"log {KEY}\nquorum none\nquorum none\n", "\udcff"],
)  # fmt: skip
def test_a_malformed_policy_is_unreadable(policy: str, tmp_path: Path) -> None:
    code, said = judged(tmp_path, policy, b"{}\n")
    assert code == 2
    assert "of the bundle" not in said


def cosign(desk: Desk, witness: Place, vkey: str, *, last: int) -> int:
    """Let the witness cosign the newest checkpoint after one of ``last`` entries; how many it has."""
    newest = newest_checkpoint(desk.session)
    assert newest is not None
    path = merkle.consistency_path(last, newest.size, ledger.tree_reader(desk.session, newest.size))
    request = write_request(last, path=path, checkpoint_text=newest.note)
    answer = witness.open(vkey).add_checkpoint(request)
    assert answer.status == 200, answer.text
    name, key_id, _key = parse_vkey(witness.vkey, kind=COSIGNATURE)
    said = Said(f"{name}+{key_id.hex()}", line=answer.text, cosigned_at=clock.now())
    record_cosignatures(newest.size, [said], actor=SERVICE)
    return newest.size


def test_a_bundle_is_proven_by_what_witnesses_cosigned(desk: Desk, tmp_path: Path) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    vkey = key_files.read_vkey(desk.settings.data_dir)
    witness = new_place(tmp_path / "witness")
    policy = f"log {vkey}\nwitness legal {witness.vkey}\nquorum legal\n"
    code, said = judged(tmp_path, policy, bundle_of(case_ids=[case_id]))
    assert (code, "lacks the quorum" in said) == (1, True)
    settle(desk.settings.data_dir)
    cosigned = cosign(desk, witness, vkey, last=0)
    refer(desk.client(), make_key(make_sender()), "https://video.example/2")
    settle(desk.settings.data_dir)  # a newer checkpoint, which no witness saw and the case does not need
    code, said = judged(tmp_path, policy, bundle_of(case_ids=[case_id]))
    assert code == 0, said
    assert f"in the log of {cosigned} entries" in said
    assert "saw the log by second" in said
    settle(desk.settings.data_dir)  # now the export stands there too, after what the witness saw
    assert judged(tmp_path, policy, bundle_of(case_ids=[case_id]))[0] == 1
    cosign(desk, witness, vkey, last=cosigned)
    assert judged(tmp_path, policy, bundle_of(case_ids=[case_id]))[0] == 0
