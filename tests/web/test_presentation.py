"""Pages are strict, escaped and translated, and every component survives hostile content."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, get_args
from unittest import mock

import pytest
from flask import Flask, flash, render_template_string
from jinja2 import Environment, UndefinedError
from jinja2.meta import find_referenced_templates
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Form,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    validators,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from review.domain import referral_schema
from review.domain.appearance import Appearance
from review.domain.permissions import Role
from review.domain.states import CaseState, ItemStatus, Round
from review.models.senders import SENDER_KINDS
from review.web import presentation
from review.web.signin.navigation import Place
from review.web.times import duration, moment, nearness, relative
from review.web.words import WORDS, word_of

NOW = datetime(2026, 11, 21, 16, 20, 7, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=y>&amp; \u202egnp.exe \u200b" + "A" * 2_000
ARABIC = "هذا نص عن الطقس الجميل اليوم."
# Choices and hidden values go through unchanged, so that what comes back is what was sent.
MARKUP = HOSTILE.replace("\u202e", "").replace("\u200b", "")
TRICK = "https://p\u0430ypal.test/\u202egnp.exe?a=<b>&c='d'"
VOID = {"input", "meta", "link", "img", "br", "path"}


class ReviewForm(Form):
    """A form with one field of every sort; its texts are as hostile as the content."""

    token = HiddenField(default=MARKUP)
    title = StringField(HOSTILE, [validators.InputRequired(HOSTILE)])
    reasons = TextAreaField("Reasons", [validators.InputRequired("Write a reason.")])
    outcome = RadioField(
        "Outcome",
        [validators.InputRequired("Choose one.")],
        choices=[SelectChoice("a", HOSTILE), SelectChoice("b", "B")],
    )
    clauses = SelectMultipleField(
        "Clauses", choices=[SelectChoice("4.2", "4.2 Praise"), SelectChoice("4.3", ARABIC)]
    )
    account = SelectField("Account", choices=[SelectChoice("none", "No measure"), SelectChoice("x", MARKUP)])
    broad = BooleanField("Broad")


ALL_FIELDS = """
{%- from "components/fields.html" import input, textarea, select, radios, checkboxes, checkbox %}
{% from "components/fields.html" import hidden_fields %}
{% from "components/errors.html" import error_summary, error_prefix %}
{{- error_prefix(form) }}{{ error_summary(form, ["A sentence."]) }}{{ hidden_fields(form) }}
{{ input(form.title, hint="Hint", autocomplete="off") }}{{ textarea(form.reasons, key="r", rows=7) }}
{{ select(form.account, optional=true) }}{{ radios(form.outcome, keys=["1"]) }}
{{ checkboxes(form.clauses, details={"4.2": text}) }}{{ checkbox(form.broad) }}
"""
FRAME = """
{%- extends "base.html" %}
{% block title %}Queue{% endblock %}
{% block content %}<h1>Queue</h1>{% endblock %}
"""


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("review")
    app.config.update(SECRET_KEY="only for tests", TESTING=True)
    presentation.register(app)
    app.jinja_env.globals["csrf_token"] = lambda: "token-of-the-form"
    with app.test_request_context("/"):
        yield app


class Outline(HTMLParser):
    """Checks that elements nest, ids are unique and no attribute is doubled; keeps the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"doubled attribute in <{tag}>"
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, text: str) -> None:
        assert "script" not in self.open or not text, "no script stands in the page itself"
        self.text += text


def outline(page: str) -> Outline:
    """The page's elements, after checking that it is well-formed and has no script of its own."""
    parsed = Outline()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    for tag, attributes in parsed.tags:
        assert tag not in {"iframe", "style"}
        assert tag != "script" or (attributes["src"] or "").startswith("/static/"), (
            "only the desk's own files"
        )
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", page)
    return parsed


def macro(source: str, **values: Any) -> str:
    """Render one component by its call, such as ``"status:badge('open')"``."""
    file, _, call = source.partition(":")
    name = call.partition("(")[0]
    return render_template_string(
        f"{{% from 'components/{file}.html' import {name} %}}{{{{ {call} }}}}", **values
    )


def block(file: str, call: str, body: str, *, more: str = "", **values: Any) -> str:
    """Render a component that wraps a body, ``more`` names further macros of the same file."""
    names = ", ".join(filter(None, [call.partition("(")[0], more]))
    return render_template_string(
        f"{{% from 'components/{file}.html' import {names} %}}{{% call {call} %}}{body}{{% endcall %}}",
        **values,
    )


@pytest.mark.parametrize(
    "source",
    [
        "status:mark('warn', hostile, 'triangle')",
        "address:address(hostile)",
        "address:address(trick)",
        "address:code(hostile)",
        "foreign:foreign_text(hostile, 'ar')",
        "foreign:foreign_words(hostile)",
        "summary:row(hostile|visible, hostile|visible)",
        "empty:empty(hostile|visible, hostile|visible)",
        "button:post_button('/x', hostile|visible, {'name': hostile|visible})",
        "timeline:entry(7, hostile|visible, now, hostile|visible)",
        "steps:steps('Steps', [{'label': hostile|visible, 'state': 'current', 'at': now}])",
        "pagination:pagination(hostile|visible, '/x', hostile|visible)",
        "table:cell(hostile|visible, hostile|visible)",
        "key:key(hostile|visible)",
    ],
)
def test_every_component_escapes_hostile_content(app: Flask, source: str) -> None:
    page = macro(source, hostile=HOSTILE, trick=TRICK, now=NOW)
    outline(page)
    assert "<script" not in page
    assert "⟨202E⟩" in page or "now" in source


@pytest.mark.parametrize("file", ["panel:panel(text)", "message:message('error', text)", "empty:empty(text)"])
def test_components_with_a_body_escape_title_and_body(app: Flask, file: str) -> None:
    name, _, call = file.partition(":")
    page = block(name, call, "{{ text }}", text=MARKUP)
    outline(page)
    assert page.count("&lt;script&gt;") == 2


def test_table_keeps_its_meaning_when_drawn_as_cards(app: Flask) -> None:
    cells = "{{ heading_cell('Case', 'R-1') }}{{ cell('Items', 4, number=true) }}"
    body = f"{{% call table_row() %}}{cells}{{% endcall %}}"
    call = "data_table('Cases', ['Case', 'Items'], numbers=['Items'])"
    page = block("table", call, body, more="table_row, heading_cell, cell")
    roles = [attributes.get("role") for _, attributes in outline(page).tags if attributes.get("role")]
    assert roles == [
        "table",
        "rowgroup",
        "row",
        "columnheader",
        "columnheader",
        "rowgroup",
        "row",
        "rowheader",
        "cell",
    ]
    assert 'data-column="Items"' in page


def test_fields_link_label_hint_and_error(app: Flask) -> None:
    form = ReviewForm(MultiDict({"clauses": "4.3", "account": "none"}))
    form.validate()
    page = render_template_string(ALL_FIELDS, form=form, text=HOSTILE)
    parsed = outline(page)
    assert page.lstrip().startswith("Error: ")
    described = [tag for _, tag in parsed.tags if tag.get("aria-describedby")]
    for tag in described:
        assert set(str(tag["aria-describedby"]).split()) <= set(parsed.ids)
    targets = [str(tag["href"])[1:] for name, tag in parsed.tags if name == "a"]
    assert targets == ["title", "reasons", "outcome-0"]
    assert set(targets) <= set(parsed.ids)
    labels = [tag["for"] for name, tag in parsed.tags if name == "label" and "for" in tag]
    assert set(labels) <= set(parsed.ids)
    checked = [tag["value"] for _, tag in parsed.tags if tag.get("type") == "checkbox" and "checked" in tag]
    assert checked == ["4.3"]
    assert parsed.text.count("(optional)") == 1


def test_summary_takes_the_focus_and_is_absent_without_errors(app: Flask) -> None:
    call = "errors:error_summary(form)"
    form = ReviewForm()
    assert macro(call, form=form).strip() == ""
    form.validate()
    summary = macro(call, form=form)
    assert "tabindex" in summary
    assert "autofocus" in summary


def test_frame_shows_role_undo_and_messages(app: Flask) -> None:
    flash(HOSTILE, "done")
    app.config["REVIEW_DEMO"] = True
    page = render_template_string(
        FRAME,
        navigation=(Place(label="Queue", address="/queue", current=True),),
        viewer=SimpleNamespace(role="moderator", pseudonym=HOSTILE),
        sign_out_address="/sign-out",
        undo=SimpleNamespace(case_id="C-1", address="/undo", hidden={"review": "7"}, until=NOW),
    )
    parsed = outline(page)
    tags = [tag for tag, _ in parsed.tags]
    assert [tags.count(tag) for tag in ("main", "header", "nav", "footer", "h1")] == [1, 1, 2, 1, 1]
    html = dict(parsed.tags[0][1])
    assert (html["lang"], html["dir"]) == ("en", "ltr")
    assert "<title>Queue – Referral Review</title>" in page
    assert page.count("token-of-the-form") == 3
    for words in ("Moderator", "Demo: made-up data", "Undo", "16:20:07 UTC", "UTC, 24-hour clock"):
        assert words in parsed.text


def test_frame_needs_nothing_when_signed_out(app: Flask) -> None:
    page = render_template_string("{% extends 'base.html' %}")
    assert "<form" not in page
    assert "Demo" not in page
    outline(page)


def test_right_to_left_language_turns_the_page(app: Flask) -> None:
    app.config["REVIEW_APPEARANCE"] = Appearance(language="ar")
    page = render_template_string("{% extends 'base.html' %}")
    assert '<html lang="ar" dir="rtl" ' in page


def test_undefined_names_fail_and_text_files_are_escaped_too(app: Flask) -> None:
    with pytest.raises(UndefinedError):
        render_template_string("{{ nobody }}")
    assert app.jinja_env.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


def test_addresses_are_defanged_and_their_hosts_explained(app: Flask) -> None:
    page = macro("address:address(url)", url=TRICK)
    text = outline(page).text
    assert "hxxps://" in text
    assert "://p" in text
    assert "https://" not in text
    assert "xn--pypal-4ve[.]test" in text
    assert "mixed scripts: Cyrillic + Latin" in text
    assert "⟨202E⟩gnp.exe" in text
    assert "host reads as:" in macro("address:address(url)", url="https://xn--b1aedk6a.test/")
    for odd in ("", "no address", "https://[", "http://\u202e.test/"):
        macro("address:address(url)", url=odd)


def test_foreign_text_keeps_white_space_and_names_its_language(app: Flask) -> None:
    page = macro("foreign:foreign_text(text, 'ar')", text=f"{ARABIC}\n\t{ARABIC}")
    assert page == f'<div class="foreign" dir="auto" lang="ar">{ARABIC}\n\t{ARABIC}</div>'


def test_times_are_absolute_and_relative(app: Flask) -> None:
    page = macro("time:deadline(at, now)", at=NOW - timedelta(minutes=25), now=NOW)
    assert 'datetime="2026-11-21T15:55:07Z"' in page
    assert outline(page).text == "21 Nov 2026, 15:55 UTC overdue by 25 min"
    assert outline(macro("time:time(at, now)", at=NOW, now=NOW)).text.endswith("in less than a minute")
    assert outline(macro("time:exact_only(at)", at=NOW)).text == "21 Nov 2026, 16:20:07 UTC"
    assert moment(NOW.astimezone(timezone(timedelta(hours=2)))) == "21 Nov 2026, 16:20 UTC"
    with pytest.raises(ValueError, match="zone"):
        moment(NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (184 * 60, "in 3 h 4 min"),
        (3_600, "in 1 h"),
        (86_400, "in 1 day"),
        (49 * 3_600, "in 2 days 1 h"),
        (-25 * 60, "25 min ago"),
        (-5, "less than a minute ago"),
    ],
)
def test_relative_times_use_two_units(app: Flask, seconds: int, words: str) -> None:
    assert relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_nearness_and_duration_at_their_edges(app: Flask) -> None:
    assert nearness(NOW, NOW) == "soon"
    assert nearness(NOW - timedelta(microseconds=1), NOW) == "overdue"
    assert nearness(NOW + timedelta(hours=1, seconds=1), NOW) == "later"
    assert duration(timedelta(days=1, minutes=59)) == "1 day"


def test_every_code_of_the_domain_has_a_word(app: Flask) -> None:
    families: dict[str, tuple[str, ...]] = {
        "state": tuple(CaseState),
        "item": tuple(ItemStatus),
        "round": tuple(Round),
        "role": tuple(Role),
        "sender": tuple(SENDER_KINDS),
        "intake": get_args(referral_schema.IntakeKind),
        "urgency": get_args(referral_schema.Urgency),
        "channel": get_args(referral_schema.Transmission),
        "content": get_args(referral_schema.ContentType),
    }
    for family, codes in families.items():
        for code in codes:
            assert word_of(code, family)
    for family, words in WORDS.items():
        for code in words:
            outline(macro("status:badge(code, family)", code=code, family=family))


def test_codes_that_are_unknown_or_ambiguous_are_refused(app: Flask) -> None:
    assert word_of("moderator") == "Moderator"
    for code in ("other", "none", "no_such_code"):
        with pytest.raises(LookupError):
            word_of(code)


def test_languages_are_named_and_unknown_tags_stand_for_themselves(app: Flask) -> None:
    assert presentation.language_name("ar") == "Arabic"
    for tag in ("x-klingon", "zz", "", "de--"):
        assert presentation.language_name(tag) == tag


def test_nothing_of_the_pages_of_work_is_left_to_compile(app: Flask) -> None:
    """Else the first moderators of a server would wait seconds for their first case."""
    presentation.read_work_pages(app)
    environment = app.jinja_env
    names = [f"moderator/{page}.html" for page in ("queue", "case", "search", "my_work")]
    seen: set[str] = set()
    with mock.patch.object(Environment, "compile", side_effect=AssertionError("compiled for a reader")):
        while names:
            name = names.pop()
            environment.get_template(name)
            seen.add(name)
            assert environment.loader is not None
            source, _path, _fresh = environment.loader.get_source(environment, name)
            used = find_referenced_templates(environment.parse(source))
            names += [one for one in used if one is not None and one not in seen]
    assert {"base.html", "moderator/review_form.html", "components/time.html"} <= seen
