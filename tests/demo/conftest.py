"""The seeded desk of the demonstration, made once for those tests here that change nothing of it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from review import db
from review.cli.demo import demo_environment, make_demo
from review.config import read_settings


@pytest.fixture(scope="package")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The desk with its accounts, outside any context."""
    settings = read_settings(demo_environment(tmp_path_factory.mktemp("demo")), demo=True)
    people = make_demo(settings)
    app = create_app(settings)
    app.config["REVIEW_DEMO_ACCOUNTS"] = people
    yield app
    with app.app_context():
        db.extension.engine.dispose()


@pytest.fixture
def demo(seeded: Flask) -> Iterator[Flask]:
    """The desk, for one test."""
    with seeded.app_context():
        yield seeded
        db.session().close()


@pytest.fixture
def reader(demo: Flask) -> Session:
    """What the desk holds."""
    return db.session()
