"""Tiny random models of each real family: the real classes, saved as a real folder in a second.

They know nothing. What they show is that everything around a real model is right: names, shapes,
signs, directions, files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = (
    "<pad> <unk> </s> a the ball box red blue rolls falls bounces slides throws person swings left "
    "right and down up table with of video describe begin end"
).split()
# What a folder's own `motionlens.json` asks for: small enough for a step in a tenth of a second.
SHAPES = {
    "wan-2.1": (9, 64, 96),
    "wan-2.2": (9, 64, 96),
    "cogvideox-2b": (9, 64, 96),
    "cogvideox-5b": (9, 64, 96),
    "cogvideox-1.5": (13, 64, 96),
    "ltx": (9, 64, 96),
    "hunyuan": (9, 64, 96),
    "mochi": (7, 64, 96),
}


def make_tiny(kind: str, folder: Path, seed: int = 0) -> Path:
    """A diffusers folder of that kind (a key of `SHAPES`), with random weights from a seed."""
    import torch

    from motionlens.models.heavy import require_diffusers

    require_diffusers()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = _MAKERS[kind]()
        _stir(pipeline.transformer)
    pipeline.save_pretrained(folder)
    frames, height, width = SHAPES[kind]
    shape = {"frames": frames, "size": [height, width]}
    (folder / "motionlens.json").write_text(json.dumps(shape))
    return folder


def _stir(network: Any) -> None:
    """Moves weights that start at 0 or 1 (norms, tables, biases) off it, so that each counts."""
    import torch

    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.02)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>")
    made = Tokenizer(words)
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="</s>",
        model_max_length=512,
    )


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(vocab_size=32, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    ).eval()


def _wan_pipeline(vae: Any, patch_size: int, channels: int, **more: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, WanPipeline, WanTransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    return WanPipeline(
        tokenizer=_tokenizer(),
        text_encoder=UMT5EncoderModel(
            UMT5Config(vocab_size=32, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
        ).eval(),
        vae=vae,
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=channels,
            out_channels=channels,
            text_dim=16,
            freq_dim=32,
            ffn_dim=32,
            num_layers=2,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        **more,
    )


def _wan_21() -> Any:
    from diffusers import AutoencoderKLWan

    vae = AutoencoderKLWan(
        base_dim=3,
        z_dim=16,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
    return _wan_pipeline(vae, 2, 16)


def _wan_22() -> Any:
    from diffusers import AutoencoderKLWan

    vae = AutoencoderKLWan(
        base_dim=4,
        decoder_base_dim=4,
        z_dim=48,
        dim_mult=[1, 2, 4, 4],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.01 * n for n in range(48)],
        latents_std=[0.5 + 0.01 * n for n in range(48)],
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_temporal=4,
        scale_factor_spatial=16,
    )
    return _wan_pipeline(vae, 2, 48, expand_timesteps=True)


def _cogvideox(scaling: float, snr_shift: float, dpm: bool, **transformer: Any) -> Any:
    from diffusers import (
        AutoencoderKLCogVideoX,
        CogVideoXDDIMScheduler,
        CogVideoXDPMScheduler,
        CogVideoXPipeline,
        CogVideoXTransformer3DModel,
    )

    scheduler = (CogVideoXDPMScheduler if dpm else CogVideoXDDIMScheduler)(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        snr_shift_scale=snr_shift,
        timestep_spacing="trailing",
        set_alpha_to_one=True,
    )
    settings: dict[str, Any] = {
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "in_channels": 16,
        "out_channels": 16,
        "time_embed_dim": 8,
        "text_embed_dim": 32,
        "num_layers": 2,
        "sample_width": 12,
        "sample_height": 8,
        "sample_frames": 9,
        "patch_size": 2,
        "temporal_compression_ratio": 4,
        "max_text_seq_length": 16,
    }
    return CogVideoXPipeline(
        tokenizer=_tokenizer(),
        text_encoder=_t5(),
        vae=AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8, 8, 8, 8),
            latent_channels=16,
            layers_per_block=1,
            norm_num_groups=2,
            temporal_compression_ratio=4,
            scaling_factor=scaling,
        ),
        scheduler=scheduler,
        transformer=CogVideoXTransformer3DModel(**{**settings, **transformer}),
    )


def _cogvideox_2b() -> Any:
    return _cogvideox(1.15258426, 3.0, dpm=False)


def _cogvideox_5b() -> Any:
    return _cogvideox(0.7, 1.0, dpm=True, use_rotary_positional_embeddings=True)


def _cogvideox_15() -> Any:
    return _cogvideox(
        0.7,
        1.0,
        dpm=True,
        use_rotary_positional_embeddings=True,
        patch_size_t=2,
        patch_bias=False,
        sample_frames=13,
    )


def _ltx() -> Any:
    from diffusers import (
        AutoencoderKLLTXVideo,
        FlowMatchEulerDiscreteScheduler,
        LTXPipeline,
        LTXVideoTransformer3DModel,
    )

    return LTXPipeline(
        tokenizer=_tokenizer(),
        text_encoder=_t5(),
        vae=AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
            patch_size=4,
        ),
        transformer=LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=2,
            attention_head_dim=8,
            cross_attention_dim=16,
            num_layers=2,
            caption_channels=32,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True,
            base_shift=0.95,
            max_shift=2.05,
            base_image_seq_len=1024,
            max_image_seq_len=4096,
            shift_terminal=0.1,
        ),
    )


def _hunyuan() -> Any:
    from diffusers import (
        AutoencoderKLHunyuanVideo,
        FlowMatchEulerDiscreteScheduler,
        HunyuanVideoPipeline,
        HunyuanVideoTransformer3DModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, LlamaConfig, LlamaModel

    return HunyuanVideoPipeline(
        tokenizer=_tokenizer(),
        text_encoder=LlamaModel(
            LlamaConfig(
                vocab_size=32,
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=3,
                num_attention_heads=2,
                max_position_embeddings=512,
                pad_token_id=0,
            )
        ).eval(),
        tokenizer_2=_tokenizer(),
        text_encoder_2=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=32,
                hidden_size=8,
                intermediate_size=8,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=77,
                bos_token_id=1,
                eos_token_id=2,
                pad_token_id=0,
            )
        ).eval(),
        vae=AutoencoderKLHunyuanVideo(
            latent_channels=16,
            block_out_channels=(8, 8, 8, 8),
            layers_per_block=1,
            norm_num_groups=2,
        ),
        transformer=HunyuanVideoTransformer3DModel(
            in_channels=16,
            out_channels=16,
            num_attention_heads=2,
            attention_head_dim=10,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            patch_size=2,
            guidance_embeds=True,
            text_embed_dim=16,
            pooled_projection_dim=8,
            rope_axes_dim=(2, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def _mochi() -> Any:
    from diffusers import (
        AutoencoderKLMochi,
        FlowMatchEulerDiscreteScheduler,
        MochiPipeline,
        MochiTransformer3DModel,
    )

    return MochiPipeline(
        tokenizer=_tokenizer(),
        text_encoder=_t5(),
        vae=AutoencoderKLMochi(
            latent_channels=12,
            encoder_block_out_channels=(32, 32, 32, 32),
            decoder_block_out_channels=(32, 32, 32, 32),
            layers_per_block=(1, 1, 1, 1, 1),
        ),
        transformer=MochiTransformer3DModel(
            patch_size=2,
            num_attention_heads=2,
            attention_head_dim=8,
            num_layers=2,
            pooled_projection_dim=16,
            in_channels=12,
            text_embed_dim=32,
            time_embed_dim=8,
            max_sequence_length=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(invert_sigmas=True),
    )


_MAKERS: dict[str, Callable[[], Any]] = {
    "wan-2.1": _wan_21,
    "wan-2.2": _wan_22,
    "cogvideox-2b": _cogvideox_2b,
    "cogvideox-5b": _cogvideox_5b,
    "cogvideox-1.5": _cogvideox_15,
    "ltx": _ltx,
    "hunyuan": _hunyuan,
    "mochi": _mochi,
}
