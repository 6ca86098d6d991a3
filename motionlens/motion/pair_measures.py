"""What is measured between a frame and the next, on the grid of analysis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.grids import Grey, block_means, lengths, resize_flow, shrink
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import CAMERA_PX, fit_camera

# A part of the picture moves where it both has flow and changes: in flat areas flow is made of
# compression noise, several px long, while the picture stays within 2 levels.
VISIBLE_LEVELS = 3.0
MOVING_PX = 0.2
# Shares of the blocks from which the motion of the picture, and of a thing in it, can be told.
_LEAST_VISIBLE, _LEAST_MOVING = 0.1, 0.01
PAIR_MEASURES = 14
_TEXTURE_LEVELS = 5.0
_ASTRAY_PX, _ASTRAY_SHARE = 0.35, 0.35
# Every fourth pixel along both sides says what the mean of all would.
_STEP = 4
# The camera is fitted to fewer still: a model of eight numbers needs no thousands of vectors.
_FIT_STEP = 8


def measure_pair(a: Grey, b: Grey, flow: Flow) -> tuple[float, ...]:
    """The curves of :class:`motionlens.motion.evidence.Evidence`, one value each, in its order."""
    length = lengths(flow)
    difference = np.asarray(cv2.absdiff(a, b), np.uint8)
    change = block_means(difference)
    visible = change >= VISIBLE_LEVELS
    block_length = block_means(length)
    moving = visible & (block_length >= MOVING_PX)
    edge = np.concatenate([moving[0], moving[-1], moving[:, 0], moving[:, -1]])
    blocks = _block_flow(flow, moving.shape)
    camera, left, followed = _camera(a, flow, blocks)
    # Of plain areas flow knows nothing, and of a few blocks it knows too little.
    none = np.zeros(2, np.float32)
    shift = np.median(blocks[visible], axis=0) if visible.mean() >= _LEAST_VISIBLE else none
    own = blocks[moving].mean(axis=0) if moving.mean() >= _LEAST_MOVING else none
    return (
        float(length.mean()),
        float(block_length[visible].max(initial=0)),
        float(moving.mean()),
        float(edge.any()),
        camera,
        left,
        followed,
        _new_picture(a, b, flow),
        float(difference.mean()),
        float(change.max()),
        float(shift[0]),
        float(shift[1]),
        float(own[0]),
        float(own[1]),
    )


def _camera(image: Grey, flow: Flow, blocks: Flow) -> tuple[float, float, float]:
    """Mean length of the camera's field, of what is left, and the share of texture that follows:
    as :func:`motionlens.motion.stabilise.camera_part`, from a sixteenth of the vectors."""
    height, width = flow.shape[:2]
    fit = fit_camera(flow, step=_FIT_STEP)
    vectors = flow[::_STEP, ::_STEP]
    y, x = np.mgrid[0:height:_STEP, 0:width:_STEP].astype(np.float32)
    field = _field_at(x, y, fit.matrix)
    camera, left = float(lengths(field).mean()), float(lengths(vectors - field).mean())
    if camera < CAMERA_PX:
        return camera, left, 0.0
    values = image.astype(np.float32)
    variance = block_means(values * values) - block_means(values) ** 2
    textured = variance >= _TEXTURE_LEVELS**2
    if not textured.any():
        return camera, left, 0.0
    rows, columns = textured.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    # Block centres in px of the grid.
    x, y = (x + 0.5) * (width / columns) - 0.5, (y + 0.5) * (height / rows) - 0.5
    expected = _field_at(x, y, fit.matrix)
    away, speed = lengths(blocks - expected), lengths(expected)
    follows = away <= np.maximum(_ASTRAY_PX, _ASTRAY_SHARE * speed)
    return camera, left, float(follows[textured].mean())


def _field_at(x: NDArray[np.float32], y: NDArray[np.float32], matrix: NDArray[np.float64]) -> Flow:
    points = np.stack([x, y], axis=-1).astype(np.float32).reshape(-1, 1, 2)
    moved = cv2.perspectiveTransform(points, matrix)
    return np.asarray(moved - points, np.float32).reshape(*x.shape, 2)


def _block_flow(flow: Flow, shape: tuple[int, ...]) -> Flow:
    mean = cv2.resize(flow, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(mean, np.float32).reshape(shape[0], shape[1], 2)


def _new_picture(a: Grey, b: Grey, flow: Flow) -> float:
    # A quarter of the size is enough, and forgives flow that is a pixel off.
    size = (max(1, a.shape[0] // 4), max(1, a.shape[1] // 4))
    small_a, small_b, small_flow = shrink(a, size), shrink(b, size), resize_flow(flow, size)
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    back = cv2.remap(
        small_b,
        x + small_flow[..., 0],
        y + small_flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return float(cv2.absdiff(small_a, np.asarray(back, np.uint8).reshape(size)).mean())
