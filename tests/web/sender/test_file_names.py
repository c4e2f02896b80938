"""Names of tables to correct: those of the files that were uploaded, and harmless."""

import pytest
from werkzeug.http import parse_options_header

from review.domain.uploaded_files import LONGEST_NAME
from review.web.sender.file_names import LONGEST_STEM, as_attachment, name_to_correct


@pytest.mark.parametrize(
    ("uploaded", "name"),
    [
        ("harbour-week-33.csv", "harbour-week-33-to-correct.csv"),
        ("harbour-week-33-to-correct.csv", "harbour-week-33-to-correct.csv"),
        ("Week 33.NDJSON.GZ", "Week 33-to-correct.csv"),
        ("a.b.xlsx", "a.b-to-correct.csv"),
        (".csv", "file-to-correct.csv"),
        ("NUL.csv", "file-to-correct.csv"),
        ("a:b*c\u202efdp.json", "a-b-c-fdp-to-correct.csv"),
        ("r\r\nSet-Cookie: x.csv", "r--Set-Cookie- x-to-correct.csv"),
        ("x" * LONGEST_NAME + ".csv", "x" * LONGEST_STEM + "-to-correct.csv"),
    ],
)
def test_it_is_named_after_the_file(uploaded: str, name: str) -> None:
    assert name_to_correct(uploaded) == name
    kind, options = parse_options_header(as_attachment(name))
    assert (kind, options) == ("attachment", {"filename": name})


@pytest.mark.parametrize(
    ("name", "fallback"),
    [
        ("Liège 33-to-correct.csv", "Liege-33-to-correct.csv"),
        ("تقرير-to-correct.csv", "file-to-correct.csv"),
        ("é;x-to-correct.csv", "e-x-to-correct.csv"),
    ],
)
def test_other_letters_have_a_name_in_ascii_too(name: str, fallback: str) -> None:
    header = as_attachment(name)
    assert header.isascii()
    assert f'filename="{fallback}"' in header
    assert parse_options_header(header)[1] == {"filename": name}
