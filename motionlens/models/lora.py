"""Low-rank adapters (LoRA, Hu et al. 2021, section 4.1) for convolutions and linear maps.

The change of a weight is the product of two thin ones, ``up @ down * scale``; the base weights are
frozen. For a 3x3 convolution the first thin map is a 3x3 convolution to ``rank`` channels and the
second a 1x1 convolution, whose product is again one 3x3 convolution.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from torch import Tensor, nn

from motionlens.domain.errors import ModelError

if TYPE_CHECKING:
    from motionlens.models.video_model import VideoModel

LORA_MARK = "lora_"
_KEY = re.compile(
    r"(?P<name>.+?)\.(?P<part>lora_[AB]|lora_down|lora_up|alpha)(\.default)?(\.weight)?"
)
# What diffusers and peft write before a weight's name in an adapter for a video network.
_PREFIXES = ("transformer.", "base_model.model.", "")


class AdaptedConv(nn.Module):
    """A frozen convolution with a trainable low-rank change beside it."""

    def __init__(self, base: nn.Conv2d, rank: int) -> None:
        super().__init__()
        self.base = base
        self.lora_down = nn.Conv2d(
            base.in_channels,
            rank,
            cast(tuple[int, int], base.kernel_size),
            cast(tuple[int, int], base.stride),
            cast(tuple[int, int], base.padding),
            bias=False,
        )
        self.lora_up = nn.Conv2d(rank, base.out_channels, 1, bias=False)
        # The change starts at zero: an adapted model is the base until it has been trained.
        nn.init.zeros_(self.lora_up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """The base's answer plus the low-rank one."""
        return cast(Tensor, self.base(x) + self.lora_up(self.lora_down(x)))


class AdaptedLinear(nn.Module):
    """A frozen linear map with a trainable low-rank change beside it, in float32 throughout.

    ``lora_A`` and ``lora_B`` are the names that diffusers gives the two thin maps.
    """

    def __init__(self, base: nn.Linear, rank: int, scale: float = 1.0) -> None:
        super().__init__()
        self.base = base
        self.scale = scale
        self.lora_A = nn.Linear(base.in_features, rank, bias=False)
        self.lora_B = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.lora_B.weight)

    @property
    def weight(self) -> Tensor:
        """The base's: some networks look at its precision."""
        return self.base.weight

    def forward(self, x: Tensor) -> Tensor:
        """The base's answer plus the low-rank one, (..., in) to (..., out)."""
        change = self.lora_B(self.lora_A(x.to(self.lora_A.weight.dtype))) * self.scale
        return cast(Tensor, self.base(x) + change.to(x.dtype))


def add_lora(model: VideoModel, rank: int = 8) -> None:
    """Freezes the base and puts an adapter beside each map that the model names, in place.

    Adapter weights have ``lora_`` in their names; they are what ``tracked="lora"`` means. Their
    first values come from torch's global generator, which the caller seeds.

    Raises
    ------
    ModelError
        If the rank is under 1 or the model has adapters already.
    """
    if rank < 1:
        raise ModelError(f"A LoRA rank of {rank} makes no sense", "it is under 1", "Give 8")
    _refuse_second(model)
    targets = _targets(model)
    _adapt(model, dict.fromkeys(targets, rank))


def adapter_state(model: VideoModel) -> dict[str, Tensor]:
    """The adapters' weights alone, by name."""
    state = model.network.state_dict()
    return {name: value for name, value in state.items() if LORA_MARK in name}


def base_state(model: VideoModel) -> dict[str, Tensor]:
    """The base's weights, under the names that they have without adapters."""
    state = model.network.state_dict()
    return {
        name.replace(".base.", "."): value for name, value in state.items() if LORA_MARK not in name
    }


def diffusers_state(model: VideoModel) -> dict[str, Tensor]:
    """The adapters of linear maps under the names that diffusers' pipelines read."""
    made = {}
    for name, module in model.network.named_modules():
        if isinstance(module, AdaptedLinear):
            made[f"transformer.{name}.lora_A.weight"] = module.lora_A.weight
            # Readers without a scale of their own take rank / alpha = 1: it goes into the weight.
            made[f"transformer.{name}.lora_B.weight"] = module.lora_B.weight * module.scale
    return made


def read_diffusers_state(model: VideoModel, state: Mapping[str, Tensor]) -> None:
    """Puts adapters on a model from weights as diffusers or peft write them, in place.

    Each map may have a rank of its own; an ``alpha`` beside a pair sets its scale (alpha / rank).

    Raises
    ------
    ModelError
        If the model has adapters already, or the weights are not for this one.
    """
    _refuse_second(model)
    pairs = _pairs(state)
    targets = _targets(model, everything=True)
    strange = sorted(set(pairs) - set(targets))
    if strange or not pairs:
        raise _misfit(model, f"it has no part {strange[0]}" if strange else "nothing is in it")
    ranks = {}
    for name, (down, up, _) in pairs.items():
        base = targets[name]
        rank = down.shape[0]
        if down.shape != (rank, base.in_features) or up.shape != (base.out_features, rank):
            raise _misfit(model, f"the part {name} has another shape")
        ranks[name] = rank
    _adapt(model, ranks)
    for name, (down, up, alpha) in pairs.items():
        module = cast(AdaptedLinear, model.network.get_submodule(name))
        module.lora_A.weight.data.copy_(down)
        module.lora_B.weight.data.copy_(up)
        if alpha is not None:
            module.scale = alpha / ranks[name]


def _targets(model: VideoModel, everything: bool = False) -> dict[str, nn.Linear]:
    """The maps that get an adapter, by name; all linear ones where a file names its own."""
    pattern = model.lora_targets
    kind = nn.Linear if pattern else nn.Conv2d
    return {
        name: cast(nn.Linear, module)
        for name, module in model.network.named_modules()
        if isinstance(module, kind) and (not pattern or everything or re.fullmatch(pattern, name))
    }


def _adapt(model: VideoModel, ranks: Mapping[str, int]) -> None:
    for parameter in model.network.parameters():
        parameter.requires_grad_(False)
    for name, rank in ranks.items():
        base = model.network.get_submodule(name)
        adapted: nn.Module
        if isinstance(base, nn.Conv2d):
            adapted = AdaptedConv(base, rank)
        else:
            adapted = AdaptedLinear(cast(nn.Linear, base), rank)
        parent, _, own = name.rpartition(".")
        setattr(model.network.get_submodule(parent), own, adapted.to(model.device))
    model.lora_rank = max(ranks.values())


def _refuse_second(model: VideoModel) -> None:
    if model.lora_rank:
        raise ModelError(
            f"{model.name} has LoRA adapters already",
            "adapters cannot be stacked",
            "Use them as they are",
        )


def _pairs(state: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor, float | None]]:
    """Down, up and alpha by the name of the map that they change."""
    found: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        match = re.fullmatch(
            r"(?P<name>.+?)\.(?P<part>lora_[AB]|lora_down|lora_up|alpha)(\.default)?(\.weight)?",
            key,
        )
        if match is None:
            raise ModelError(
                "The adapter cannot be read",
                f"{key} is no name of a low-rank weight",
                "Give a LoRA file as diffusers writes it",
            )
        name = match["name"]
        name = next(name[len(p) :] for p in _PREFIXES if name.startswith(p))
        part = {"lora_down": "lora_A", "lora_up": "lora_B"}.get(match["part"], match["part"])
        found.setdefault(name, {})[part] = value
    pairs = {}
    for name, parts in found.items():
        if not {"lora_A", "lora_B"} <= parts.keys() or parts["lora_A"].dim() != 2:
            raise ModelError(
                "The adapter cannot be read",
                f"the part {name} lacks one of its two weights",
                "Take a fresh copy of the file",
            )
        alpha = float(parts["alpha"]) if "alpha" in parts else None
        if alpha is not None and not math.isfinite(alpha):
            alpha = None
        pairs[name] = (parts["lora_A"], parts["lora_B"], alpha)
    return pairs


def _misfit(model: VideoModel, why: str) -> ModelError:
    return ModelError(
        f"The adapter does not fit {model.name}", why, "Give the base that it was trained on"
    )
