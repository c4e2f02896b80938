"""Thin: the smallest Flask program that does the desk's work with hand-written SQL; no product around it.

No accounts, keys, tokens, validation, drafts, trail or loops. It runs on the same server as the desk:
the ceiling that ratios are taken against.
"""

import os
from typing import Any

import sqlalchemy as sa
from flask import Flask, abort, jsonify, redirect, request
from markupsafe import escape
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from review import db
from tests.bench.thin_store import Store, store_of

_PAGE = """<!doctype html><title>Case {id}</title><h1>Case {id}</h1><p>due {due}</p>
<p>{reason}</p><p>{url}</p>
<form method="post" action="/cases/{id}/review"><input type="hidden" name="version" value="{version}">
<input type="hidden" name="claim_generation" value="{generation}"><input name="outcome">
<textarea name="rationale"></textarea><textarea name="statement"></textarea><button>Record</button></form>"""


class Base(DeclarativeBase):
    """Thin's one ORM class stands on this."""


class ThinReferral(Base):
    """The one ORM row of the status look-up."""

    __tablename__ = "referrals"

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str]
    reason: Mapped[str]
    body: Mapped[str]
    at: Mapped[float]


def _engine(url: str) -> sa.Engine:
    if url.startswith("sqlite"):
        return sa.create_engine(url, module=db.sqlite_driver())
    return sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def create_thin() -> Flask:
    """The program on the database that the environment names."""
    url = os.environ["THIN_DATABASE_URL"]
    app = Flask("thin")
    _add_work(app, store_of(url))
    _add_status(app, _engine(url))
    return app


def _add_work(app: Flask, store: Store) -> None:
    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.post("/referrals")
    def create() -> tuple[Any, int]:
        return jsonify(id=store.create(request.get_data())), 201

    @app.post("/next")
    def take_next() -> Any:
        case_id = store.take_next(request.form["person"])
        return redirect(f"/cases/{case_id}" if case_id else "/hello", 303)

    @app.get("/cases/<case_id>")
    def page(case_id: str) -> str:
        found = store.page(case_id)
        if found is None:
            abort(404)
        names = ("id", "version", "generation", "due", "url", "reason")
        return _PAGE.format(**{name: escape(value) for name, value in zip(names, found, strict=True)})

    @app.post("/cases/<case_id>/review")
    def decide(case_id: str) -> Any:
        if not store.decide(case_id, request.form["person"], request.form):
            abort(409)
        return redirect("/hello", 303)


def _add_status(app: Flask, engine: sa.Engine) -> None:
    @app.get("/referrals/<referral_id>")
    def status(referral_id: str) -> Any:
        with Session(engine) as session:
            found = session.get(ThinReferral, referral_id)
            if found is None:
                abort(404)
            return jsonify(id=found.id, reference=found.reference, reason=found.reason, at=found.at)

    @app.get("/any")
    def any_referrals() -> Any:
        with Session(engine) as session:
            return jsonify(list(session.scalars(sa.select(ThinReferral.id).limit(1000))))
