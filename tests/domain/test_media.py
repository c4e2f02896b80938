"""What may be shown as evidence, and in which steps."""

from collections.abc import Callable

import pytest

from review.domain.media import (
    MOST_BYTES,
    Kind,
    NotShown,
    Refusal,
    Stage,
    check_frames,
    check_length,
    check_pages,
    check_pixels,
    fits,
    fitted,
    kind_of,
    next_stage,
    plain_name,
    shown_size,
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n<html>", Kind.PNG),
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Kind.WEBP),
        (b"%PDF-1.7\n", Kind.PDF),
        ("Привет, мир \u202e".encode(), Kind.TEXT),
        (b"\xef\xbb\xbfplain", Kind.TEXT),
        (b"<!DOCTYPE html><script>alert(1)</script>", Kind.TEXT),
    ],
)
def test_a_file_is_what_it_holds(content: bytes, kind: Kind) -> None:
    assert kind_of(content) is kind


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"GIF89a\x00", Refusal.KIND),
        (b"BM\x00\x00", Refusal.KIND),
        (b"PK\x03\x04\x00", Refusal.KIND),
        (b"\x00\x01", Refusal.KIND),
        (b"MZ\x90\x00", Refusal.KIND),
        ("utf-16".encode("utf-16"), Refusal.KIND),
        (b" \n%PDF-1.7\x00", Refusal.KIND),
        (b"<svg onload='x'/>", Refusal.DRAWING),
        (
            b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><!DOCTYPE svg><svg:svg xmlns:svg='x'>",
            Refusal.DRAWING,
        ),
    ],
)
def test_whatever_else_is_refused(content: bytes, refusal: Refusal) -> None:
    with pytest.raises(NotShown) as refused:
        kind_of(content)
    assert refused.value.refusal is refusal


def test_limits_hold_at_their_edge_and_not_beyond() -> None:
    check_length(MOST_BYTES)
    check_pixels(8_000, 5_000)
    check_frames(200)
    check_pages(1_000)
    beyond: tuple[tuple[Callable[[], None], Refusal], ...] = (
        (lambda: check_length(0), Refusal.EMPTY),
        (lambda: check_length(MOST_BYTES + 1), Refusal.BYTES),
        (lambda: check_pixels(8_000, 5_001), Refusal.PIXELS),
        (lambda: check_pixels(0, 5), Refusal.BROKEN),
        (lambda: check_frames(201), Refusal.FRAMES),
        (lambda: check_pages(0), Refusal.BROKEN),
        (lambda: check_pages(1_001), Refusal.PAGES),
    )
    for check, refusal in beyond:
        with pytest.raises(NotShown) as refused:
            check()
        assert refused.value.refusal is refusal


def test_previews_are_made_smaller_and_never_larger() -> None:
    assert fitted(3_200, 1_600, box=1_600) == (1_600, 800)
    assert fitted(20, 10, box=160) == (20, 10)
    assert fitted(40_000, 1, box=160) == (160, 1)
    assert shown_size(3_200, 1_600, Stage.SMALL) == (160, 80)
    assert shown_size(300, 200, Stage.GREY) == (300, 200)


def test_a_long_picture_is_shown_so_large_that_its_words_can_be_read() -> None:
    assert shown_size(1_280, 8_000, Stage.COLOUR) == (800, 5_000)
    assert shown_size(6_000, 40, Stage.GREY) == (6_000, 40)
    assert shown_size(1_280, 30_000, Stage.COLOUR) == (512, 12_000)
    assert shown_size(3_201, 1_600, Stage.COLOUR) == (1_600, 800), "no step between the two rules"
    assert shown_size(1_280, 8_000, Stage.SMALL) == (26, 160)


def test_a_picture_comes_step_by_step_and_a_text_at_once() -> None:
    steps = [None, Stage.SMALL, Stage.GREY, Stage.COLOUR]
    assert [next_stage(Kind.PNG, one) for one in steps] == [*steps[1:], None]
    assert next_stage(None, None) is Stage.SMALL, "before anybody looked into it"
    assert next_stage(Kind.TEXT, None) is Stage.TEXT
    assert next_stage(Kind.TEXT, Stage.TEXT) is None


def test_a_choice_made_meanwhile_leads_on_and_never_back() -> None:
    ladder = (Stage.SMALL_SHARP_GREY, Stage.GREY, Stage.COLOUR)
    assert next_stage(Kind.PNG, Stage.SMALL, ladder=ladder) is Stage.SMALL_SHARP_GREY
    assert next_stage(Kind.PNG, Stage.BLURRED_COLOUR, ladder=ladder) is Stage.GREY
    assert next_stage(Kind.PNG, Stage.COLOUR, ladder=ladder) is None


def test_only_texts_are_shown_as_texts() -> None:
    assert fits(Kind.TEXT, Stage.TEXT)
    assert not fits(Kind.TEXT, Stage.SMALL)
    assert fits(Kind.PDF, Stage.GREY)
    assert not fits(Kind.PNG, Stage.TEXT)
    assert not fits(Kind.PNG, Stage.PLACEHOLDER)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\evil\\a.png", "a.png"),
        ("a\u202egnp.exe", "a\u202egnp.exe"),
        ("a\x00\nb.png", "ab.png"),
        ("..", "capture"),
        ("", "capture"),
        ("a" * 500, "a" * 120),
        ("صورة.png", "صورة.png"),
    ],
)
def test_the_name_of_a_capture_is_no_path_and_keeps_what_pages_show(given: str, kept: str) -> None:
    assert plain_name(given) == kept
