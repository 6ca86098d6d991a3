"""Low-rank adapters (LoRA, Hu et al. 2021, section 4.1) for the embedded model's convolutions.

The change of a weight is the product of two thin ones, ``up @ down * scale``; the base weights are
frozen. For a 3x3 convolution the first thin map is a 3x3 convolution to ``rank`` channels and the
second a 1x1 convolution, whose product is again one 3x3 convolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import Tensor, nn

from motionlens.domain.errors import ModelError

if TYPE_CHECKING:
    from motionlens.models.video_model import VideoModel

LORA_MARK = "lora_"


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


def add_lora(model: VideoModel, rank: int = 8) -> None:
    """Freezes the base and puts an adapter beside each convolution, in place.

    Adapter weights have ``lora_`` in their names; they are what ``tracked="lora"`` means. Their
    first values come from torch's global generator, which the caller seeds.

    Raises
    ------
    ModelError
        If the rank is under 1 or the model has adapters already.
    """
    if rank < 1:
        raise ModelError(f"A LoRA rank of {rank} makes no sense", "it is under 1", "Give 8")
    if model.lora_rank:
        raise ModelError(
            f"{model.name} has LoRA adapters already",
            "adapters cannot be stacked",
            "Use them as they are",
        )
    for parameter in model.network.parameters():
        parameter.requires_grad_(False)
    for parent in list(model.network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv2d):
                setattr(parent, name, AdaptedConv(child, rank).to(model.device))
    model.lora_rank = rank


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
