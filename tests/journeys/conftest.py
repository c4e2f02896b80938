"""A real headless Chromium for journeys."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.visitor import Visitor

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_here() -> str | None:
    """Where the system's Chromium is.

    The build without a window's own controls comes first: it opens a window in a third of the time.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def launched(*more: str) -> Iterator[Browser]:
    """The system's Chromium, with more arguments if given; skips where there is none."""
    found = chromium_here()
    if found is None:
        pytest.skip("Chromium is not installed: no browser test can run")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *more])
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def screenshots(request: pytest.FixtureRequest) -> None:
    """Whether a picture of every page is kept."""
    Visitor.keeps_pictures = request.config.getoption("--screenshots")


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """A browser for one test: its event loop would disturb others."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def one_chromium() -> Iterator[Browser]:
    """A browser for all tests of a module, where none of them needs an event loop of its own."""
    with launched() as browser:
        yield browser
