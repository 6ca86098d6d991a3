"""A local diffusers folder, looked at before anything in it is loaded.

Only JSON and the headers of safetensors files are read here: nothing in the folder can run.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ModelError
from motionlens.models.families import FAMILIES, Family, family_of

INDEX_NAME = "model_index.json"
SHAPE_NAME = "motionlens.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_LIBRARIES = ("diffusers", "transformers")
_STEMS = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}
_MOST_HEADER = 200_000_000
_PROBES, _PROBE_BYTES = 64, 65536
_FRESH_COPY = "Take a fresh copy of the folder"


@dataclass(frozen=True)
class Component:
    """One part of a model: its weights files, each checked to be there and whole.

    Attributes
    ----------
    name, library, class_name : str
    folder : Path
    config : mapping
    files : tuple of Path
        Its safetensors files, in order of their names.
    parameters, bytes : int
        Numbers in them, and their size.
    """

    name: str
    library: str
    class_name: str
    folder: Path
    config: Mapping[str, Any]
    files: tuple[Path, ...]
    parameters: int
    bytes: int

    @property
    def identity(self) -> str:
        """sha256, in hex, over configuration, headers, sizes and evenly spread parts of the
        weights: another model differs everywhere, and 11 GB need not be read to see it."""
        digest = hashlib.sha256(json.dumps(dict(self.config), sort_keys=True).encode())
        for file in self.files:
            size = file.stat().st_size
            digest.update(f"{file.name} {size}\n".encode())
            with open(file, "rb") as opened:
                (length,) = struct.unpack("<Q", opened.read(8))
                digest.update(opened.read(length))
                for n in range(_PROBES):
                    opened.seek(8 + length + (size - 8 - length) * n // _PROBES)
                    digest.update(opened.read(_PROBE_BYTES))
        return digest.hexdigest()


@dataclass(frozen=True)
class ModelFolder:
    """A whole folder of a known family.

    Attributes
    ----------
    index : mapping
        ``model_index.json``.
    network, vae : Component
    encoders : tuple of Component
    shape : mapping
        What the folder's own ``motionlens.json`` asks for: ``frames``, ``size`` (height, width);
        empty without one.
    """

    root: Path
    family: Family
    index: Mapping[str, Any]
    network: Component
    vae: Component
    encoders: tuple[Component, ...]
    scheduler: Mapping[str, Any]
    shape: Mapping[str, Any]


def is_model_folder(path: Path) -> bool:
    """True if a folder looks like diffusers': it has a ``model_index.json``."""
    return (path / INDEX_NAME).is_file()


def read_folder(root: Path) -> ModelFolder:
    """Look at a diffusers folder.

    Raises
    ------
    ModelError
        It is of another family, has parts that are not of diffusers or transformers, code of its
        own, pickled, missing or cut weights, or no text encoder.
    """
    index = read_document(root / INDEX_NAME)
    family = family_of(str(index.get("_class_name")))
    if family is None:
        known = ", ".join(one.title for one in FAMILIES)
        raise ModelError(
            f"The model in {root} cannot be used",
            f"it is a {index.get('_class_name')}, which is none of the families known here",
            f"Give a text-to-video model of {known}",
        )
    _refuse_code(root, index)
    if _given(index, "transformer_2"):
        raise ModelError(
            f"The model in {root} cannot be used",
            "it has two networks that share the noise levels between them",
            "Give a model with one, such as Wan 2.1 or Wan 2.2 TI2V 5B",
        )
    network = _component(root, index, "transformer", (family.network,))
    vae = _component(root, index, "vae", (family.vae,))
    encoders = []
    for name, tokenizer, classes in family.encoders:
        if not _given(index, name) or not (root / name).is_dir():
            raise ModelError(
                f"The model in {root} has no text encoder",
                f"its part {name} is absent, and captions cannot be read without it",
                _FRESH_COPY,
            )
        encoders.append(_component(root, index, name, classes))
        if not _given(index, tokenizer) or not (root / tokenizer).is_dir():
            raise _damaged(root, f"its part {tokenizer} is absent")
    scheduler = read_document(root / "scheduler" / "scheduler_config.json")
    shape = root / SHAPE_NAME
    return ModelFolder(
        root,
        family,
        index,
        network,
        vae,
        tuple(encoders),
        scheduler,
        read_document(shape) if shape.is_file() else {},
    )


def read_document(path: Path) -> dict[str, Any]:
    """One JSON object; :class:`ModelError` in words where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _damaged(path.parent, f"there is no {path.name} in it") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path.parent, f"its {path.name} cannot be read ({error})") from error
    if not isinstance(found, dict):
        raise _damaged(path.parent, f"its {path.name} holds no JSON object")
    return found


def part_class(index: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Library and class of a part, as ``model_index.json`` names them."""
    entry = index.get(name)
    if not (isinstance(entry, list) and len(entry) == 2 and all(isinstance(e, str) for e in entry)):
        return "", ""
    return entry[0], entry[1]


def _given(index: Mapping[str, Any], name: str) -> bool:
    return bool(part_class(index, name)[1])


def _refuse_code(root: Path, index: Mapping[str, Any]) -> None:
    code = sorted(path for path in root.rglob("*.py"))
    if code:
        raise ModelError(
            f"The model in {root} is refused",
            f"it brings a program of its own ({code[0].relative_to(root)}), which would run here",
            "Give a folder that needs nothing but diffusers and transformers",
        )
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list):
            continue
        library = entry[0] if entry else None
        if library is not None and library not in _LIBRARIES:
            raise ModelError(
                f"The model in {root} is refused",
                f"its part {name} is of {library}, not of diffusers or transformers",
                "Give a folder that needs nothing but diffusers and transformers",
            )


def _component(
    root: Path, index: Mapping[str, Any], name: str, classes: tuple[str, ...]
) -> Component:
    library, class_name = part_class(index, name)
    folder = root / name
    config = read_document(folder / "config.json")
    own = config.get("_class_name") or (config.get("architectures") or [class_name])[0]
    for found in (class_name, str(own)):
        if found not in classes:
            raise ModelError(
                f"The model in {root} cannot be used",
                f"its part {name} is a {found or 'nothing'}, where {' or '.join(classes)} belongs",
                "Give the folder of one whole model",
            )
    if "auto_map" in config:
        raise ModelError(
            f"The model in {root} is refused",
            f"its part {name} asks for a program of its own",
            "Give a folder that needs nothing but diffusers and transformers",
        )
    files = tuple(_weights_files(folder, _STEMS[library]))
    parameters = sum(_numbers(file) for file in files)
    return Component(
        name,
        library,
        class_name,
        folder,
        config,
        files,
        parameters,
        sum(file.stat().st_size for file in files),
    )


def _weights_files(folder: Path, stem: str) -> Iterator[Path]:
    whole, index = folder / f"{stem}.safetensors", folder / f"{stem}.safetensors.index.json"
    if whole.is_file():
        yield whole
        return
    if not index.is_file():
        pickles = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in PICKLES]
        if pickles:
            raise ModelError(
                f"The weights {pickles[0]} are refused",
                "they are a pickle, which can run any program when it is opened",
                "Convert them to safetensors where you trust them, and give that folder",
            )
        raise _damaged(folder, f"there is no {whole.name} in it")
    names = read_document(index).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise _damaged(folder, f"its {index.name} names no files")
    shards = sorted({str(name) for name in names.values()})
    missing = [name for name in shards if not (folder / name).is_file()]
    if missing:
        raise _damaged(
            folder, f"{len(missing)} of its {len(shards)} weights files are missing ({missing[0]})"
        )
    for name in shards:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise _damaged(folder, f"its {index.name} names {name}, which is no file beside it")
        yield folder / name


def _numbers(file: Path) -> int:
    """Numbers in a safetensors file, by its header; refuses one that is cut."""
    size = file.stat().st_size
    try:
        with open(file, "rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            if length > min(size, _MOST_HEADER):
                raise ValueError("no header")
            header = json.loads(opened.read(length))
        tensors = [value for name, value in header.items() if name != "__metadata__"]
        end = max((int(value["data_offsets"][1]) for value in tensors), default=0)
        count = sum(math.prod(map(int, value["shape"])) for value in tensors)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise _damaged(file.parent, f"{file.name} is not a safetensors file ({error})") from error
    if size != 8 + length + end:
        raise _damaged(
            file.parent, f"{file.name} has {size:,} bytes where {8 + length + end:,} belong"
        )
    return count


def _damaged(folder: Path, why: str) -> ModelError:
    return ModelError(f"The model in {folder} is not whole", why, _FRESH_COPY)
