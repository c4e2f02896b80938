"""The public check of receipts: what is proven, what fails and by which part, and nothing else."""

import base64
import hashlib
import html
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from review.domain import merkle
from review.domain.commitments import leaf_entry
from review.domain.permissions import Role
from review.domain.signed_note import checkpoint_body, parse_checkpoint, sign
from review.formats import key_files
from review.formats.receipts import LARGEST_RECEIPT, check_receipt
from review.formats.tlog_proof import opening_json, parse_opening, parse_proof, write_proof
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in, referral_body
from tests.trails import decide_all, record_events, refer, settle
from tests.web.test_weights import weight

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
VERDICT = re.compile(r'<h2 class="(?:verdict ok|message-title)"[^>]*>(.*?)</h2>', re.DOTALL)


def plain(page: str) -> str:
    """What a person reads of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def verdict(answer: TestResponse) -> str:
    assert answer.status_code == 200
    found = VERDICT.search(answer.text)
    assert found is not None
    return plain(found[1])


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/verify").text)
    assert found is not None
    return found[1]


def check(client: FlaskClient, document: bytes | str, *, way: str = "file") -> TestResponse:
    content = document if isinstance(document, bytes) else document.encode()
    if way == "file":
        part = b'--part\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        body = part % (b"csrf_token", b"", token(client).encode())
        body += part % (b"file", b'; filename="receipt.txt"', content) + b"--part--\r\n"
        return client.post("/verify", data=body, content_type="multipart/form-data; boundary=part")
    return client.post("/verify", data={"csrf_token": token(client), "receipt": content.decode()})


def receipts(desk: Desk, *urls: str, reference: str = "UNIT-1") -> tuple[dict[str, object], str, str]:
    """A referral that was received and answered, and the receipts of both."""
    client, key = desk.client(), make_key(make_sender("Harbour Watch"))
    referral = refer(client, key, *urls, reference=reference)
    decide_all(outcome="accepted")
    settle(desk.settings.data_dir)
    headers = {"Authorization": f"Bearer {key}"}
    address = referral["links"]["receipt"]
    arrival = client.get(address, headers=headers).text
    answer = client.get(f"{address}?item={referral['items'][0]['id']}", headers=headers).text
    return referral, arrival, answer


def rewritten(receipt: str, **fields: bytes) -> str:
    """The receipt with other values in its opening."""
    proof = parse_proof(receipt)
    assert proof.extra is not None
    opening = parse_opening(proof.extra)
    changed = {name: (opening.fields[name][0], value) for name, value in fields.items()}
    extra = opening_json(opening.envelope, salt=opening.salt, fields=opening.fields | changed)
    return write_proof(proof.index, path=proof.path, checkpoint_text=proof.checkpoint_text, extra=extra)


def without(receipt: str, *names: str) -> str:
    """The receipt with these fields left closed."""
    proof = parse_proof(receipt)
    opening = parse_opening(proof.extra or b"")
    fields = {name: field for name, field in opening.fields.items() if name not in names}
    assert len(fields) == len(opening.fields) - len(names)
    extra = opening_json(opening.envelope, salt=opening.salt, fields=fields)
    return write_proof(proof.index, path=proof.path, checkpoint_text=proof.checkpoint_text, extra=extra)


def test_a_receipt_of_arrival_says_what_was_received_when_and_where_it_stands(desk: Desk) -> None:
    url = "https://video.example/watch/<b>1"
    record_events(3)
    referral, arrival, _answer = receipts(desk, url)
    for way in ("file", "text"):
        answer = check(desk.client(), arrival, way=way)
        assert verdict(answer) == "Genuine: this service received this referral."
        told = plain(answer.text)
        assert f"Referral {referral['id']}" in told
        assert "Reference of the sender UNIT-1" in told
        assert referral["items"][0]["id"] in told  # type: ignore[index]
        assert "hxxps://video[.]example/watch/" in told
        assert "<b>1" not in answer.text
        proof = parse_proof(arrival)
        checkpoint = parse_checkpoint(proof.checkpoint_text)
        assert f"{proof.index}, counted from 0, of {checkpoint.size} entries signed" in told
        assert checkpoint.root.hex() in told
        assert str(referral["received_at"])[11:19] in told
        assert "Recorded, but closed here cases key" in told
        assert "Harbour Watch" not in told, "only what the receipt holds"


def test_a_receipt_of_an_answer_says_what_was_decided_and_told(desk: Desk) -> None:
    referral, _arrival, answered = receipts(desk)
    told = check(desk.client(), answered)
    assert verdict(told) == "Genuine: this service gave this answer."
    page = plain(told.text)
    for words in (
        f"Item {referral['items'][0]['id']}",  # type: ignore[index]
        "Outcome Accepted · Against our terms",
        "What the sender was told We have compared the item with our terms.",
        "No praise of listed organisations.",
        "Content Removed",
        "Where Everywhere",
        "Complaint possible until",
    ):
        assert words in page
    assert str(referral["id"]) not in page, "the receipt does not hold it"


def test_a_receipt_of_a_delivery_says_how_many_lines_became_what(desk: Desk) -> None:
    client, key = desk.client(), make_key(make_sender("Harbour Watch"))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    body = b"{}\n" + referral_body() + b"\n"
    batch = client.post("/api/v1/referrals/batch", data=body, headers=headers).json
    assert batch is not None
    settle(desk.settings.data_dir)
    receipt = client.get(batch["links"]["receipt"], headers={"Authorization": f"Bearer {key}"}).text
    told = check(desk.client(), receipt)
    assert verdict(told) == "Genuine: this service took this delivery in."
    page = plain(told.text)
    assert f"Delivery {batch['id']}" in page
    assert "2 in all: 1 received, 0 sent before, 1 refused" in page
    assert hashlib.sha256(body).hexdigest() in page
    assert "Harbour Watch" not in page
    told = check(desk.client(), without(receipt, "body_sha256"))
    assert verdict(told) == "Genuine: this service took this delivery in."
    assert "Fingerprint" not in plain(told.text).split("Recorded, but closed here")[0]


def test_a_receipt_proves_as_much_as_its_bearer_opens(desk: Desk) -> None:
    _referral, arrival, answered = receipts(desk)
    for receipt, names in ((arrival, ("reference", "body_sha256", "items")), (answered, ("answer",))):
        told = check(desk.client(), without(receipt, *names))
        assert verdict(told).startswith("Genuine")
        assert all(name in plain(told.text).split("Recorded, but closed here")[1] for name in names)


def test_what_mail_and_editors_do_to_the_ends_of_lines_does_no_harm(desk: Desk) -> None:
    _referral, arrival, _answer = receipts(desk)
    genuine = "Genuine: this service received this referral."
    for spelling in (arrival.replace("\n", "\r\n"), arrival[:-1], f"\n\n{arrival}\n\n"):
        assert verdict(check(desk.client(), spelling)) == genuine
    assert "Not a receipt" in verdict(check(desk.client(), " " + arrival))


def failing(arrival: str, answered: str) -> dict[str, tuple[str, str]]:
    """Changed receipts by what the page calls the part that fails, each with the part's own name."""
    proof = parse_proof(arrival)
    body, own = proof.checkpoint_text.split("\n\n")[0] + "\n", parse_checkpoint(proof.checkpoint_text)
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))

    def with_checkpoint(note: str) -> str:
        return write_proof(proof.index, path=proof.path, checkpoint_text=note, extra=proof.extra)

    elsewhere = sign(body.replace(own.origin, "elsewhere.example/trail"), name="e", private_key=stranger)
    cut = with_checkpoint(proof.checkpoint_text).replace("extra ey", "extra ey" + "AAAA")
    return {
        "Not a receipt": ("document", "Dear colleagues, please find attached"),
        "The checkpoint is not whole": ("checkpoint", arrival.replace(f"\n{own.size}\n", f"\n0{own.size}\n")),
        "From another trail": ("origin", with_checkpoint(elsewhere)),
        "Unknown key": ("key", with_checkpoint(sign(body, name=own.origin, private_key=stranger))),
        "The signature is wrong": ("signature", arrival.replace(f"\n{own.size}\n", f"\n{own.size + 1}\n")),
        "The proof does not lead to the root": (
            "inclusion",
            arrival.replace(f"index {proof.index}", "index 999"),
        ),
        "What it says is not whole": ("opening", cut),
        "A value was changed": ("opening", rewritten(answered, answer=b'{"outcome":"declined"}')),
    }


def test_each_failing_part_is_named(desk: Desk) -> None:
    _referral, arrival, answered = receipts(desk)
    client = desk.client()
    documents = failing(arrival, answered)
    for title, (_part, document) in documents.items():
        answer = check(client, document)
        assert verdict(answer) == f"This proves nothing: {title}."
        assert "Genuine" not in answer.text
        assert "<title>Error:" in answer.text
    assert "not the one that was recorded: answer" in plain(
        check(client, documents["A value was changed"][1]).text
    )


@ONE_DATABASE
def test_a_receipt_for_another_desk_of_the_same_name_is_none(desk: Desk) -> None:
    _referral, arrival, _answer = receipts(desk)
    folder = desk.settings.data_dir
    (folder / "keys").rename(folder / "first-keys")
    key_files.create_key(folder, name="desk.example/trail")
    assert "Unknown key" in verdict(check(desk.client(), arrival)) or "From another" in verdict(
        check(desk.client(), arrival)
    )


@ONE_DATABASE
def test_who_need_not_believe_the_page_finds_the_program_and_the_key_with_its_fingerprint(desk: Desk) -> None:
    record_events(1)
    settle(desk.settings.data_dir)
    client = desk.client()
    page = plain(client.get("/verify").text)
    vkey = client.get("/log/key").text.strip()
    fingerprint = hashlib.sha256(base64.b64decode(vkey.split("+", 2)[2])[1:]).hexdigest()
    assert f"{vkey} Fingerprint (SHA-256) {fingerprint}" in page
    for address in ("/verifier.py", "/log/policy", "/log/key", "/log/checkpoint"):
        assert f'href="{address}"' in client.get("/verify").text
        assert client.get(address).status_code == 200


@ONE_DATABASE
def test_before_there_is_a_key_nothing_can_be_genuine(desk: Desk) -> None:
    client = desk.client()
    assert "This trail has no key yet." in client.get("/verify").text
    assert "Not a receipt" in verdict(check(client, "nothing"))


@ONE_DATABASE
def test_nothing_to_check_is_told_at_the_field(desk: Desk) -> None:
    for empty in ("", "\n\r\n"):
        answer = check(desk.client(), empty)
        assert answer.status_code == 422
        assert "Paste a receipt or choose its file." in answer.text


@ONE_DATABASE
def test_a_larger_file_than_any_receipt_is_refused_by_its_size(desk: Desk) -> None:
    assert "Too large" in verdict(check(desk.client(), b"x" * (LARGEST_RECEIPT + 1)))
    assert check(desk.client(), b"x" * 17 * 1024 * 1024).status_code == 413


@ONE_DATABASE
def test_hostile_content_stays_text(desk: Desk) -> None:
    _referral, arrival, answered = receipts(desk, reference="<script>alert(1)</script> \u202egnp.exe")
    page = check(desk.client(), arrival).text
    assert "<script" not in page
    assert "\u202e" not in page
    assert "⟨202E⟩" in page
    opening = parse_opening(parse_proof(answered).extra or b"")
    name = "</code><img src=x onerror=alert(1)>\u202e" + "n" * 500
    extra = opening_json(opening.envelope, salt=opening.salt, fields={name: opening.fields["answer"]})
    proof = parse_proof(answered)
    document = write_proof(proof.index, path=proof.path, checkpoint_text=proof.checkpoint_text, extra=extra)
    page = check(desk.client(), document).text
    assert "A value was changed" in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "n" * 200 not in page


@ONE_DATABASE
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_no_bytes_are_too_much_for_the_page(desk: Desk, document: bytes) -> None:
    desk.session.rollback()
    client = desk.client()
    assert check(client, document).status_code in (200, 422)
    raw = client.post(
        "/verify",
        data=b"--x\r\n" + document,
        content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": token(client)},
    )
    assert raw.status_code < 500


@ONE_DATABASE
def test_the_page_is_the_same_and_light_for_everybody(desk: Desk) -> None:
    _referral, arrival, answered = receipts(desk)
    anonymous, person = desk.client(), desk.client()
    make_sign_in(person, Role.SENDER)
    for client in (anonymous, person):
        page = client.get("/verify").text
        assert "<script" not in page
        assert "Sign out" not in page
        rest = weight(client, "/verify") - len(page.encode())
        for document in (arrival, answered, rewritten(answered, answer=b"{}")):
            assert rest + len(check(client, document).data) <= 30_000
        assert rest + len(page.encode()) <= 30_000


@ONE_DATABASE
def test_checking_counts_against_the_limit_of_the_address(desk: Desk) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, requests_per_address=3)
    client = desk.client()
    assert [check(client, "nothing").status_code for _number in range(4)] == [200, 200, 200, 429]
    assert client.get("/verify").status_code == 200


@ONE_DATABASE
def test_every_page_leads_to_it(desk: Desk) -> None:
    client = desk.client()
    assert 'href="/verify"' in client.get("/sign-in").text
    make_sign_in(client, Role.SENDER)
    assert 'href="/verify"' in client.get("/sender").text


def test_a_receipt_that_a_thief_signed_with_our_key_is_not_of_this_trail(desk: Desk) -> None:
    _referral, arrival, _answer = receipts(desk, "https://video.example/1")
    client, key = desk.client(), key_files.read_key(desk.settings.data_dir)
    proof = parse_proof(arrival)
    assert proof.extra is not None
    opening = parse_opening(proof.extra)
    entry = leaf_entry(opening.envelope, salt=opening.salt)
    size = parse_checkpoint(proof.checkpoint_text).size

    def forged(size: int) -> str:
        """The event as the last entry of a made-up tree of this size."""
        path = merkle.inclusion_path(size - 1, size, lambda _level, _index: bytes(32))
        root = merkle.leaf_hash(entry)
        for step in path:
            root = merkle.node_hash(step, root)
        note = sign(checkpoint_body(key.name, size, root), name=key.name, private_key=key.private_key)
        return write_proof(size - 1, path=path, checkpoint_text=note, extra=proof.extra)

    assert verdict(check(client, arrival)).startswith("Genuine")
    for made_up in (forged(size), forged(9_000)):
        assert check_receipt(made_up.encode(), key.vkey).object_id, "the signature is good"
        answer = check(client, made_up)
        assert verdict(answer) == "This proves nothing: Not of this trail."
        assert "Genuine" not in answer.text
