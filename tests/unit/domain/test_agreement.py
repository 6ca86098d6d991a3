"""Agreement against published values and against their own definitions."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionlens.domain.agreement import cohen_kappa, krippendorff_alpha_nominal


def test_cohens_textbook_table() -> None:
    """20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: observed 0.7, expected 0.5, kappa 0.4."""
    a = ["yes"] * 25 + ["no"] * 25
    b = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(a, b) == pytest.approx(0.4, abs=1e-12)


def test_krippendorffs_worked_example() -> None:
    """Section C of his 2011 paper: 4 observers, 12 units, missing answers; nominal alpha 0.743."""
    table = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    units = [
        {str(n): value for n, value in enumerate(column) if value != "."}
        for column in zip(*(row.split() for row in table), strict=True)
    ]
    assert krippendorff_alpha_nominal(units) == pytest.approx(0.743, abs=5e-4)


def test_undefined_is_none() -> None:
    assert cohen_kappa([], []) is None
    assert cohen_kappa(["keep"] * 3, ["keep"] * 3) is None
    assert krippendorff_alpha_nominal([]) is None
    assert krippendorff_alpha_nominal([{"ann": "keep"}, {"bob": "exclude"}]) is None
    assert krippendorff_alpha_nominal([{"ann": "keep", "bob": "keep"}]) is None
    with pytest.raises(ValueError, match="same clips"):
        cohen_kappa(["keep"], [])


def naive_alpha(units: list[dict[str, str]]) -> float | None:
    """From the definition: shares of disagreeing pairs within clips and over all answers."""
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit.values()]
    within = sum(
        sum(x != y for x, y in itertools.permutations(unit.values(), 2)) / (len(unit) - 1)
        for unit in units
    ) / max(1, len(values))
    among = list(itertools.permutations(values, 2))
    expected = sum(x != y for x, y in among) / max(1, len(among))
    return 1 - within / expected if expected else None


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["keep", "exclude", "unsure"])),
        max_size=12,
    )
)
def test_alpha_is_its_definition(units: list[dict[str, str]]) -> None:
    expected = naive_alpha(units)
    found = krippendorff_alpha_nominal(units)
    assert (found is None) == (expected is None)
    assert expected is None or found == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from("ku"), st.sampled_from("ku")), min_size=1, max_size=20))
def test_kappa_is_symmetric_and_at_most_one(pairs: list[tuple[str, str]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    kappa = cohen_kappa(a, b)
    assert kappa == cohen_kappa(b, a)
    assert kappa is None or kappa <= 1
    if a == b and len(set(a)) > 1:
        assert kappa == 1


REFERENCE = json.loads(Path(__file__).with_name("agreement_reference.json").read_text())
LETTERS = {"e": "exclude", "k": "keep", "u": "unsure"}


def test_kappa_is_scikit_learns() -> None:
    for case in REFERENCE["kappa"]:
        found = cohen_kappa([LETTERS[x] for x in case["a"]], [LETTERS[x] for x in case["b"]])
        assert found == pytest.approx(case["kappa"], abs=1e-6)


def test_alpha_is_that_of_the_package_krippendorff() -> None:
    for case in REFERENCE["alpha"]:
        units = [
            {str(by): LETTERS[x] for by, x in enumerate(unit) if x != "-"} for unit in case["units"]
        ]
        assert krippendorff_alpha_nominal(units) == pytest.approx(case["alpha"], abs=1e-6)
