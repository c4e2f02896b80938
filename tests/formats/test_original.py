"""Splicing and rebuilding of formats/original.py."""

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.formats.original import (
    EvidenceNotCanonical,
    OriginalNotRebuilt,
    Splice,
    read_splices,
    rebuild,
    split,
)


def _stored(contents: list[bytes]) -> dict[str, bytes]:
    return {sha256(content).hexdigest(): content for content in contents}


@given(
    st.lists(st.binary(min_size=1, max_size=60), max_size=5),
    st.lists(st.text(max_size=20) | st.just("QUJD") | st.just('"QUJD"'), max_size=5),
    st.sampled_from([None, 1, "\t"]),
)
def test_the_original_is_rebuilt_byte_for_byte(
    contents: list[bytes], texts: list[str], indent: object
) -> None:
    evidence = [b64encode(content).decode() for content in contents]
    body = json.dumps({"texts": texts, "evidence": evidence, "again": evidence[:1]}, indent=indent).encode()  # type: ignore[arg-type]
    spliced = split(body, evidence)
    stored = read_splices(json.loads(json.dumps(spliced.splices)))
    assert rebuild(spliced.body, stored, _stored(contents).__getitem__) == body
    for text in evidence:
        assert f'"{text}"'.encode() not in spliced.body
    assert len(spliced.splices) >= len(evidence)


@given(st.binary(max_size=200), st.lists(st.binary(min_size=1, max_size=8), max_size=3), st.data())
def test_any_bytes_are_rebuilt_when_they_could_be_split(
    noise: bytes, contents: list[bytes], draw: st.DataObject
) -> None:
    evidence = [b64encode(content).decode() for content in contents]
    pieces = [noise, b'"', b'\\"', *(f'"{text}"'.encode() for text in evidence)]
    body = b"".join(draw.draw(st.lists(st.sampled_from(pieces), max_size=12)))
    try:
        spliced = split(body, evidence)
    except EvidenceNotCanonical:
        return
    assert rebuild(spliced.body, spliced.splices, _stored(contents).__getitem__) == body


def test_the_digest_of_the_decoded_bytes_stands_where_the_evidence_was() -> None:
    spliced = split(b'{"content": "QUJD", "name": "QUJD="}', ["QUJD"])
    digest = sha256(b"ABC").hexdigest()
    assert spliced.splices == [Splice(13, digest)]
    assert spliced.body == b'{"content": "' + digest.encode() + b'", "name": "QUJD="}'


def test_a_digest_that_the_sender_wrote_is_left_alone() -> None:
    digest = sha256(b"ABC").hexdigest()
    body = b'{"sha256": "' + digest.encode() + b'", "content": "QUJD"}'
    spliced = split(body, ["QUJD"])
    assert rebuild(spliced.body, spliced.splices, {digest: b"ABC"}.__getitem__) == body


def test_a_body_without_evidence_is_kept_as_it_is() -> None:
    assert split(b'{"a": "QUJD"}', []) == (b'{"a": "QUJD"}', [])


@pytest.mark.parametrize(
    "evidence",
    ["QUJ", "QUI", "QUJ=", "QR==", "QUJD====", "QU JD", "QU-_", "", "ä", "QUJD\n", "\ud800"],
)
def test_evidence_that_would_not_encode_to_the_same_text_is_refused(evidence: str) -> None:
    body = json.dumps(["QUJD", evidence]).encode()
    with pytest.raises(EvidenceNotCanonical) as refusal:
        split(body, ["QUJD", evidence])
    assert refusal.value.positions == (1,)


def test_evidence_written_with_json_escapes_is_refused() -> None:
    body = b'{"content": "\\u0051UJD", "more": "QUI="}'
    with pytest.raises(EvidenceNotCanonical) as refusal:
        split(body, ["QUI=", json.loads(body)["content"]])
    assert refusal.value.positions == (1,)


def test_splices_of_another_body_are_refused() -> None:
    spliced = split(b'["QUJD"]', ["QUJD"])
    with pytest.raises(OriginalNotRebuilt):
        rebuild(b"x" + spliced.body, spliced.splices, lambda digest: b"ABC")
    with pytest.raises(OriginalNotRebuilt):
        rebuild(spliced.body, spliced.splices * 2, lambda digest: b"ABC")
