"""How pages are drawn: the strict template engine, its filters, and the languages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FunctionType
from typing import Any
from urllib.parse import urlsplit

import can_ada
from babel import Locale, UnknownLocaleError
from flask import Flask, current_app
from flask_babel import Babel
from jinja2 import StrictUndefined, Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from review import clock
from review.domain.clause_words import clause_name, plain_words
from review.domain.display import (
    code_points,
    defang,
    defanged_within,
    folded,
    mixed_scripts,
    unicode_form,
    visible,
)
from review.domain.erasures import read_mark
from review.domain.removal_order import order_lines
from review.domain.shortcuts import served
from review.web import appearance, scripting, texts
from review.web.compiled_pages import kept_pages
from review.web.problem_words import problem_words
from review.web.quantities import plus
from review.web.texts import gettext
from review.web.times import (
    day,
    exact,
    machine_time,
    moment,
    moment_to_second,
    nearness,
    relative,
    time_of_day,
    told,
)
from review.web.words import word_of


@dataclass(frozen=True)
class HostNotes:
    """What a reader should know of an address's host; each empty when there is nothing to say.

    ``punycode`` is the ASCII form of a host written in other letters, ``reading`` what a punycode host
    reads as, ``scripts`` the writing systems that one label mixes.
    """

    punycode: str
    reading: str
    scripts: tuple[str, ...]


def register(app: Flask) -> None:
    """Set up templates and languages of an application; call it once, before the first page."""
    app.config.setdefault("REVIEW_DEMO", False)
    Babel(
        app,
        default_locale=texts.DEFAULT_LOCALE,
        locale_selector=lambda: Locale(appearance.current().language),
    )
    appearance.install(app)
    texts.install(app)
    _harden(app)
    app.jinja_env.filters.update(
        code_points=code_points,
        day=day,
        defanged=defang,
        defanged_within=defanged_within,
        exact=exact,
        folded=folded,
        in_words=problem_words,
        language=language_name,
        machine_time=machine_time,
        moment=moment,
        moment_to_second=moment_to_second,
        order_lines=order_lines,
        plain_words=plain_words,
        plus=plus,
        relative=relative,
        time_of_day=time_of_day,
        told=told,
        visible=shown,
        words=word_of,
    )
    app.jinja_env.globals.update(
        remembered=remembered,
        clause_name=clause_name,
        host_notes=host_notes,
        language_names=appearance.language_names,
        nearness=nearness,
        script_words=scripting.words,
        served_keys=served,
        server_time=server_time,
        standard_appearance=appearance.standard,
    )
    # Globals are weaker than any context value, so views and the guard may set these in any order.
    absent = {
        "navigation": (),
        "rest": None,
        "reviews": False,
        "undo": None,
        "viewer": None,
        "sign_out_address": "",
        "signed_in_until": None,
    }
    for name, value in absent.items():
        app.jinja_env.globals.setdefault(name, value)
    app.context_processor(page_context)


WORK_PAGES = ("base.html", "components/", "moderator/")


def read_work_pages(app: Flask) -> None:
    """Compile the pages that moderators work with, and their components, before somebody waits for one.

    Compiling the first case takes longer than drawing a hundred, and whoever comes meanwhile compiles it too.
    """
    for name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith(WORK_PAGES)):
        app.jinja_env.get_template(name)


class Page(Template):
    """A template whose imported components are always the ones that were read first.

    Jinja compares all names at each import, because an import could see names of the page; ours see none.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


class Names(Context):
    """A template's names; components are called at once, without the questions that any other call needs."""

    def call(self, called: Any, /, *values: Any, **named: Any) -> Any:
        """Call something from a template (`jinja2.runtime.Context.call`)."""
        if type(called) is FunctionType and not hasattr(called, "jinja_pass_arg"):
            named.pop("_block_vars", None)
            named.pop("_loop_vars", None)
            return called(*values, **named)
        if type(called) is Macro:
            named.pop("_block_vars", None)
            named.pop("_loop_vars", None)
            return called(self.eval_ctx, *values, **named)
        return super().call(called, *values, **named)


def _harden(app: Flask) -> None:
    """Undefined names fail, everything is escaped whatever the file is called, and no stray white space."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.template_class = Page
    environment.context_class = Names
    environment.autoescape = True
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    if environment.bytecode_cache is None:
        environment.bytecode_cache = kept_pages(read_with=_read_with())


def _read_with() -> bytes:
    """What is compiled of a template depends on: the library, the program, and how both are set up here.

    The program, because a filter of something constant is done when the template is compiled.
    """
    versions = f"{version('jinja2')} {version('flask-babel')} {program_version()} ".encode()
    return versions + b"".join(Path(str(place)).read_bytes() for place in (__file__, texts.__file__))


def server_time() -> str:
    """The time for scripts, to the second and never before it: what has just happened is past for them."""
    return machine_time(clock.now() + timedelta(seconds=1))


def page_context() -> dict[str, Any]:
    """What every page may use: the reader's look, locale, direction, demo, version."""
    own = texts.language()
    return {
        "appearance": appearance.current(),
        "locale": own.name.replace("_", "-"),
        "direction": own.direction,
        "demo": bool(current_app.config["REVIEW_DEMO"]),
        "version": program_version(),
    }


@cache
def program_version() -> str:
    """The installed version, or ``0`` when run from a source tree that was never installed."""
    try:
        return version("referral-review")
    except PackageNotFoundError:
        return "0"


MOST_FRAGMENTS = 1_024
"""Of one name."""
MOST_HOSTS = 1_024
MOST_LANGUAGES = 1_024


def remembered(name: str, depends_on: object, *, caller: Callable[[], Markup]) -> Markup:
    """The markup between the tags, drawn once for each language and value of ``depends_on``.

    That must hold everything that is drawn, and nothing of a person or a token. None draws it anew.
    """
    if depends_on is None:
        return caller()
    key = (texts.language().name, depends_on)
    kept: dict[str, dict[object, Markup]] = current_app.extensions.setdefault("review_fragments", {})
    fragments = kept.setdefault(name, {})
    found = fragments.get(key)
    if found is None:
        found = caller()
        while len(fragments) >= MOST_FRAGMENTS:
            fragments.pop(next(iter(fragments)), None)
        fragments[key] = found
    return found


def shown(text: object) -> str:
    """Text somebody else wrote, its control characters visible; in place of an erased one when and why."""
    words = str(text)
    marked = read_mark(words) if words.startswith("[erased on ") else None
    if marked is None:
        return visible(words)
    return gettext(
        "erased on %(day)s (%(ground)s)", day=day(marked[0]), ground=word_of(marked[1], "erasure_ground")
    )


def language_name(tag: str) -> str:
    """The name of a BCP 47 language in the reader's language; an unknown tag stands for itself."""
    return _language_in(tag, texts.language().name)


@lru_cache(MOST_LANGUAGES)
def _language_in(tag: str, reader: str) -> str:
    """Remembered, because Babel looks for files each time."""
    try:
        name = Locale.parse(tag.replace("-", "_")).get_display_name(reader)
    except (UnknownLocaleError, ValueError):
        return tag
    return name or tag


def host_notes(url: str) -> HostNotes:
    """Notes on the host of an address, whether it is written in letters or in punycode."""
    return _notes_on(_host_of(url))


@lru_cache(MOST_HOSTS)
def _notes_on(host: str) -> HostNotes:
    return HostNotes(
        punycode="" if host.isascii() else can_ada.idna_encode(host).decode("ascii"),
        reading=unicode_form(host) or "",
        scripts=tuple(mixed_scripts(host)),
    )


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # what senders type is shown even when it is no address
        return ""
