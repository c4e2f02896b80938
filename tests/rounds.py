"""How much is wanted? CI's own counts, or more of them by ``--rounds``."""

from pathlib import Path

import pytest

ON_BOTH = {
    "journeys": {
        "test_backup",
        "test_blind_pages",
        "test_complaints",
        "test_proof",
        "test_straight_line",
        "test_two_servers",
    },
    "web": {
        "api",
        "walls",
        "signin",
        "test_acceptance",
        "test_blindness",
        "test_blind_leads",
        "test_forged_records",
        "test_legal_search",
        "test_metrics",
        "test_my_work",
        "test_numbers",
        "test_queue_places",
        "test_receipts",
        "test_search",
        "test_two_windows",
    },
}
"""In these folders of pages, what runs on both kinds of database with every change.

The rest asks how a page looks, answers and is put together. That runs on SQLite, and on PostgreSQL too where
more ``--rounds`` are asked for; its statements and actions run on both in folders of their own, and everybody
opens every address on both in `tests/web/walls`.
"""

LOOKS = frozenset(
    {
        "test_bundles",
        "test_case_in_view",
        "test_clause_pages",
        "test_dropped_keys",
        "test_going_on",
        "test_judging_and_exposure",
        "test_keys",
        "test_keys_of_a_case",
        "test_rarer_pages",
        "test_sender_states",
        "test_team_exposure",
        "test_walking_by_keys",
    }
)
"""Journeys about how pages look and answer to single keys: what ``--looks`` runs, and nothing else."""

CI_ROUNDS = 3
"""The default of ``--rounds``, with which an experiment runs in the count that its file names for CI."""


def more(config: pytest.Config) -> int:
    """By how much CI's counts are multiplied; 1 unless ``--rounds`` asks for more."""
    return max(1, int(config.getoption("--rounds")) // CI_ROUNDS)


def is_wanted(item: pytest.Item) -> bool:
    """Whether a test runs: all with more ``--rounds``, with ``--looks`` those alone, else the others.

    Those of pages on PostgreSQL that are not worth their time with every change (`ON_BOTH`) wait for rounds.
    """
    if more(item.config) > 1:
        return True
    folder, *names = item.path.relative_to(Path(__file__).parent).with_suffix("").parts
    looks = folder == "journeys" and not LOOKS.isdisjoint(names)
    if looks != bool(item.config.getoption("--looks")):
        return False
    on = getattr(item, "callspec", None)
    on_postgresql = on is not None and on.params.get("database_url") == "postgresql"
    return not on_postgresql or folder not in ON_BOTH or not ON_BOTH[folder].isdisjoint(names)
