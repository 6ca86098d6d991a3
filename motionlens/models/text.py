"""Captions as a model is told them: computed once, kept on disk, and the encoder let go."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from motionlens.domain.errors import ModelError
from motionlens.models.folder import Component, ModelFolder, part_class
from motionlens.models.heavy import require_diffusers, require_transformers
from motionlens.models.tensor_cache import TensorCache

# A text encoder larger than this is kept in 16-bit numbers on a processor too: T5-XXL is 19 GB.
_MOST_FLOAT32 = 500_000_000
_IN_MEMORY = 256

Encode = Callable[[Any, str, torch.device], Sequence[Tensor]]


def packed(parts: Sequence[Tensor]) -> Tensor:
    """Parts of one caption, each without a batch axis, as one flat bfloat16 tensor.

    One tensor a caption can be stacked, cached and handed on whatever a family is told. bfloat16
    always, so that an embedding from the cache equals a fresh one on each device.
    """
    return torch.cat([part.detach().cpu().flatten().to(torch.bfloat16) for part in parts])


def unpacked(conditions: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
    """(B, n) as from :func:`packed` to parts (B, ...) of the shapes given."""
    sizes = [math.prod(shape) for shape in shapes]
    if conditions.shape[-1] != sum(sizes):
        raise ModelError(
            "The condition does not fit the model",
            f"it has {conditions.shape[-1]} numbers where the model is told {sum(sizes)}",
            "Make it with the same model",
        )
    parts = torch.split(conditions, sizes, dim=-1)
    lead = conditions.shape[:-1]
    return [part.reshape(*lead, *shape) for part, shape in zip(parts, shapes, strict=True)]


class Captions:
    """Embeddings of captions by a folder's text encoders.

    Parameters
    ----------
    folder : ModelFolder
    encode : callable
        Pipeline with encoders and tokenizers, caption and device to the parts that the network
        is told, without a batch axis.
    settings : str
        What else decides the embedding (its length).
    cache : TensorCache, optional
        Kept in memory alone without one.
    device : torch.device
        Where the encoders run while they are loaded; on the processor where they do not fit.
    """

    def __init__(
        self,
        folder: ModelFolder,
        encode: Encode,
        settings: str,
        cache: TensorCache | None,
        device: torch.device,
    ) -> None:
        self._folder = folder
        self._encode = encode
        self._cache = cache
        self.device = device
        self._known: dict[str, Tensor] = {}
        tokenizers = [_file_hashes(folder, tokenizer) for _, tokenizer, _ in folder.family.encoders]
        self.identity = " ".join(
            [settings, *(encoder.identity for encoder in folder.encoders), *tokenizers]
        )

    def __call__(self, caption: str) -> Tensor:
        """One caption's packed embedding."""
        found = self._found(caption)
        if found is None:
            self.prepare([caption])
            found = self._found(caption)
        if found is None:
            raise ModelError(
                "The caption could not be kept", "its embedding was lost at once", "Try again"
            )
        return found

    def prepare(self, captions: Iterable[str]) -> None:
        """Compute what is not known yet, all with one loading of the encoders, then free them."""
        missing = [text for text in dict.fromkeys(captions) if not self._has(text)]
        if not missing:
            return
        with self._encoders() as (pipeline, device), torch.no_grad():
            for caption in missing:
                made = packed(self._encode(pipeline, caption, device))
                if self._cache is not None:
                    self._cache.put(made, caption, self.identity)
                self._keep(caption, made)

    def _has(self, caption: str) -> bool:
        return self._found(caption) is not None

    def _found(self, caption: str) -> Tensor | None:
        if caption in self._known:
            return self._known[caption]
        found = None if self._cache is None else self._cache.get(caption, self.identity)
        if found is not None:
            self._keep(caption, found)
        return found

    def _keep(self, caption: str, made: Tensor) -> None:
        while self._cache is not None and len(self._known) >= _IN_MEMORY:
            self._known.pop(next(iter(self._known)))
        self._known[caption] = made

    @contextlib.contextmanager
    def _encoders(self) -> Iterator[tuple[Any, torch.device]]:
        diffusers = require_diffusers()
        device = self._roomy_device()
        parts: dict[str, Any] = {}
        for encoder, (_, tokenizer, _) in zip(
            self._folder.encoders, self._folder.family.encoders, strict=True
        ):
            parts[encoder.name] = load_part(encoder, _encoder_dtype(encoder, device)).to(device)
            parts[tokenizer] = _load_tokenizer(self._folder, tokenizer)
        made = getattr(diffusers, self._folder.family.pipeline)
        absent = dict.fromkeys(("vae", "transformer", "scheduler"))
        try:
            yield made(**parts, **absent, **pipeline_settings(self._folder)), device
        finally:
            parts.clear()
            gc.collect()
            if device.type == "cuda":
                torch.cuda.empty_cache()

    def _roomy_device(self) -> torch.device:
        if self.device.type != "cuda":
            return torch.device("cpu")
        needed = 2.4 * sum(encoder.parameters for encoder in self._folder.encoders)
        free, _ = torch.cuda.mem_get_info(self.device)
        return self.device if free > needed else torch.device("cpu")


def load_part(component: Component, dtype: torch.dtype) -> Any:
    """A network of a folder, from safetensors alone, ready to use; nothing is downloaded.

    Raises
    ------
    ModelError
        If the installed library does not know the class, or the weights do not fit it.
    """
    library = require_diffusers() if component.library == "diffusers" else require_transformers()
    made = getattr(library, component.class_name, None)
    if made is None:
        raise ModelError(
            f"The part {component.folder} cannot be loaded",
            f"the installed {component.library} has no {component.class_name}",
            "pip install --upgrade 'motionlens[diffusion]'",
        )
    more: dict[str, Any] = {} if component.library == "diffusers" else {"trust_remote_code": False}
    try:
        loaded, told = made.from_pretrained(
            str(component.folder),
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            **more,
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise _misfit(component, str(error)) from error
    missing = sorted(told["missing_keys"])
    if missing or told["mismatched_keys"]:
        raise _misfit(component, f"{len(missing) or 'some'} weights are missing ({missing[:1]})")
    return loaded.eval()


def pipeline_settings(folder: ModelFolder) -> dict[str, Any]:
    """What a pipeline is told beside its parts: the plain values of ``model_index.json``."""
    return {
        name: value
        for name, value in folder.index.items()
        if not name.startswith("_") and isinstance(value, bool | int | float | str)
    }


def _load_tokenizer(folder: ModelFolder, name: str) -> Any:
    transformers = require_transformers()
    class_name = part_class(folder.index, name)[1]
    made = getattr(transformers, class_name, None) or transformers.AutoTokenizer
    try:
        return made.from_pretrained(
            str(folder.root / name), local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, ImportError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The tokenizer in {folder.root / name} cannot be loaded",
            _first_line(error),
            "Take a fresh copy of the folder",
        ) from error


def _encoder_dtype(encoder: Component, device: torch.device) -> torch.dtype:
    small = device.type == "cpu" and encoder.parameters <= _MOST_FLOAT32
    return torch.float32 if small else torch.bfloat16


def _file_hashes(folder: ModelFolder, name: str) -> str:
    digest = hashlib.sha256()
    for path in sorted((folder.root / name).iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _misfit(component: Component, why: str) -> ModelError:
    return ModelError(
        f"The weights in {component.folder} do not fit their model",
        _first_line(why),
        "Take a fresh copy of the folder",
    )


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
