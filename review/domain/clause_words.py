"""How is a clause read by people? Its words without the marks of Markdown, and one name for it.

The stored text stays as written; only what a page shows is made here, and it is plain text, never markup.
"""

import re
from functools import lru_cache

from review.domain.clause_text import INTRODUCTION, slug

_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,}).*")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_RULE = re.compile(r" {0,3}(?:=+|(?:[-*_][ \t]*){3,}|-+)[ \t]*")
_BULLET = re.compile(r"^(\s*)[-+*][ \t]+")
_QUOTE = re.compile(r"^(?: {0,3}>[ \t]?)+")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BROKEN_SENTENCE = re.compile(r"(?<=[^\s.:;!?])\n(?=[a-z])")
"""Where a file was wrapped in the middle of a sentence: the next line goes on in small letters."""
_INLINE = (
    (re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"\s*\{#[^}]*\}\s*$"), ""),
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^>]*>"), ""),
    (re.compile(r"(`+)(.+?)\1"), r"\2"),
    (re.compile(r"(?<!\\)(\*{1,3})(?=\S)(.+?)(?<=[^\s\\])\1"), r"\2"),
    (re.compile(r"(?<![\w\\])(_{1,3})(?=\S)(.+?)(?<=[^\s\\])\1(?!\w)"), r"\2"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!>|~])"), r"\1"),
)


@lru_cache(maxsize=256)
def plain_words(text: str) -> str:
    """The text of a clause for reading: its lines and lists, without the marks of headings and emphasis."""
    lines = [_plain_line(line) for line in _COMMENT.sub("", text).split("\n")]
    whole = "\n".join(line for line in lines if line is not None)
    return re.sub(r"\n{3,}", "\n\n", _BROKEN_SENTENCE.sub(" ", whole)).strip("\n")


def _plain_line(line: str) -> str | None:
    """One line without its marks; None for a line that is nothing but marks."""
    line = _QUOTE.sub("", line, count=1)
    if _FENCE.fullmatch(line) or (line.strip() and _RULE.fullmatch(line)):
        return None
    heading = _HEADING.fullmatch(line)
    line = _BULLET.sub(r"\1• ", heading[1] if heading else line, count=1)
    for pattern, plain in _INLINE:
        line = pattern.sub(plain, line)
    return line.rstrip()


def clause_name(number: str, title: str) -> str:
    """Number and title, or the title alone where the number is only made of its words."""
    made = slug(title)
    if number == made or re.fullmatch(re.escape(made) + r"-\d+", number):
        return title
    return f"{number} {title}".strip()


def is_clause(number: str) -> bool:
    """Whether it is a rule that content can break; an introduction is none."""
    return number != INTRODUCTION
