"""The domain's frozen values as messages: what a decoder child is asked and what it answers.

Only classes of a table are ever made from a message, and only from their own fields.
"""

from __future__ import annotations

import array
import builtins
import dataclasses
import enum
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from motionlens.domain import clip, errors, requests
from motionlens.domain.errors import Cancelled, MotionLensError
from motionlens.lanes.wire import Block

# Longer rows of floats (a clip's timestamps) go as raw doubles.
_ROW = 32
_TAG = "$"


def _defined_in(*modules: Any) -> dict[str, type[Any]]:
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }


_VALUES: dict[str, Callable[..., Any]] = {
    name: value
    for name, value in _defined_in(clip, requests).items()
    if dataclasses.is_dataclass(value) or issubclass(value, enum.StrEnum)
}
_ERRORS = {
    name: value for name, value in _defined_in(errors).items() if issubclass(value, MotionLensError)
}
_SYSTEM_ERRORS: dict[str, type[OSError]] = {
    name: value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, OSError)
}


def encode(value: Any, blocks: list[Block]) -> Any:
    """A value as JSON can hold it; arrays, bytes and long rows of floats are put into `blocks`.

    Parameters
    ----------
    value : None, bool, int, float, str, bytes, tuple, list, frozenset, dict with str keys, array,
        StrEnum or frozen dataclass of the domain; nested in any way

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(value, enum.StrEnum):
        return _known(value, {_TAG: "enum", "of": type(value).__name__, "value": str(value)})
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return _encode_array(value, blocks)
    if isinstance(value, bytes):
        return {_TAG: "bytes", "block": _put(value, blocks)}
    if isinstance(value, tuple):
        if len(value) > _ROW and all(type(part) is float for part in value):
            return {_TAG: "row", "block": _put(array.array("d", value), blocks)}
        return {_TAG: "tuple", "items": [encode(part, blocks) for part in value]}
    if isinstance(value, list):
        return [encode(part, blocks) for part in value]
    if isinstance(value, frozenset):
        return {_TAG: "set", "items": [encode(part, blocks) for part in sorted(value)]}
    if isinstance(value, dict):
        return {_TAG: "dict", "items": {str(k): encode(v, blocks) for k, v in value.items()}}
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        fields = {name: encode(getattr(value, name), blocks) for name in names}
        return _known(value, {_TAG: "value", "of": type(value).__name__, "items": fields})
    raise TypeError(f"{type(value).__name__} cannot be sent to another process")


def decode(value: Any, blocks: Sequence[Block]) -> Any:
    """The value that was encoded.

    Arrays are the caller's own; the memory of a block that can be written is taken as it is.

    Raises
    ------
    TypeError, ValueError, KeyError, IndexError
        It is not what :func:`encode` makes.
    """
    if isinstance(value, list):
        return [decode(part, blocks) for part in value]
    if not isinstance(value, dict):
        return value
    return _DECODERS[value[_TAG]](value, blocks)


def encode_error(error: BaseException) -> dict[str, Any] | None:
    """An expected error's parts; None where it is a bug."""
    if isinstance(error, MotionLensError):
        name = next((c.__name__ for c in type(error).__mro__ if c.__name__ in _ERRORS), "")
        return {"of": name, "parts": [error.what, error.why, error.next_step]}
    if isinstance(error, Cancelled):
        return {"of": "Cancelled", "parts": []}
    if isinstance(error, OSError):
        parts = [error.errno, error.strerror, error.filename and str(error.filename)]
        return {"of": type(error).__name__, "parts": parts}
    return None


def decode_error(value: dict[str, Any]) -> Exception:
    """The error that was encoded."""
    name, parts = value["of"], value["parts"]
    if name in _ERRORS:
        what, why, next_step = (str(part) for part in parts)
        return _ERRORS[name](what, why, next_step)
    if name == "Cancelled":
        return Cancelled()
    made: type[OSError] = _SYSTEM_ERRORS.get(name, OSError)
    return made(*parts)


def _known(value: Any, encoded: dict[str, Any]) -> dict[str, Any]:
    kind = type(value)
    if _VALUES.get(kind.__name__) == kind:
        return encoded
    raise TypeError(f"{kind.__name__} cannot be sent to another process")


def _put(block: Block, blocks: list[Block]) -> int:
    blocks.append(block)
    return len(blocks) - 1


def _encode_array(value: np.ndarray[Any, Any], blocks: list[Block]) -> dict[str, Any]:
    if value.dtype.hasobject:
        raise TypeError("an array of objects cannot be sent to another process")
    flat = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    place = _put(flat, blocks)
    return {_TAG: "array", "block": place, "dtype": value.dtype.str, "shape": list(value.shape)}


def _decode_array(value: dict[str, Any], blocks: Sequence[Block]) -> np.ndarray[Any, Any]:
    dtype = np.dtype(str(value["dtype"]))
    if dtype.hasobject:
        raise TypeError("an array of objects")
    flat: np.ndarray[Any, Any] = np.frombuffer(blocks[value["block"]], dtype)
    made = flat.reshape([int(side) for side in value["shape"]])
    return made if made.flags.writeable else made.copy()


def _decode_row(value: dict[str, Any], blocks: Sequence[Block]) -> tuple[float, ...]:
    row = array.array("d")
    row.frombytes(blocks[value["block"]])
    return tuple(row)


def _decode_value(value: dict[str, Any], blocks: Sequence[Block]) -> Any:
    # A field that the class does not have is an error: both ends are one program.
    fields = value["items"].items()
    return _VALUES[value["of"]](**{name: decode(part, blocks) for name, part in fields})


def _decode_enum(value: dict[str, Any], _: Sequence[Block]) -> Any:
    return _VALUES[value["of"]](value["value"])


_DECODERS: dict[str, Callable[[dict[str, Any], Sequence[Block]], Any]] = {
    "enum": _decode_enum,
    "array": _decode_array,
    "bytes": lambda value, blocks: bytes(blocks[value["block"]]),
    "row": _decode_row,
    "tuple": lambda value, blocks: tuple(decode(part, blocks) for part in value["items"]),
    "set": lambda value, blocks: frozenset(decode(part, blocks) for part in value["items"]),
    "dict": lambda value, blocks: {k: decode(v, blocks) for k, v in value["items"].items()},
    "value": _decode_value,
}
