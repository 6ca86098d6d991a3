"""How a fine-tune trains, in numbers: the recipe that the embedded model was measured with."""

from __future__ import annotations

from dataclasses import dataclass

# Peak rates where the caller names none. An adapter's few weights start at zero effect, and need a
# larger rate to move the model as far in the same number of steps.
LEARNING_RATES = {"full": 3e-4, "lora": 2e-3}
METHODS = tuple(LEARNING_RATES)


@dataclass(frozen=True)
class Recipe:
    """Everything that is the same in every run.

    Attributes
    ----------
    betas, decay : float
        AdamW's (Loshchilov and Hutter 2019).
    clip : float
        Greatest length of the whole gradient.
    warm_up : int
        Steps in which the learning rate rises to its peak; a fifth of a shorter run.
    fall : float
        Share of the steps, at the end, in which it falls in a straight line to 0.
    level_mean, level_spread : float
        The share of noise is sigmoid(N(mean, spread)), stratified over the batch (Esser et al.
        2024, the logit-normal of section 3.1).
    rank : int
        Rank of a LoRA adapter.
    """

    betas: tuple[float, float] = (0.9, 0.95)
    decay: float = 0.01
    clip: float = 1.0
    warm_up: int = 20
    fall: float = 0.3
    level_mean: float = 0.4
    level_spread: float = 1.0
    rank: int = 8

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of a step as a share of its peak.

        Parameters
        ----------
        step : int
            Counted from 0.
        steps : int
            Length of the whole run.
        """
        warm_up = max(1, min(self.warm_up, steps // 5))
        fall = max(1.0, self.fall * steps)
        return min((step + 1) / warm_up, 1.0, (steps - step) / fall)


RECIPE = Recipe()


def steps_between_checkpoints(steps: int) -> int:
    """A tenth of the run, at most 50 steps: what a kill can cost."""
    return max(1, min(50, steps // 10))
