"""Lines of a stream: every cut of the pieces gives the same lines, in bounded memory, plain and packed."""

import gzip
import io
import itertools
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.formats.ndjson import LONGEST_LINE, PIECE, Line, StreamBroken, Unpacked, read_lines

BODY = b'{"a":1}\n\n  \r\n{"b":2}\r\n{"c":3}'
LINES = [Line(1, b'{"a":1}'), Line(4, b'{"b":2}\r'), Line(5, b'{"c":3}')]


def _pieces(body: bytes, size: int) -> Callable[[int], bytes]:
    stream = io.BytesIO(body)
    return lambda asked: stream.read(min(asked, size))


@given(st.integers(1, 40))
def test_lines_do_not_depend_on_where_pieces_end(size: int) -> None:
    assert list(read_lines(_pieces(BODY, size))) == LINES


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" "))), st.integers(1, 9))
def test_all_lines_come_back_with_their_numbers(lines: list[bytes], size: int) -> None:
    read = list(read_lines(_pieces(b"\n".join(lines), size)))
    wanted = [Line(number, line) for number, line in enumerate(lines, start=1) if line and not line.isspace()]
    assert read == wanted


@pytest.mark.parametrize("surplus", [1, PIECE, 40 * 1024 * 1024])
def test_a_line_that_is_too_long_is_named_and_dropped(surplus: int) -> None:
    long = b"x" * (LONGEST_LINE + surplus)
    lines = list(read_lines(_pieces(b"a\n" + long + b"\nb\n" + long, PIECE)))
    assert lines == [Line(1, b"a"), Line(2, None), Line(3, b"b"), Line(4, None)]
    assert next(iter(read_lines(_pieces(b"x" * LONGEST_LINE + b"\n", PIECE)))).body is not None


def test_memory_stays_at_one_line_and_one_piece() -> None:
    left = [200 * 1024 * 1024]

    def read(size: int) -> bytes:
        taken = min(size, left[0])
        left[0] -= taken
        return b"x" * taken

    tracemalloc.start()
    try:
        assert list(read_lines(read)) == [Line(1, None)]
        assert tracemalloc.get_traced_memory()[1] < 4 * LONGEST_LINE
    finally:
        tracemalloc.stop()


@given(st.integers(1, 60), st.lists(st.integers(0, len(BODY)), max_size=3))
def test_packed_members_give_the_lines_of_their_content(size: int, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(BODY)]
    packed = b"".join(gzip.compress(BODY[start:end]) for start, end in itertools.pairwise(places))
    assert list(read_lines(Unpacked(_pieces(packed, size)).read)) == LINES


def test_a_bomb_is_unpacked_piece_by_piece() -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    unpacked = Unpacked(io.BytesIO(packed).read)
    sizes = {len(unpacked.read()) for _turn in range(100)}
    assert max(sizes) <= PIECE


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no gzip at all",
        gzip.compress(BODY * 100)[:-1],
        gzip.compress(BODY * 100)[:20],
        gzip.compress(BODY) + b"rest",
        gzip.compress(BODY)[:-5] + b"\0\0\0\0\0",
        zlib.compress(BODY),
    ],
    ids=["nothing", "text", "no_end", "short", "rest", "wrong_sum", "zlib"],
)
def test_what_is_no_whole_gzip_is_broken(packed: bytes) -> None:
    with pytest.raises(StreamBroken):
        list(read_lines(Unpacked(io.BytesIO(packed).read).read))
