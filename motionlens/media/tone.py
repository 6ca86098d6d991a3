"""High dynamic range to a screen's range, by tables."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

PQ = 16  # AVColorTransferCharacteristic: SMPTE ST 2084
HLG = 18  # ARIB STD-B67
REFERENCE_WHITE = 203.0  # cd/m2, ITU-R BT.2408
_PEAK = {PQ: 10_000.0, HLG: 1_000.0}  # cd/m2
_STEPS = 4096  # a table entry for each 12-bit code

# Linear BT.2020 to BT.709, ITU-R BT.2087.
_TO_709 = np.array(
    [
        [1.6604910, -0.5876411, -0.0728499],
        [-0.1245505, 1.1328999, -0.0083494],
        [-0.0181508, -0.1005789, 1.1187297],
    ],
    dtype=np.float32,
)


def tone_mapped(codes: NDArray[np.uint16], transfer: int, wide: bool) -> NDArray[np.uint8]:
    """Show a PQ or HLG picture on an ordinary screen.

    Light is decoded (ST 2084; or ARIB STD-B67 with its system gamma for 1000 cd/m2, taken channel
    by channel), set in proportion to the reference white of 203 cd/m2, pressed into 0 to 1 by
    Reinhard's L / (1 + L) scaled to reach 1 at the standard's peak, so that no highlight is cut
    off, brought to BT.709's primaries, and encoded for an sRGB screen.

    Parameters
    ----------
    codes : (H, W, 3) uint16
        RGB, full range of 16 bits.
    transfer : int
        :data:`PQ` or :data:`HLG`.
    wide : bool
        Whether the primaries are those of BT.2020.

    Returns
    -------
    (H, W, 3) uint8
    """
    light = _light_table(transfer)[codes >> 4]
    if wide:
        light = light @ _TO_709.T
    np.clip(light, 0.0, 1.0, out=light)
    light *= _STEPS - 1
    light += 0.5
    shown: NDArray[np.uint8] = _screen_table()[light.astype(np.uint16)]
    return shown


@cache
def _light_table(transfer: int) -> NDArray[np.float32]:
    code = np.arange(_STEPS) / (_STEPS - 1)
    nits = _pq_nits(code) if transfer == PQ else _hlg_nits(code)
    relative = nits / REFERENCE_WHITE
    peak = _PEAK[transfer] / REFERENCE_WHITE
    return (relative / (1 + relative) * (1 + peak) / peak).astype(np.float32)


def _pq_nits(code: NDArray[np.float64]) -> NDArray[np.float64]:
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = code ** (1 / m2)
    return 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _hlg_nits(code: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return 1_000 * scene**1.2


@cache
def _screen_table() -> NDArray[np.uint8]:
    light = np.arange(_STEPS) / (_STEPS - 1)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    screen: NDArray[np.uint8] = np.rint(255 * code).astype(np.uint8)
    return screen
