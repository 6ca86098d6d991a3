"""What is measured of a clip once, in one pass, and every flagger judges from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import MediaError
from motionlens.domain.ports import Flow, FlowBackend, Frames
from motionlens.motion.flow.fields import same_picture
from motionlens.motion.frame_measures import Bars, BarWatch, blur_of
from motionlens.motion.grids import Grey, computing_size, grey, resize_flow, shrink
from motionlens.motion.look import LOOK_FRAMES, Look, look_of
from motionlens.motion.pair_measures import PAIR_MEASURES, measure_pair
from motionlens.motion.signature import Signature
from motionlens.motion.thumbs import Thumbs

# Clips are judged at this size, so that a threshold means the same for 360p and for 4K.
ANALYSIS_SIDE = 320
STILL_PX = 0.2
# One frame in so many is looked at for blur: focus and fog last longer than that.
_BLUR_EVERY = 8

Curve = NDArray[np.float32]
Keep = Callable[[int, Flow], None]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Measures of a clip; curves have one value for each frame but the last, (F-1,) float32.

    Lengths are in px of the grid of analysis (at most 320 px on the longer side); `scale` takes
    them to px of the clip as shown.

    Attributes
    ----------
    frames : int
    fps : float
        Frames a second; 0 where unknown.
    scale : float
    width : int
        Columns of the grid of analysis.
    mean : (F-1,)
        Mean length of the flow.
    peak : (F-1,)
        Greatest mean flow of a block of 8x8 px that visibly changes; 0 where none does.
    moving : (F-1,)
        Share of the blocks that visibly move at least 0.2 px.
    at_border : (F-1,) bool
        Whether a moving block touches the frame's border.
    camera : (F-1,)
        Mean length of the fitted camera's field.
    left : (F-1,)
        Mean length of the flow that the camera does not explain.
    followed : (F-1,)
        Share of the textured blocks that follow the camera; 0 where it moves less than 0.3 px.
    new_picture : (F-1,)
        Mean absolute difference, in levels, between a frame and the next one moved back along the
        flow: high where the next frame shows something else.
    raw_change : (F-1,)
        Mean absolute difference, in levels, between a frame and the next one as they are.
    greatest_change : (F-1,)
        The same of the block of 8x8 px that changes most.
    shift : (F-1, 2)
        Median flow, x and y, of the blocks that visibly change: where the picture as a whole
        goes; 0 where under a tenth of them do.
    mover : (F-1, 2)
        Mean flow, x and y, of the blocks that visibly move; 0 where under a hundredth do.
    brightness : (F,)
        Mean luma of each frame, levels.
    brightest : (F,)
        Luma of the brightest of 32x32 cells of each frame, levels.
    blur : float
        0 (sharp) to 1, after Crete et al. (SPIE 6492, 2007).
    bars : Bars
        Black bars that stay for the whole clip.
    thumbs : Thumbs
        Tiny pictures of the frames, for comparing any two of them.
    look : Look
        How the pictures look.
    """

    frames: int
    fps: float
    scale: float
    width: int
    mean: Curve
    peak: Curve
    moving: Curve
    at_border: NDArray[np.bool_]
    camera: Curve
    left: Curve
    followed: Curve
    new_picture: Curve
    raw_change: Curve
    greatest_change: Curve
    shift: Curve
    mover: Curve
    brightness: Curve
    brightest: Curve
    blur: float
    bars: Bars
    thumbs: Thumbs
    look: Look

    @property
    def still(self) -> NDArray[np.bool_]:
        """(F-1,) bool: frames after which nothing visibly moves by 0.2 px."""
        return self.peak < STILL_PX

    @property
    def still_px(self) -> float:
        """What counts as still, in px of the clip as shown."""
        return STILL_PX * self.scale

    @property
    def camera_share(self) -> float:
        """Share of all motion that the camera explains, 0 to 1; 0 for a clip without motion."""
        total = float(self.mean.sum())
        if not len(self.mean) or total / len(self.mean) < STILL_PX / 4:
            return 0.0
        return float(np.clip(1 - float(self.left.sum()) / total, 0, 1))


def measure(
    luma: Iterable[NDArray[np.uint8]],
    pictures: Frames,
    backend: FlowBackend,
    *,
    shown_width: int,
    fps: float,
    keep: Keep | None = None,
) -> tuple[Evidence, NDArray[np.uint8]]:
    """Measure a clip in one pass, holding a few frames at a time.

    Parameters
    ----------
    luma : iterable of (f, h, w) uint8
        All frames in pieces: full-range luma, at most 512 px on the longer side.
    pictures : (N, H, W, 3) uint8
        Some RGB frames, spread over the clip: what its look is judged by.
    backend : FlowBackend
    shown_width : int
        Columns of the clip as shown, px.
    fps : float
    keep : callable, optional
        Is given the number of each frame but the last, and its flow to the next: (h, w, 2)
        float32, px of the grid of `luma`; zero where only noise lies between the two.

    Returns
    -------
    evidence : Evidence
    signature : (N,) uint8
        For finding near copies.
    """
    gauge = _Gauge(backend, fps, keep)
    for piece in luma:
        for image in piece:
            gauge.add(image)
    return gauge.result(pictures, shown_width)


def luma_of(frames: Frames, side: int) -> Frames:
    """(F, h, w) uint8: luma of RGB frames, for clips that are held as RGB already."""
    size = computing_size(frames.shape[1], frames.shape[2], side)
    return np.stack([shrink(grey(frame), size) for frame in frames])


def look_at(frames: Frames) -> Frames:
    """Some of a clip's frames, spread evenly, for `pictures` of :func:`measure`."""
    places = np.unique(np.linspace(0, len(frames) - 1, LOOK_FRAMES).round().astype(int))
    return np.ascontiguousarray(frames[places])


class _Gauge:
    """Takes frames one by one and keeps numbers only."""

    def __init__(self, backend: FlowBackend, fps: float, keep: Keep | None) -> None:
        self._backend, self._fps, self._keep = backend, fps, keep
        self._pairs: list[tuple[float, ...]] = []
        self._blur: list[float] = []
        self._brightness: list[float] = []
        self._brightest: list[float] = []
        self._bars, self._thumbs = BarWatch(), Thumbs()
        self._signature = Signature(fps)
        self._full: Grey | None = None
        self._small: Grey | None = None

    def add(self, image: Grey) -> None:
        small = shrink(image, computing_size(image.shape[0], image.shape[1], ANALYSIS_SIDE))
        number = len(self._brightness)
        if self._full is not None and self._small is not None:
            flow = self._backend.flow(self._full, image)
            if self._keep is not None:
                still = same_picture(self._full, image)
                self._keep(number - 1, np.zeros_like(flow) if still else flow)
            on_grid = resize_flow(flow, (small.shape[0], small.shape[1]))
            self._pairs.append(measure_pair(self._small, small, on_grid))
        if number % _BLUR_EVERY == 0:
            self._blur.append(blur_of(small))
        thumb = self._thumbs.add(small)
        self._brightness.append(float(thumb.mean()))
        self._brightest.append(float(thumb.max()))
        self._bars.add(small)
        self._signature.add(small)
        self._full, self._small = image, small

    def result(self, pictures: Frames, shown_width: int) -> tuple[Evidence, NDArray[np.uint8]]:
        if self._small is None:
            raise MediaError("The clip cannot be analysed", "it has no frame", "Check the file")
        table = np.array(self._pairs, np.float32).reshape(len(self._pairs), PAIR_MEASURES)
        width = self._small.shape[1]
        bars = self._bars.result()
        size = computing_size(pictures.shape[1], pictures.shape[2], ANALYSIS_SIDE)
        evidence = Evidence(
            frames=len(self._brightness),
            fps=self._fps,
            scale=shown_width / width,
            width=width,
            mean=table[:, 0],
            peak=table[:, 1],
            moving=table[:, 2],
            at_border=table[:, 3] > 0,
            camera=table[:, 4],
            left=table[:, 5],
            followed=table[:, 6],
            new_picture=table[:, 7],
            raw_change=table[:, 8],
            greatest_change=table[:, 9],
            shift=table[:, 10:12],
            mover=table[:, 12:14],
            brightness=np.array(self._brightness, np.float32),
            brightest=np.array(self._brightest, np.float32),
            blur=float(np.median(self._blur)),
            bars=bars,
            thumbs=self._thumbs,
            look=look_of([bars.without(shrink(picture, size)) for picture in pictures]),
        )
        return evidence, self._signature.packed()
