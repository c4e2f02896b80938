"""Pieces of pages that are equal for everybody are drawn once, and never for another language or value."""

from markupsafe import Markup

from review.domain.appearance import Appearance
from review.web import presentation, texts
from review.web.appearance import COOKIE
from tests.conftest import Desk


def test_a_fragment_is_drawn_once_for_each_value_and_language(desk: Desk) -> None:
    app, drawn = desk.app, []

    def draw() -> Markup:
        drawn.append(texts.language().name)
        return Markup("<p>{}</p>").format(len(drawn))

    with app.test_request_context():
        first = presentation.remembered("piece", ("a",), caller=draw)
        assert presentation.remembered("piece", ("a",), caller=draw) == first
        assert presentation.remembered("piece", ("b",), caller=draw) != first
        assert presentation.remembered("piece", None, caller=draw) != first
        assert presentation.remembered("piece", None, caller=draw) == "<p>4</p>"
    assert drawn == ["en"] * 4


def test_another_language_has_fragments_of_its_own(desk: Desk) -> None:
    for locale in ("ar", "en"):
        look = Appearance(language=locale).written()
        with desk.app.test_request_context(headers={"Cookie": f"{COOKIE}={look}"}):
            drawn = presentation.remembered("language", (), caller=lambda: Markup(texts.language().name))
            assert drawn == locale
