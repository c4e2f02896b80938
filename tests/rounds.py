"""How much is wanted? CI's own counts, or more of them by ``--rounds``."""

import pytest

CI_ROUNDS = 3
"""The default of ``--rounds``, with which an experiment runs in the count that its file names for CI."""


def more(config: pytest.Config) -> int:
    """By how much CI's counts are multiplied; 1 unless ``--rounds`` asks for more."""
    return max(1, int(config.getoption("--rounds")) // CI_ROUNDS)
