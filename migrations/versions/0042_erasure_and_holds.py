"""Legal holds, erasures, and guards that let go of exactly the values that an executed erasure names.

What was frozen stays so; only the columns that can be erased get a guard of their own, which asks
`erased_parts`. There a value can be named only by an erasure that a second person let through, and in its
place comes nothing or the mark of the erasure.
"""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FROZEN = {
    "answers": "item_id, decision_id, answered_at",
    "complaints": "id, case_id, decision_id, item_id, sender_id, registered_by, complained_at,"
    " joined_version",
    "deliveries": "id, endpoint_id, sender_id, topic, subject_id, seq, created_at",
    "emailed_referrals": "id, sha256, length, cut, arrived_at, entered_by",
    "items": "id, referral_id, position, joined_at",
    "notes": "id, case_id, account_id, claim_generation, written_at, pinned",
    "openings": "eid, envelope, salt, recorded_at, event_type, object_kind, object_id, object_version",
    "questions": "id, case_id, item_id, asked_by, asked_at",
    "referrals": "id, sender_id, key_id, intake_kind, transmitted_via, category, keyword, issuing_country,"
    " requested_action, urgency, content_digest, body_sha256, body_length, received_at",
    "reviews": "id, case_id, round, account_id, outcome, ground, decline_reason, law, visibility,"
    " account_measure, territory, context, over_broad, case_version, claim_generation, recorded_at",
}
"""What stays frozen for ever."""
ERASABLE = {
    "answers": ("item_id", "body"),
    "complaints": ("id", "reasons"),
    "deliveries": ("id", "body"),
    "emailed_referrals": (
        "id", "message", "from_header", "subject", "date_header", "message_id", "authentication_results",
        "text",
    ),
    "items": ("id", "url_as_sent", "canonical_url", "match_key"),
    "notes": ("id", "text"),
    "questions": ("id", "question"),
    "referrals": (
        "id", "reference", "reason", "issuing_authority", "legal_basis", "received_body", "splices",
    ),
    "reviews": ("id", "rationale", "statement"),
}  # fmt: skip
"""How a row is named, and which of its frozen columns an erasure may empty; of openings it is fields."""
WHOLE = ("notes", "openings")
"""Tables whose guard named no columns before."""
ASKED = {
    "legal_holds": "id, object_kind, object_id, reason, review_on, placed_by, placed_at",
    "erasures": "id, object_kind, object_id, parts, ground, reason, requested_by, requested_at",
}
HELD = (
    "EXISTS (SELECT 1 FROM legal_holds AS hold WHERE hold.released_at IS NULL AND ("
    "(hold.object_kind = NEW.object_kind AND hold.object_id = NEW.object_id)"
    " OR EXISTS (SELECT 1 FROM items JOIN referrals ON referrals.id = items.referral_id WHERE"
    " ((NEW.object_kind = 'case' AND items.case_id = NEW.object_id)"
    " OR (NEW.object_kind = 'referral' AND items.referral_id = NEW.object_id))"
    " AND ((hold.object_kind = 'case' AND hold.object_id = items.case_id)"
    " OR (hold.object_kind = 'referral' AND hold.object_id = items.referral_id)"
    " OR (hold.object_kind = 'sender' AND hold.object_id = referrals.sender_id)))))"
)
"""A hold stands on the record, or on one that it shares items with.

It is not asked where an erasure without a reason is carried out: once more, after an older backup came back.
"""
APPROVED = (
    "EXISTS (SELECT 1 FROM erasures WHERE erasures.id = NEW.erasure_id AND erasures.state = 'executed'"
    " AND erasures.ended_by <> erasures.requested_by)"
)
NAMED = "SELECT part FROM erased_parts WHERE place = 'openings' AND row_id = OLD.eid"


def _tables() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("object_kind", sa.String(20), nullable=False),
        sa.Column("object_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("placed_by", sa.String(40), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(40), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.String(2000), nullable=True),
        sa.CheckConstraint(
            "object_kind IN ('case', 'referral', 'sender')", name="ck_legal_holds_object_kind"
        ),
        sa.CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="ck_legal_holds_released"),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> placed_by", name="ck_legal_holds_two_people"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
    )
    standing = sa.text("released_at IS NULL")
    op.create_index(
        "ix_legal_holds_standing",
        "legal_holds",
        ["object_kind", "object_id"],
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("ix_legal_holds_object", "legal_holds", ["object_kind", "object_id"])
    op.create_index("ix_legal_holds_placed_at", "legal_holds", ["placed_at", "id"])
    _erasures()
    op.create_table(
        "erased_parts",
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("row_id", sa.String(100), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("erasure_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name="fk_erased_parts_erasure_id_erasures"),
        sa.PrimaryKeyConstraint("place", "row_id", "part", name="pk_erased_parts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erased_parts_erasure_id", "erased_parts", ["erasure_id"])


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("trail_version", sa.Integer(), nullable=False),
        sa.Column("object_kind", sa.String(20), nullable=False),
        sa.Column("object_id", sa.String(40), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("ground", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("requested_by", sa.String(40), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("ended_by", sa.String(40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(2000), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("object_kind IN ('case', 'referral', 'sender')", name="ck_erasures_object_kind"),
        sa.CheckConstraint("state IN ('waiting', 'refused', 'executed')", name="ck_erasures_state"),
        sa.CheckConstraint(
            "ground IN ('data_subject', 'retention_over', 'unlawful_content', 'order')",
            name="ck_erasures_ground",
        ),
        sa.CheckConstraint("(state = 'waiting') = (ended_by IS NULL)", name="ck_erasures_ended"),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ck_erasures_ended_at"),
        sa.CheckConstraint("ended_by IS NULL OR ended_by <> requested_by", name="ck_erasures_two_people"),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    waiting = sa.text("state = 'waiting'")
    unfinished = sa.text("state = 'executed' AND finished_at IS NULL")
    op.create_index(
        "uq_erasures_waiting",
        "erasures",
        ["object_kind", "object_id"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_erasures_object", "erasures", ["object_kind", "object_id"])
    op.create_index("ix_erasures_requested_at", "erasures", ["requested_at", "id"])
    op.create_index(
        "ix_erasures_unfinished",
        "erasures",
        ["ended_at"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )


def _refuse(table: str) -> str:
    return f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"


def _sqlite_erasable(table: str, key: str, columns: Sequence[str]) -> str:
    """The guard of the columns of a table that may be erased: named, and emptied or marked."""
    named = f"SELECT 1 FROM erased_parts WHERE place = '{table}' AND row_id = OLD.{key}"
    wrong = [f"NOT EXISTS ({named})"]
    for column in columns:
        text = f"CAST(NEW.{column} AS TEXT)"
        emptied = (
            f"(NEW.{column} IS NULL OR length(NEW.{column}) = 0 OR {text} = '[]'"
            f" OR {text} LIKE '%[erased on %' OR {text} LIKE 'https://erased.invalid/%')"
        )
        held = f"NEW.{column} IS NOT OLD.{column}"
        wrong.append(f"({held} AND NOT ({emptied} AND EXISTS ({named} AND part = '{column}')))")
    return (
        f"CREATE TRIGGER guard_{table}_erasure BEFORE UPDATE OF {', '.join(columns)} ON {table}"
        f" WHEN {' OR '.join(wrong)} {_refuse(table)}"
    )


def _on_sqlite() -> Iterator[str]:
    for table, frozen in FROZEN.items():
        yield f"DROP TRIGGER guard_{table}_update"
        yield f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {frozen} ON {table} {_refuse(table)}"
    for table, (key, *columns) in ERASABLE.items():
        yield _sqlite_erasable(table, key, columns)
    kept = f"SELECT key, value FROM json_each(OLD.fields) WHERE key NOT IN ({NAMED})"
    yield (
        "CREATE TRIGGER guard_openings_erasure BEFORE UPDATE OF fields ON openings WHEN"
        f" NOT EXISTS ({NAMED})"
        f" OR (SELECT count(*) FROM json_each(NEW.fields)) <> (SELECT count(*) FROM ({kept}))"
        f" OR EXISTS (SELECT key, value FROM json_each(NEW.fields) EXCEPT {kept}) {_refuse('openings')}"
    )
    for table, frozen in ASKED.items():
        yield f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE OF {frozen} ON {table} {_refuse(table)}"
        yield f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} {_refuse(table)}"
    yield (
        "CREATE TRIGGER guard_erasures_held BEFORE UPDATE OF state, ended_by, ended_at, ended_reason"
        " ON erasures WHEN OLD.state <> 'waiting'"
        f" OR (NEW.state = 'executed' AND NEW.ended_reason IS NOT NULL AND {HELD})"
        " BEGIN SELECT RAISE(ABORT, 'a legal hold stands or the erasure is settled'); END"
    )
    refuse = _refuse("erased_parts")
    for verb in ("update", "delete"):
        yield f"CREATE TRIGGER guard_erased_parts_{verb} BEFORE {verb} ON erased_parts {refuse}"
    same = "place = NEW.place AND row_id = NEW.row_id AND part = NEW.part"
    yield (
        "CREATE TRIGGER guard_erased_parts_insert BEFORE INSERT ON erased_parts WHEN NOT"
        f" {APPROVED} OR EXISTS (SELECT 1 FROM erased_parts WHERE {same}) {_refuse('erased_parts')}"
    )


FUNCTIONS = (
    # the first argument names the key, the others the columns that may be erased
    "CREATE FUNCTION refuse_unnamed() RETURNS trigger LANGUAGE plpgsql AS $$"
    " DECLARE old_row jsonb := to_jsonb(OLD); new_row jsonb := to_jsonb(NEW); named text[]; wanted text;"
    " erased text; BEGIN"
    " SELECT coalesce(array_agg(part), '{}') INTO named FROM erased_parts"
    " WHERE place = TG_TABLE_NAME AND row_id = old_row->>TG_ARGV[0];"
    " IF named = '{}' THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF;"
    " FOREACH wanted IN ARRAY TG_ARGV[1:] LOOP"
    " IF new_row->wanted IS DISTINCT FROM old_row->wanted THEN"
    " erased := new_row->>wanted;"
    " IF NOT wanted = ANY (named) OR NOT (erased IS NULL OR erased IN ('', '\\x', '[]')"
    " OR strpos(erased, '[erased on ') > 0 OR strpos(erased, '5b657261736564206f6e20') > 0"
    " OR starts_with(erased, 'https://erased.invalid/'))"
    " THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF;"
    " END IF; END LOOP; RETURN NEW; END $$",
    "CREATE FUNCTION refuse_unnamed_fields() RETURNS trigger LANGUAGE plpgsql AS $$"
    f" DECLARE named text[] := ARRAY({NAMED}); BEGIN"
    " IF named = '{}' OR NEW.fields::jsonb IS DISTINCT FROM OLD.fields::jsonb - named"
    " THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; RETURN NEW; END $$",
    "CREATE FUNCTION refuse_unapproved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF NOT {APPROVED} THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; RETURN NEW; END $$",
    "CREATE FUNCTION refuse_held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF OLD.state <> 'waiting' OR (NEW.state = 'executed' AND NEW.ended_reason IS NOT NULL AND {HELD})"
    " THEN RAISE EXCEPTION 'a legal hold stands or the erasure is settled'; END IF; RETURN NEW; END $$",
)


def _always(table: str, name: str, when: str, function: str, each: str = "ROW") -> Iterator[str]:
    yield (
        f"CREATE TRIGGER guard_{table}_{name} BEFORE {when} ON {table} FOR EACH {each}"
        f" EXECUTE FUNCTION {function}"
    )
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_{table}_{name}"


def _on_postgresql() -> Iterator[str]:
    yield from FUNCTIONS
    for table, frozen in FROZEN.items():
        yield f"DROP TRIGGER guard_{table}_row ON {table}"
        yield from _always(table, "row", f"UPDATE OF {frozen} OR DELETE", "refuse_change()")
    for table, (key, *columns) in ERASABLE.items():
        arguments = ", ".join(f"'{name}'" for name in (key, *columns))
        yield from _always(
            table, "erasure", f"UPDATE OF {', '.join(columns)}", f"refuse_unnamed({arguments})"
        )
    yield from _always("openings", "erasure", "UPDATE OF fields", "refuse_unnamed_fields()")
    for table, frozen in ASKED.items():
        yield from _always(table, "row", f"UPDATE OF {frozen} OR DELETE", "refuse_change()")
        yield from _always(table, "truncate", "TRUNCATE", "refuse_change()", "STATEMENT")
    yield from _always(
        "erasures", "held", "UPDATE OF state, ended_by, ended_at, ended_reason", "refuse_held()"
    )
    yield from _always("erased_parts", "row", "UPDATE OR DELETE", "refuse_change()")
    yield from _always("erased_parts", "truncate", "TRUNCATE", "refuse_change()", "STATEMENT")
    yield from _always("erased_parts", "insert", "INSERT", "refuse_unapproved()")


def upgrade() -> None:
    """Create the tables, and put the guards anew."""
    _tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _on_sqlite() if sqlite else _on_postgresql():
        op.execute(statement)


def _before(table: str) -> str:
    """What the guard of a table named before, as the end of its UPDATE."""
    if table in WHOLE:
        return ""
    return f" OF {FROZEN[table]}, {', '.join(ERASABLE[table][1:])}"


def downgrade() -> None:
    """Put the guards as they were and drop the tables; what was erased stays so."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in FROZEN:
        if sqlite:
            op.execute(f"DROP TRIGGER guard_{table}_erasure")
            op.execute(f"DROP TRIGGER guard_{table}_update")
            op.execute(
                f"CREATE TRIGGER guard_{table}_update BEFORE UPDATE{_before(table)} ON {table}"
                f" {_refuse(table)}"
            )
            continue
        op.execute(f"DROP TRIGGER guard_{table}_erasure ON {table}")
        op.execute(f"DROP TRIGGER guard_{table}_row ON {table}")
        for statement in _always(table, "row", f"UPDATE{_before(table)} OR DELETE", "refuse_change()"):
            op.execute(statement)
    for table in ("erased_parts", "erasures", "legal_holds"):
        op.drop_table(table)
    if not sqlite:
        for name in ("refuse_unnamed", "refuse_unnamed_fields", "refuse_unapproved", "refuse_held"):
            op.execute(f"DROP FUNCTION {name}()")
