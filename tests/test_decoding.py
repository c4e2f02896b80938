"""Whatever a file does to its decoder happens in a child; the desk gets facts, pictures or a reason."""

import os
import resource
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from review import decoding
from review.decoding import Decoded, decode
from review.domain.media import BLURRED, MOST_BYTES, RISING, SMALL, Kind, Look, Refusal, Stage
from review.errors import NotReady
from tests.hostile_files import HARMLESS, HTML, REFUSED, picture, png

MOST_GROWN = 8 * 1024
"""KiB that this process may grow by over a whole corpus."""


def _decode(tmp_path: Path, content: bytes) -> Decoded:
    path = tmp_path / "evidence"
    path.write_bytes(content)
    return decode(path)


def _opened(preview: bytes) -> Image.Image:
    image = Image.open(BytesIO(preview), formats=["JPEG"])
    image.load()
    return image


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    content, reason = REFUSED[name]
    found = _decode(tmp_path, content)
    assert (found.look.refused, found.previews) == (reason, {})


@pytest.mark.parametrize("name", HARMLESS)
def test_a_file_of_two_kinds_is_drawn_anew_as_one(tmp_path: Path, name: str) -> None:
    content, kind = HARMLESS[name]
    found = _decode(tmp_path, content)
    assert (found.look.kind, found.look.refused) == (kind, None)
    if kind == Kind.TEXT:
        assert found.previews == {Stage.TEXT: content}
        return
    for preview in found.previews.values():
        _opened(preview)
        assert HTML not in preview
        assert b"alert" not in preview
        assert b"PK\x03\x04" not in preview


def test_the_corpus_leaves_the_desk_as_it_was(tmp_path: Path) -> None:
    """Neither its memory nor its open files nor its children tell of what was decoded."""
    _decode(tmp_path, picture())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files = len(os.listdir("/proc/self/fd"))
    for name in ("deflate bomb", "profile bomb", "frames of a WebP", "pages", "truncated PNG"):
        _decode(tmp_path, REFUSED[name][0])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWN
    assert len(os.listdir("/proc/self/fd")) == files


def test_the_largest_picture_is_shown_within_the_memory_of_the_child(tmp_path: Path) -> None:
    found = _decode(tmp_path, png(8_000, 5_000))
    assert (found.look.refused, found.look.width, found.look.height) == (None, 8_000, 5_000)
    assert _opened(found.previews[Stage.GREY]).size == (1_600, 1_000)
    # in a desk of its own: the figure is of the largest child that a process ever had
    asks = "import pathlib, resource, sys; from review import decoding"
    asks += "; decoding.decode(pathlib.Path(sys.argv[1]))"
    tells = "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    told = subprocess.run(
        [sys.executable, "-c", f"{asks}; {tells}", str(tmp_path / "evidence")],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert 16 * 1024 <= int(told.stdout) <= 512 * 1024


@pytest.mark.parametrize("clear", [False, True], ids=["plain", "clear"])
@pytest.mark.parametrize("lossless", [False, True], ids=["lossy", "lossless"])
def test_the_largest_webp_is_shown_within_the_memory_of_the_child(
    tmp_path: Path, *, lossless: bool, clear: bool
) -> None:
    """As many pixels and as many bytes as may be, in each of the four ways in which the format keeps them."""
    image = Image.new("RGBA" if clear else "RGB", (8_000, 5_000), (200, 40, 40))
    if clear:
        image.paste((0, 0, 0, 0), (0, 0, 4_000, 5_000))
    taken = BytesIO()
    image.save(taken, "WEBP", lossless=lossless, quality=0, method=0)
    found = _decode(tmp_path, taken.getvalue().ljust(MOST_BYTES, b"\0"))
    assert (found.look.refused, found.look.width, found.look.height) == (None, 8_000, 5_000)
    colour = _opened(found.previews[Stage.COLOUR]).convert("RGB")
    assert colour.size == (1_600, 1_000)
    assert _is_near(colour.getpixel((1_500, 500)), (200, 40, 40))
    assert _is_near(colour.getpixel((100, 500)), (255, 255, 255) if clear else (200, 40, 40))


def _is_near(pixel: object, wanted: tuple[int, int, int]) -> bool:
    """Whether this is that colour, as far as two lossy formats keep it."""
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 12 for one, other in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_drawn_in_every_size_with_and_without_colour_and_blur(
    tmp_path: Path, format_name: str
) -> None:
    found = _decode(tmp_path, picture(format_name))
    look = found.look
    assert (look.width, look.height, look.frames, look.refused) == (320, 240, 1, None)
    images = {stage: _opened(preview) for stage, preview in found.previews.items()}
    assert set(images) == set(RISING)
    for stage, image in images.items():
        assert image.size == ((160, 120) if stage in SMALL else (320, 240)), stage
        assert image.mode == ("RGB" if "colour" in stage else "L"), stage


def test_what_is_called_blurred_is_and_nothing_else(tmp_path: Path) -> None:
    """An edge of the picture is soft in it, in full size as far as in a small one."""
    sharp = Image.new("L", (320, 320), "white")
    sharp.paste(0, (160, 0, 320, 320))
    taken = BytesIO()
    sharp.save(taken, "PNG")
    soft = {}
    for stage, preview in _decode(tmp_path, taken.getvalue()).previews.items():
        image = _opened(preview).convert("L")
        middle = image.width // 2
        row = [
            image.getpixel((x, middle)) for x in range(middle - image.width // 20, middle + image.width // 20)
        ]
        soft[stage] = len({value for value in row if isinstance(value, int) and 30 < value < 225}) > 5
    assert {stage for stage, is_soft in soft.items() if is_soft} == {
        Stage.SMALL, Stage.SMALL_BLURRED_COLOUR, *BLURRED,
    }  # fmt: skip


def test_a_picture_made_smaller_or_saved_anew_has_nearly_the_same_hash(tmp_path: Path) -> None:
    first, second, other = (
        int(found.look.perceptual_hash or "", 16)
        for found in (
            _decode(tmp_path, picture()),
            _decode(tmp_path, picture("JPEG", size=(320, 240), quality=60)),
            _decode(tmp_path, _turned(picture())),
        )
    )
    assert (first ^ second).bit_count() <= 31
    assert (first ^ other).bit_count() > 90


def _turned(content: bytes) -> bytes:
    taken = BytesIO()
    Image.open(BytesIO(content)).transpose(Image.Transpose.ROTATE_180).save(taken, "PNG")
    return taken.getvalue()


def test_an_even_picture_has_no_hash(tmp_path: Path) -> None:
    """All even pictures would be near-duplicates of each other."""
    assert _decode(tmp_path, png(200, 200)).look.perceptual_hash is None


def test_a_picture_is_turned_as_its_camera_held_it_and_keeps_nothing_else_of_it(tmp_path: Path) -> None:
    notes = Image.Exif()
    notes[0x0112], notes[0x010F] = 6, "canary-camera"
    found = _decode(tmp_path, picture("JPEG", exif=notes))
    assert (found.look.width, found.look.height) == (240, 320)
    assert _opened(found.previews[Stage.GREY]).size == (240, 320)
    assert all(b"canary" not in preview for preview in found.previews.values())


def test_what_is_clear_is_shown_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (90, 90), (0, 0, 0, 0))
    taken = BytesIO()
    image.save(taken, "PNG")
    found = _decode(tmp_path, taken.getvalue())
    assert _opened(found.previews[Stage.COLOUR]).getpixel((45, 45)) == (255, 255, 255)


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    found = _decode(tmp_path, "é".encode() * 30_000)
    assert found.look.characters == 30_000
    assert found.previews[Stage.TEXT] == "é".encode() * 20_000


def test_a_missing_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone")


@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        ("while True: pass", Refusal.SLOW),
        ("bytearray(10**9)", Refusal.BROKEN),
        ("import os; os.abort()", Refusal.BROKEN),
        ("sys.stdout.buffer.write(b'nonsense')", Refusal.BROKEN),
        ("sys.stdout.buffer.write(b'x' * 10**9)", Refusal.BROKEN),
    ],
)
def test_a_child_that_is_taken_over_can_say_nothing_but_nonsense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, refusal: Refusal
) -> None:
    _become(monkeypatch, program)
    assert _decode(tmp_path, b"x") == Decoded(Look(refused=refusal), {})


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd').read()",
        "import socket; socket.socket()",
        "import os; os.pipe()",
        "import subprocess; subprocess.run(['/bin/true'])",
    ],
)
def test_a_child_that_is_taken_over_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attempt: str
) -> None:
    """No file, connection or other process; an attempt that succeeds would look like an end from outside."""
    code = f"import os\ntry:\n    {attempt}\nexcept OSError: os.abort()\nos.kill(os.getpid(), 9)"
    _become(monkeypatch, code)
    assert _decode(tmp_path, b"x").look.refused is Refusal.BROKEN


def _become(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the child run this instead of decoding, with everything given up."""
    lines = program.replace("\n", "\n    ")
    code = (
        "import sys, socket, subprocess\nfrom review import media_child\n"
        f"def taken(content):\n    {lines}\n    sys.exit(0)\n"
        "media_child.look_at = taken\nmedia_child.main()"
    )
    monkeypatch.setattr(decoding, "_COMMAND", (sys.executable, "-s", "-P", "-c", code))


def test_the_child_knows_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_SECRET_KEY", "canary")
    assert "canary" not in str(decoding._SURROUNDINGS)
    assert not [name for name in decoding._SURROUNDINGS if name.startswith("REVIEW")]


@pytest.mark.parametrize("command", [("false",), ("sleep", "9")])
def test_a_child_that_cannot_work_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(decoding, "_COMMAND", command)
    monkeypatch.setattr(decoding, "WALL_SECONDS", 0.2)
    with pytest.raises(NotReady):
        _decode(tmp_path, b"x")


def test_a_child_that_is_ended_from_outside_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _become(monkeypatch, f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    with pytest.raises(NotReady):
        _decode(tmp_path, b"x")


def test_the_desk_loads_no_decoder() -> None:
    code = "import sys, app; print({'PIL', 'numpy', 'pypdfium2', 'pdqhash'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
