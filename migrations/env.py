"""Alembic's entry: runs the migrations on the connection that the program hands over."""

import hashlib

import sqlalchemy as sa
from alembic import context

from review.models import Base

connection: sa.Connection = context.config.attributes["connection"]

if connection.dialect.name == "postgresql":
    # many machines may upgrade at once: the second waits here and then finds nothing to do
    number = int.from_bytes(hashlib.sha256(b"review migrations").digest()[:8], "big") >> 1
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
