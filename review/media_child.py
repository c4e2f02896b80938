"""The process that decodes evidence: a file on standard input, facts and previews on standard output.

Each file gets a process of its own, which ends with it. Before it reads a byte it gives up what a flaw in a
decoder could be used for: more memory or time, files and connections, other processes. It knows no
settings and no secrets. This is the only module that imports decoders; nothing imports it.
"""

import json
import resource
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

import numpy
import pdqhash
import pypdfium2
from PIL import (
    Image,
    ImageFilter,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from review.domain.media import (
    BOXES,
    MOST_BYTES,
    MOST_CHARACTERS,
    PICTURES,
    Kind,
    Look,
    NotShown,
    Refusal,
    Stage,
    check_frames,
    check_length,
    check_pages,
    check_pixels,
    fitted,
    kind_of,
    shown_size,
    text_of,
)

READY: Final = b"ready\n"
"""Written once everything is given up: what goes wrong after it is the file's doing."""
MEMORY_BYTES: Final = 640 * 1024 * 1024
CPU_SECONDS: Final = 5
OUTPUT_BYTES: Final = 24 * 1024 * 1024
_LIMITS: Final = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: OUTPUT_BYTES,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_NOFILE: 0,  # those that are open stay open: no file, socket or pipe comes to them
}

Previews = dict[Stage, bytes]

_FORMATS: Final = {Kind.PNG: "PNG", Kind.JPEG: "JPEG"}
# what Pillow would import at need, when nothing can be imported any more; TIFF is how cameras' notes are kept
_PLUGINS: Final = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
_READY_MODES: Final = frozenset({"L", "RGB", "RGBA"})
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_THEIR_SIDE: Final = frozenset({5, 6, 7, 8})
_QUALITY: Final = 82
_BLUR_PIXELS: Final = 4
_HASHED_BOX: Final = 512
_LEAST_HASH_QUALITY: Final = 50
"""Below it a PDQ hash says little about the picture, as of one even colour."""


def main() -> None:
    """Decode what stands on standard input."""
    Image.preinit()  # nothing can be imported later
    Image.MAX_IMAGE_PIXELS = None  # we have a limit of our own, which names itself
    for limit, most in _LIMITS.items():
        hard = most + 1 if limit == resource.RLIMIT_CPU else most
        resource.setrlimit(limit, (most, hard))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    look, previews = look_at(sys.stdin.buffer.read(MOST_BYTES + 1))
    sys.stdout.buffer.write(written(look, previews))


def written(look: Look, previews: Mapping[Stage, bytes]) -> bytes:
    """One line of JSON, then the previews in the order that it names, with their lengths."""
    lengths = [[stage, len(preview)] for stage, preview in previews.items()]
    head = json.dumps(vars(look) | {"previews": lengths}).encode() + b"\n"
    return head + b"".join(previews.values())


def look_at(content: bytes) -> tuple[Look, Previews]:
    """What a file is, and its previews; none where it cannot be shown, and then the reason."""
    look = Look()
    try:
        check_length(len(content))
        look.kind = kind_of(content)
        return look, _LOOKS[look.kind](content, look)
    except NotShown as error:
        look.refused = error.refusal
    except MemoryError:
        look.refused = Refusal.MEMORY
    except Exception:  # whatever a decoder raises about a stranger's bytes means the same
        look.refused = Refusal.BROKEN
    return look, {}


def _text(content: bytes, look: Look) -> Previews:
    text = text_of(content) or ""
    look.characters = len(text)
    return {Stage.TEXT: text[:MOST_CHARACTERS].encode()}


def _picture(content: bytes, look: Look) -> Previews:
    assert look.kind is not None
    with _opened(content, look.kind) as image:
        check_pixels(*image.size)
        orientation = image.getexif().get(_ORIENTATION, 1)
        sideways = orientation in _ON_THEIR_SIDE
        look.width, look.height = reversed(image.size) if sideways else image.size
        look.frames = getattr(image, "n_frames", 1)
        check_frames(look.frames)
        size = shown_size(*image.size, Stage.COLOUR)
        image.draft("RGB", size)  # a JPEG alone can be decoded smaller than it is
        plain = _on_white(_in_colours(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))
    return _previews(plain.transpose(_TURNS[orientation]) if orientation in _TURNS else plain, look)


class _Webp(WebPImagePlugin.WebPImageFile):
    """A WebP picture of which the first frame alone is wanted.

    Its decoder keeps two canvases beside what it gives. With the picture itself all pixels would be held four
    times at once, which is more than the memory of this process: so it goes before they are put there.
    """

    def load_prepare(self) -> None:
        """Make room for the pixels, which have been decoded by now and wait to be put there."""
        del self._decoder
        super().load_prepare()


def _opened(content: bytes, kind: Kind) -> Image.Image:
    """The picture with its head read and nothing decoded; only its own decoder may try."""
    try:
        if kind is Kind.WEBP:
            return _Webp(BytesIO(content))
        return Image.open(BytesIO(content), formats=[_FORMATS[kind]])
    except OSError as error:
        if kind is Kind.WEBP and int.from_bytes(content[4:8], "little") + 8 <= len(content):
            # all of it is there: the decoder, which asks for the room of all pixels at once, did not get it
            raise NotShown(Refusal.MEMORY) from error
        raise


def _in_colours(image: Image.Image) -> Image.Image:
    """The first frame in a mode that can be made smaller well."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in _READY_MODES and "transparency" not in image.info:
        image.load()
        return image
    clear = "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBa")
    return image.convert("RGBA" if clear else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency, in which a picture could hide from one reader and show itself to another."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _document(content: bytes, look: Look) -> Previews:
    """The first page; scripts, forms and attachments are left alone."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        protected = "password" in str(error).lower() or "security" in str(error).lower()
        raise NotShown(Refusal.PROTECTED if protected else Refusal.BROKEN) from error
    look.pages = len(document)
    check_pages(look.pages)
    page = document[0]
    longest = max(page.get_size())
    image = page.render(scale=BOXES[Stage.COLOUR] / longest, may_draw_forms=False).to_pil()
    look.width, look.height = image.size
    check_pixels(*image.size)
    return _previews(_on_white(image), look)


def _previews(plain: Image.Image, look: Look) -> Previews:
    """Every stage of a picture that has its greatest size already; and its perceptual hash.

    What is blurred tells as little in full size as small: it is the small one made larger.
    """
    look.perceptual_hash = _hash_of(plain)
    small = plain.resize(shown_size(*plain.size, Stage.SMALL), Image.Resampling.LANCZOS)
    blurred = small.filter(ImageFilter.GaussianBlur(_BLUR_PIXELS))
    looks = (
        (Stage.SMALL, Stage.SMALL_BLURRED_COLOUR, blurred),
        (Stage.SMALL_SHARP_GREY, Stage.SMALL_SHARP_COLOUR, small),
        (Stage.BLURRED_GREY, Stage.BLURRED_COLOUR, blurred.resize(plain.size, Image.Resampling.BICUBIC)),
        (Stage.GREY, Stage.COLOUR, plain),
    )
    found: Previews = {}
    for grey, colour, image in looks:
        found |= {grey: _encoded(image.convert("L")), colour: _encoded(image)}
    return found


def _encoded(image: Image.Image) -> bytes:
    """The pixels alone: Pillow would write comments, profiles and cameras' notes of the file anew."""
    image.info = {}
    taken = BytesIO()
    image.save(taken, "JPEG", quality=_QUALITY)
    return taken.getvalue()


def _hash_of(plain: Image.Image) -> str | None:
    """PDQ over at most 512 pixels a side, as its authors measure it; near-duplicates differ in few bits."""
    size = fitted(*plain.size, box=_HASHED_BOX)
    bits, quality = pdqhash.compute(numpy.asarray(plain.resize(size, Image.Resampling.BILINEAR)))
    return numpy.packbits(bits).tobytes().hex() if quality >= _LEAST_HASH_QUALITY else None


_LOOKS: Final[dict[Kind, Any]] = {
    Kind.TEXT: _text,
    Kind.PDF: _document,
    **dict.fromkeys(PICTURES, _picture),
}


if __name__ == "__main__":
    main()
