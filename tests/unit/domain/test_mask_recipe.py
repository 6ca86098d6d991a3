"""Recipes of masks as texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionlens.domain.errors import UsageError
from motionlens.domain.mask_recipe import MODIFIERS, RECIPES, mask_recipe


@given(st.sampled_from(RECIPES), st.permutations(MODIFIERS), st.integers(0, 3))
def test_the_order_of_words_does_not_matter(base: str, words: list[str], count: int) -> None:
    recipe = mask_recipe("+".join([base, *words[:count]]))
    assert {name for name in MODIFIERS if getattr(recipe, name)} == set(words[:count])
    assert mask_recipe(recipe.text) == recipe
    assert recipe.text == mask_recipe("+".join([base, *sorted(words[:count])])).text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("middle", "adjacent"),
        ("", "anchor"),
        ("robust+adjacent", "robust"),
        ("adjacent+strong", "strong"),
        ("adjacent+robust+robust", "twice"),
        ("adjacent+", "unknown"),
    ],
)
def test_what_is_no_recipe_is_told(text: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        mask_recipe(text)


def test_modifiers_are_added() -> None:
    assert mask_recipe("anchor+robust").having(stabilise=True).text == "anchor+stabilise+robust"
