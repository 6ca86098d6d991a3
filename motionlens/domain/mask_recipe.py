"""The recipe of a motion mask as one text: ``adjacent+stabilise+robust+confidence``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from motionlens.domain.errors import UsageError

RECIPES = ("adjacent", "anchor")
MODIFIERS = ("stabilise", "robust", "confidence")


@dataclass(frozen=True)
class MaskRecipe:
    """How a motion mask is made.

    Attributes
    ----------
    base : {"adjacent", "anchor"}
        Flow from each frame to the next, or from frame 0 to each frame.
    stabilise : bool
        The camera's part (a homography fitted to each flow field) is taken out first.
    robust : bool
        Scaled by the 1st and 99th percentile of the clip instead of its minimum and maximum, so
        that one false vector does not move the whole mask.
    confidence : bool
        Each vector counts as far as forward and backward flow agree; doubles the cost of flow.
    """

    base: str = "adjacent"
    stabilise: bool = False
    robust: bool = False
    confidence: bool = False

    @property
    def text(self) -> str:
        """The same recipe always as the same text: what an index remembers it by."""
        return "+".join([self.base, *(name for name in MODIFIERS if getattr(self, name))])

    def having(
        self, stabilise: bool = False, robust: bool = False, confidence: bool = False
    ) -> MaskRecipe:
        """The recipe with modifiers added; none is taken away."""
        return replace(
            self,
            stabilise=self.stabilise or stabilise,
            robust=self.robust or robust,
            confidence=self.confidence or confidence,
        )


def mask_recipe(text: str) -> MaskRecipe:
    """Read a recipe: a base first, then modifiers in any order.

    Raises
    ------
    UsageError
        For a word that is none of them, or said twice.
    """
    base, *words = text.split("+")
    if base not in RECIPES:
        raise UsageError(
            f"There is no mask recipe {text!r}",
            f"it begins with {base!r}" if words else "the name is unknown",
            f"Known: {', '.join(RECIPES)}",
        )
    for word in words:
        if word not in MODIFIERS or words.count(word) > 1:
            raise UsageError(
                f"There is no mask recipe {text!r}",
                f"{word!r} is said twice" if word in MODIFIERS else f"{word!r} is unknown",
                f"After {base!r} may come: {', '.join('+' + name for name in MODIFIERS)}",
            )
    return MaskRecipe(base, *(name in words for name in MODIFIERS))
