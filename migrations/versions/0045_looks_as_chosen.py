"""A picture is shown small, blurred and grey as each was chosen: the stages of a reveal become more."""

from collections.abc import Sequence

from alembic import op

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = "ck_reveals_stage"
NAME_BEFORE = "ck_reveals_ck_reveals_stage"
BEFORE = ("placeholder", "small", "grey", "colour", "text")
NEW = (
    "small_sharp_grey",
    "small_blurred_colour",
    "small_sharp_colour",
    "blurred_grey",
    "blurred_colour",
)


def _allow(stages: Sequence[str], *, before: str, name: str) -> None:
    listed = ", ".join(f"'{stage}'" for stage in stages)
    with op.batch_alter_table("reveals") as reveals:
        reveals.drop_constraint(op.f(before), type_="check")
        reveals.create_check_constraint(op.f(name), f"stage IN ({listed})")


def upgrade() -> None:
    """Let a reveal be of the new stages too."""
    _allow((*BEFORE, *NEW), before=NAME_BEFORE, name=NAME)


def downgrade() -> None:
    """What was shown in one of them counts as the small step; the trail keeps what it tells."""
    listed = ", ".join(f"'{stage}'" for stage in NEW)
    op.execute(f"UPDATE reveals SET stage = 'small' WHERE stage IN ({listed})")
    _allow(BEFORE, before=NAME, name=NAME_BEFORE)
