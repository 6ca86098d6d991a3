"""What a step trains on hangs on seed and step alone."""

from __future__ import annotations

from itertools import pairwise

import torch

from motionlens.finetune.batches import Batch, draw_batch
from motionlens.finetune.recipe import RECIPE, Recipe, steps_between_checkpoints

NOISE = (1, 12, 8, 8)


def draw(seed: int = 0, step: int = 0, size: int = 16, clips: int = 50) -> Batch:
    return draw_batch(seed, step, size, clips, NOISE, RECIPE)


def test_arms_with_other_clips_meet_the_same_noise() -> None:
    one, other = draw(step=7, clips=300), draw(step=7, clips=195)
    assert torch.equal(one.noise, other.noise)
    assert torch.equal(one.levels, other.levels)
    assert torch.equal(one.mirrored, other.mirrored)
    assert torch.equal(one.inverted, other.inverted)
    assert not torch.equal(one.clips, other.clips)


def test_steps_and_seeds_differ() -> None:
    first = draw()
    for other in (draw(step=1), draw(seed=1)):
        assert not torch.equal(first.noise, other.noise)
        assert not torch.equal(first.levels, other.levels)


def test_a_step_does_not_hang_on_those_before_it() -> None:
    alone = draw(step=3)
    for step in range(3):
        draw(step=step)
    again = draw(step=3)
    assert torch.equal(alone.noise, again.noise)
    assert torch.equal(alone.clips, again.clips)


def test_every_clip_is_met_once_an_epoch() -> None:
    met = torch.cat([draw(step=step, size=5, clips=10).clips for step in range(4)]).tolist()
    assert sorted(met[:10]) == list(range(10))
    assert sorted(met[10:]) == list(range(10))
    assert met[:10] != met[10:]


def test_a_batch_larger_than_the_list_takes_clips_again() -> None:
    assert sorted(draw(size=6, clips=2).clips.tolist()) == [0, 0, 0, 1, 1, 1]


def test_levels_are_stratified_round_the_recipes_middle() -> None:
    levels = draw(size=64).levels
    normal = torch.logit(levels.double())
    share = torch.special.ndtr((normal - RECIPE.level_mean) / RECIPE.level_spread)
    assert torch.equal((share * 64).floor().int(), torch.arange(64, dtype=torch.int32))


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [RECIPE.rate(step, 250) for step in range(250)]
    assert rates[0] == 1 / 20
    assert rates[19:176] == [1.0] * 157
    assert rates[-1] == 1 / 75
    assert all(a > b for a, b in pairwise(rates[175:]))


def test_a_short_run_warms_up_in_a_fifth_of_it() -> None:
    assert [round(Recipe().rate(step, 10), 3) for step in range(10)] == [
        0.5, 1, 1, 1, 1, 1, 1, 1, 0.667, 0.333,
    ]  # fmt: skip


def test_checkpoints_lie_at_most_fifty_steps_apart() -> None:
    assert [steps_between_checkpoints(steps) for steps in (1, 10, 250, 9000)] == [1, 1, 25, 50]
