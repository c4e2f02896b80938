"""What all tables share: naming of constraints, and the version that counts an object's events."""

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class OnTrail:
    """An object with a chain of its own on the trail: ``trail_version`` counts its events."""

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    trail_version: Mapped[int] = mapped_column(default=0)


def one_of(column: str, values: tuple[str, ...], *, name: str) -> sa.CheckConstraint:
    """A check that ``column`` holds one of the given words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name)
