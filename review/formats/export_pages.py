"""Exported rows as a PDF to read and print: tagged (PDF/UA-1), one part for each item, by Typst.

Typst is the extra `pdf`: a desk without it does everything else. Texts of others come in as values and never
as markup, with their invisible characters shown.
"""

import importlib
import importlib.util
import json
from collections.abc import Iterable, Mapping, Sequence

from review.domain.display import visible
from review.errors import NotReady

WARNINGS = "differs_from_trail"
"""The column of sentences that stand above the others."""
_PAGES = b"""
#let given = json(bytes(sys.inputs.given))
#set document(title: given.title)
#set page(paper: "a4", margin: 2cm, numbering: "1 / 1",
  header: text(8pt, given.title), footer-descent: 30%)
#set text(size: 9pt, lang: "en")
#set heading(numbering: none)
= #given.title
#given.about
#for row in given.rows [
  == #row.title
  #if row.warnings.len() > 0 {
    block(width: 100%, inset: 6pt, stroke: 1.5pt + rgb("#b00020"), breakable: true)[
      *Warning: what is stored differs from the trail*
      #list(..row.warnings)
    ]
  }
  #table(columns: (3.6cm, 1fr), stroke: 0.4pt + luma(180), inset: 4pt,
    ..row.cells.map(cell => (text(weight: "bold", cell.at(0)), cell.at(1))).flatten())
]
"""


def can_make_pages() -> bool:
    """Whether Typst is installed here."""
    return importlib.util.find_spec("typst") is not None


def pages(title: str, about: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """The PDF; `NotReady` where Typst is missing or gives up."""
    if not can_make_pages():
        raise NotReady("PDF needs the extra `pdf` of this program: ask whoever runs it to install it.")
    given = {"title": title, "about": about, "rows": [_part(columns, row) for row in rows]}
    typst = importlib.import_module("typst")
    try:
        made: bytes = typst.compile(
            _PAGES,
            format="pdf",
            pdf_standards="ua-1",
            sys_inputs={"given": json.dumps(given)},
        )
    except RuntimeError as error:
        raise NotReady("The pages could not be made; choose fewer cases or another form.") from error
    return made


def _part(columns: Sequence[str], row: Mapping[str, object]) -> dict[str, object]:
    told = [name for name in columns if name != WARNINGS and row[name] != ""]
    cells = [[name.replace("_", " "), visible(str(row[name]))] for name in told]
    said = row[WARNINGS]
    warnings = [visible(str(sentence)) for sentence in said] if isinstance(said, list) else []
    return {"title": f"{row[columns[0]]}, {row['item_id']}", "cells": cells, "warnings": warnings}
