"""Files that somebody sends to break what looks at them, made here; and plain ones beside them."""

import io
import struct
import zlib
from collections.abc import Mapping

from PIL import Image

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, rows: int | None = None, before: bytes = b"") -> bytes:
    """A grey PNG of this declared size, with so many rows of black, and chunks before them."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    black = zlib.compress(bytes((width + 1) * (height if rows is None else rows)), 9)
    return PNG_HEAD + head + before + chunk(b"IDAT", black) + chunk(b"IEND", b"")


def picture(kind: str = "PNG", *, size: tuple[int, int] = (320, 240), **options: object) -> bytes:
    """A harmless picture with shapes in it."""
    image = Image.effect_mandelbrot(size, (-2.0, -1.5, 1.0, 1.5), 40).convert("RGB")
    image.paste((200, 40, 40), (20, 20, 90, 90))
    taken = io.BytesIO()
    image.save(taken, kind, **options)
    return taken.getvalue()


def webp_frames(count: int) -> bytes:
    """A WebP animation of so many frames of one pixel."""
    one = picture("WEBP", size=(2, 2), lossless=True)
    still = one[12:]
    frame = bytes(6) + bytes([1, 0, 0, 1, 0, 0]) + bytes([1, 0, 0, 0]) + still
    frames = (b"ANMF" + struct.pack("<I", len(frame)) + frame + bytes(len(frame) % 2)) * count
    extended = b"VP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0, 1, 0, 0, 1, 0, 0])
    animation = b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body = b"WEBP" + extended + animation + frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(*, pages: int = 1, script: str = "", listed: int | None = None) -> bytes:
    """A PDF of so many empty pages with a black square on each; ``script`` runs when it is opened."""
    action = f"/OpenAction << /S /JavaScript /JS ({script}) >>" if script else ""
    kids = " ".join(f"{4 + number} 0 R" for number in range(pages))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {action} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {listed or pages} /MediaBox [0 0 300 200] >>",
        "<< /Length 27 >>\nstream\n0 0 0 rg 50 50 100 100 re f\nendstream",
        *("<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>" for _page in range(pages)),
    ]
    written, places = b"%PDF-1.7\n", []
    parts = [written]
    length = len(written)
    for number, content in enumerate(objects, 1):
        places.append(length)
        part = f"{number} 0 obj\n{content}\nendobj\n".encode()
        parts.append(part)
        length += len(part)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    parts.append(
        f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer << /Size {count} /Root 1 0 R >>\n"
        f"startxref\n{length}\n%%EOF\n".encode()
    )
    return b"".join(parts)


HTML = b"<script>alert(1)</script><img src=//evil.example/x>"

REFUSED: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "declared pixels": (png(30_000, 30_000, rows=1), "pixels"),
    "deflate bomb": (png(30_000, 30_000), "pixels"),
    "pixels over the limit": (png(8_001, 5_000), "pixels"),
    "size that no memory has": (png(2**31 - 1, 2**31 - 1, rows=0), "pixels"),
    "text bomb": (png(9, 9, before=chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(10**7)))), "broken"),
    "profile bomb": (png(9, 9, before=chunk(b"iCCP", b"a\x00\x00" + zlib.compress(bytes(10**8)))), "broken"),
    "truncated PNG": (picture()[:2_000], "broken"),
    "truncated JPEG": (picture("JPEG")[:2_000], "broken"),
    "truncated WebP": (picture("WEBP")[:2_000], "broken"),
    "PNG without content": (PNG_HEAD, "broken"),
    "JPEG without content": (b"\xff\xd8\xff", "broken"),
    "GIF": (b"GIF89a" + bytes(99), "kind"),
    "TIFF": (b"II*\x00" + bytes(99), "kind"),
    "PSD": (b"8BPS\x00\x01" + bytes(99), "kind"),
    "PostScript with bytes": (b"%!PS-Adobe\x00\xff", "kind"),
    "archive": (b"PK\x03\x04" + bytes(99), "kind"),
    "frames of a PNG": (
        png(9, 9, before=chunk(b"acTL", struct.pack(">II", 100_000, 0))),
        "frames",
    ),
    "frames of a WebP": (webp_frames(100_000), "frames"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>1</script></svg>', "drawing"),
    "SVG with entities": (b'<?xml version="1.0"?><!DOCTYPE svg><svg><a>&lol;</a></svg>', "drawing"),
    "pages": (pdf(pages=10_000), "pages"),
    "PDF without pages": (b"%PDF-1.7\n%%EOF", "broken"),
    "PDF that ends": (pdf()[:80], "broken"),
    "PDF behind something": (b"GIF89a\x00" + pdf(), "kind"),
}
"""What is refused, each with its reason."""

HARMLESS: Mapping[str, tuple[bytes, str]] = {
    "PNG and page": (picture() + HTML, "image/png"),
    "PNG with a page inside": (png(99, 99, before=chunk(b"tEXt", b"a\x00" + HTML)), "image/png"),
    "PNG and archive": (picture() + b"PK\x03\x04" + HTML, "image/png"),
    "JPEG and archive": (picture("JPEG") + b"PK\x03\x04" + HTML, "image/jpeg"),
    "JPEG with a page as comment": (picture("JPEG", comment=HTML), "image/jpeg"),
    "WebP and page": (picture("WEBP") + HTML, "image/webp"),
    "PDF with script": (pdf(script="app.alert(1)"), "application/pdf"),
    "PDF that lists more pages than it has": (pdf(listed=9), "application/pdf"),
    "frames within the limit": (webp_frames(9), "image/webp"),
    "page as text": (HTML, "text/plain"),
    "text of the other direction": ("gnp.exe \u202e \u2066".encode(), "text/plain"),
}
"""What is shown, and what it is shown as."""
