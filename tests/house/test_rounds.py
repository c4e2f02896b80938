"""What every change does not wait for is named by modules that are there, and runs when asked for."""

from tests.house.readme_tables import README, ROOT
from tests.rounds import LOOKS, ON_BOTH


def _names(folder: str) -> set[str]:
    """Modules and folders of tests in this folder, at any depth."""
    return {path.stem for path in (ROOT / "tests" / folder).rglob("*") if "__pycache__" not in path.parts}


def test_every_name_is_one_of_a_module_or_folder() -> None:
    assert {name for folder, some in ON_BOTH.items() for name in some - _names(folder)} == set()
    assert LOOKS - _names("journeys") == set()
    assert LOOKS.isdisjoint(ON_BOTH["journeys"])


def test_readme_says_what_is_left_out_and_ci_asks_for_it() -> None:
    told = README.read_text()
    assert "`--looks`" in told
    assert "`--rounds 6`" in told
    assert "pytest -q -n 2 --tb=short --looks" in (ROOT / ".ci" / "run").read_text()
