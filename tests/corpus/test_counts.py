"""How large is the corpus?"""

from collections import Counter

from tests.corpus.framing_cases import FRAMES
from tests.corpus.own_cases import BY_CATEGORY, COUNTS, LEAST


def test_there_are_as_many_own_cases_as_promised() -> None:
    for category, number in COUNTS.items():
        print(f"{category:20} {number:5}   (at least {LEAST[category]})")
    print(f"{'all':20} {sum(COUNTS.values()):5}   (at least {sum(LEAST.values())})")
    assert COUNTS.keys() == LEAST.keys()
    assert all(COUNTS[category] >= least for category, least in LEAST.items())
    assert sum(COUNTS.values()) >= sum(LEAST.values()) >= 350


def test_no_two_cases_promise_under_one_name() -> None:
    names = Counter([str(case) for cases in BY_CATEGORY.values() for case in cases])
    names.update(f"framing: {frame.name}" for frame in FRAMES)
    assert [name for name, number in names.items() if number > 1] == []


def test_each_case_says_what_it_expects() -> None:
    for cases in BY_CATEGORY.values():
        for case in cases:
            assert case.status == 201 or case.status == 200 or case.code, case
            assert (case.status == 201) == (case.stored is not None or case.replayed), case
