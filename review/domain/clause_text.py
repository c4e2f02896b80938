"""Which clauses does a file of terms hold? Markdown in, numbered clauses out."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from review.errors import InvalidInput

LONGEST_DOCUMENT = 200
LONGEST_TITLE = 500
LONGEST_NUMBER = 80
LARGEST_FILE = 4 * 1024 * 1024
INTRODUCTION = "introduction"

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_NOT_A_PARAGRAPH = re.compile(r" {0,3}(?:[-+*>|#<]|\d+[.)]\s)|\s{4}|\t")
_NUMBERED = re.compile(
    r"(?:(?:§\s*|(?:section|article|clause)\s+)(?P<named>\d+(?:\.\d+)*[a-z]?)[.):]?"
    r"|(?P<dotted>\d+(?:\.\d+)+[a-z]?)[.):]?|(?P<plain>\d+[a-z]?)[.):])(?:\s+[-–—:]?\s*(?P<title>.*))?",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TITLE = re.compile(r"title\s*:\s*(.*)")


@dataclass(frozen=True)
class ClauseText:
    """One clause as worded in a file; ``number`` is its identity within the document."""

    number: str
    title: str
    text: str


@dataclass(frozen=True)
class Terms:
    """One document of our terms with its clauses in the order of the file."""

    document: str
    clauses: tuple[ClauseText, ...]


@dataclass(frozen=True)
class _Heading:
    start: int
    end: int
    level: int
    words: str


def decode_terms(raw: bytes, *, file_name: str) -> str:
    """The text of a file, line ends as \\n, without a byte order mark; raises `InvalidInput`."""
    if len(raw) > LARGEST_FILE:
        raise InvalidInput(f"{file_name} is larger than 4 MiB; split it.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file_name} is not UTF-8 (byte {error.start}); save it as UTF-8.") from None
    if "\x00" in text:
        raise InvalidInput(f"{file_name} holds a zero byte; it is not a text file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_clauses(text: str, *, name: str) -> Terms:
    """The clauses of a Markdown text; raises `InvalidInput` with the remedy.

    The front-matter ``title``, else ``name``, names the document. Each heading of the top level is a
    clause; a lone first heading over several of a lower level is the title of the text, not a clause. Text
    before the first clause is the clause ``introduction``; a text without headings is one clause.
    """
    front, body = _split_front_matter(text)
    document = _title_of(front) or name
    if len(document) > LONGEST_DOCUMENT:
        raise InvalidInput(f"The title of {name} is longer than {LONGEST_DOCUMENT} characters; shorten it.")
    if not has_words("\n".join(body)):
        raise InvalidInput(f"{name} holds no text; name a file with at least one clause.")
    clauses = _clauses(body, _top_level(body, list(_headings(body))), document=document)
    for clause in clauses:
        if len(clause.title) > LONGEST_TITLE:
            raise InvalidInput(
                f"Shorten the heading of clause {clause.number} to {LONGEST_TITLE} characters."
            )
    return Terms(document=document, clauses=tuple(clauses))


def natural_order(number: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts 2 before 10 and 4.2 before 4.10; the introduction first, words after numbers."""
    if number == INTRODUCTION:
        return ()
    parts = re.findall(r"\d+|[^\d.]+", number)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def _split_front_matter(text: str) -> tuple[list[str], list[str]]:
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return [], lines
    for place, line in enumerate(lines[1:], 1):
        if line.rstrip() in ("---", "..."):
            return lines[1:place], lines[place + 1 :]
    return [], lines


def _title_of(front: list[str]) -> str:
    for line in front:
        match = _TITLE.fullmatch(line.rstrip())
        if match is not None:
            title = match[1].strip()
            if len(title) > 1 and title[0] == title[-1] and title[0] in "'\"":
                return title[1:-1].replace(title[0] * 2, title[0]).strip()
            return title
    return ""


def has_words(text: str) -> bool:
    """Whether anything is left to read beside comments and marks."""
    return any(letter.isalnum() for letter in _COMMENT.sub("", text))


def _blank_code_and_comments(body: list[str]) -> list[str]:
    """The same lines with everything emptied in which a ``#`` is no heading."""
    kept: list[str] = []
    fence = ""
    for line in body:
        match = _FENCE.fullmatch(line)
        if fence:
            kept.append("")
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
            kept.append("")
        else:
            kept.append(line)
    return _COMMENT.sub(lambda comment: re.sub(r"[^\n]", "", comment[0]), "\n".join(kept)).split("\n")


def _headings(body: list[str]) -> Iterator[_Heading]:
    lines = _blank_code_and_comments(body)
    for place, line in enumerate(lines):
        atx = _ATX.fullmatch(line)
        if atx is not None:
            words = _plain(atx[2] or "")
            if words:
                yield _Heading(place, place + 1, len(atx[1]), words)
        elif place + 1 < len(lines) and _is_underlined(lines, place):
            yield _Heading(place, place + 2, 1 if "=" in lines[place + 1] else 2, _plain(line))


def _is_underlined(lines: list[str], place: int) -> bool:
    """Whether this line alone is a paragraph over a row of = or - (a Setext heading)."""
    line = lines[place]
    alone = place == 0 or not lines[place - 1].strip()
    return bool(
        alone and _plain(line) and not _NOT_A_PARAGRAPH.match(line) and _SETEXT.fullmatch(lines[place + 1])
    )


def _plain(words: str) -> str:
    """A heading without its Markdown: links, emphasis, code, anchors."""
    words = re.sub(r"\s*\{#[^}]*\}\s*$", "", words)
    words = re.sub(r"<[^>]*>", "", words)
    words = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", words)
    words = re.sub(r"(\*\*|__|[*_`])(?=\S)(.+?)(?<=\S)\1", r"\2", words)
    return " ".join(words.split())


def _top_level(body: list[str], found: list[_Heading]) -> list[_Heading]:
    """The headings that begin clauses."""
    if not found:
        return []
    level = min(heading.level for heading in found)
    top = [heading for heading in found if heading.level == level]
    below = [heading for heading in found if heading.level > level]
    if len(top) == 1 and top[0] is found[0] and not has_words("\n".join(body[: top[0].start])) and below:
        level = min(heading.level for heading in below)
        lower = [heading for heading in below if heading.level == level]
        if len(lower) > 1:
            return lower
    return top


def _clauses(body: list[str], headings: list[_Heading], *, document: str) -> list[ClauseText]:
    if not headings:
        return [ClauseText(slug(document), document, tidy(body))]
    taken: set[str] = set()
    clauses: list[ClauseText] = []
    before = body[: headings[0].start]
    own = [line for place, line in enumerate(before) if place not in _heading_lines(before)]
    if has_words("\n".join(own)):
        clauses.append(ClauseText(_free(INTRODUCTION, taken), "Introduction", tidy(before)))
    ends = [heading.start for heading in headings[1:]] + [len(body)]
    for heading, end in zip(headings, ends, strict=True):
        number, title = _number_and_title(heading.words)
        clauses.append(ClauseText(_free(number, taken), title, tidy(body[heading.end : end]) or title))
    return clauses


def _heading_lines(body: list[str]) -> set[int]:
    return {line for heading in _headings(body) for line in range(heading.start, heading.end)}


def _number_and_title(words: str) -> tuple[str, str]:
    match = _NUMBERED.fullmatch(words)
    if match is None:
        return slug(words), words
    number = match["named"] or match["dotted"] or match["plain"]
    if len(number) > LONGEST_NUMBER - 5:
        return slug(words), words
    return number, match["title"] or words


def slug(words: str) -> str:
    """Words as an identity: lower case, letters and figures of any script, hyphens between."""
    folded = unicodedata.normalize("NFKC", words).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-")[: LONGEST_NUMBER - 5].rstrip("-") or "clause"


def _free(number: str, taken: set[str]) -> str:
    """The number, or with ``-2``, ``-3`` behind it where the file uses it again."""
    candidate, count = number, 1
    while candidate in taken:
        count += 1
        candidate = f"{number}-{count}"
    taken.add(candidate)
    return candidate


def tidy(lines: Iterable[str]) -> str:
    """The text as written, without blank lines around it and blanks at line ends."""
    return "\n".join(line.rstrip() for line in lines).strip("\n")
