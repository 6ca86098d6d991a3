"""What crosses to a decoder child comes out as it went in, and nothing else can be made."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import pytest

from motionlens.app.isolated_codec import decode, decode_error, encode, encode_error
from motionlens.domain import errors
from motionlens.domain.clip import Clip, Flag, MediaInfo, Region, Role, Span
from motionlens.domain.errors import Cancelled, MediaError, MotionLensError
from motionlens.domain.requests import FrameImage, FrameRequest

INFO = MediaInfo(64, 48, 29.97, 300, True, 90, "h264", 10.5, tuple(n / 3 for n in range(300)), "d")
REQUEST = FrameRequest(
    "id", "/a b/ü.mp4", 7, frozenset({"flow", "mask"}), 640, 480, 3, span=Span(2, 9), info=INFO
)


def crossed(value):
    blocks = []
    text = json.dumps(encode(value, blocks))
    return decode(json.loads(text), [bytes(memoryview(block).cast("B")) for block in blocks])


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        0.1,
        float("inf"),
        "text \udcff",
        b"bytes",
        (1, (2.5, "x"), ()),
        [1, None],
        frozenset({"b", "a"}),
        {"$": "a dictionary of somebody's", "n": (1,)},
        tuple(n / 7 for n in range(1000)),
        Region(0.1, 0.2, 0.3, 0.4),
        Role.REFERENCE,
        Flag("static", 0.5, "why"),
        INFO,
        REQUEST,
        Clip("i", ("/a", "/b"), "hash", Role.TRAINING, INFO, "words", Span(0, 3)),
    ],
)
def test_values_come_back_equal_and_of_their_kind(value):
    back = crossed(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("shape", [(5, 4, 4), (3, 0, 2), ()])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.bool_])
def test_arrays_come_back_equal_and_are_the_callers_own(shape, dtype):
    value = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    back = crossed(value.T)
    assert back.dtype == value.dtype
    assert np.array_equal(back, value.T)
    assert back.flags.writeable


def test_an_image_crosses_with_all_of_its_fields():
    image = FrameImage(
        clip="id",
        frame=3,
        time_s=0.125,
        turn=9,
        pixels=np.arange(48, dtype=np.uint8).reshape(3, 4, 4),
        overlays=frozenset({"arrows"}),
        arrows=np.array([[0.1, np.nan, 1, 2]], np.float32),
        pending=frozenset({"tracks"}),
    )
    back = crossed(image)
    for field in dataclasses.fields(image):
        np.testing.assert_equal(getattr(back, field.name), getattr(image, field.name))


@dataclass(frozen=True)
class Span2:
    """A class of nobody's table."""

    start: int


@pytest.mark.parametrize("value", [Span2(1), object(), np.array([object()]), {1, 2}, print])
def test_strangers_are_not_sent(value):
    with pytest.raises(TypeError):
        encode(value, [])


def test_a_class_of_the_same_name_is_a_stranger():
    imposter = dataclass(frozen=True)(type("Span", (), {"__annotations__": {"start": int}}))
    with pytest.raises(TypeError):
        encode(imposter(1), [])


@pytest.mark.parametrize(
    "text",
    [
        {"$": "value", "of": "Popen", "items": {"args": "ls"}},
        {"$": "value", "of": "Span", "items": {"start": 1, "stop": 2, "more": 3}},
        {"$": "call", "of": "print"},
        {"$": "array", "block": 0, "dtype": "O", "shape": [1]},
        {"$": "array", "block": 0, "dtype": "|u1", "shape": [9]},
        {"$": "array", "block": 5, "dtype": "|u1", "shape": [8]},
    ],
)
def test_nothing_else_is_ever_made(text):
    with pytest.raises((TypeError, ValueError, KeyError, IndexError)):
        decode(text, [bytes(8)])


_EXPECTED = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MotionLensError)
]


@pytest.mark.parametrize("kind", _EXPECTED)
def test_expected_errors_keep_their_kind_and_their_three_parts(kind):
    back = decode_error(json.loads(json.dumps(encode_error(kind("what", "why", "next")))))
    assert type(back) is kind
    assert (back.what, back.why, back.next_step) == ("what", "why", "next")


def test_other_errors():
    class Special(MediaError):
        """Of a room that the other side need not know."""

    assert type(decode_error(encode_error(Special("what")))) is MediaError
    assert isinstance(decode_error(encode_error(Cancelled())), Cancelled)
    back = decode_error(encode_error(FileNotFoundError(2, "No such file", "/a")))
    assert type(back) is FileNotFoundError
    assert (back.errno, back.filename) == (2, "/a")
    assert encode_error(ZeroDivisionError()) is None
