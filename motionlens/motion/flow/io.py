"""Flow files: Middlebury ``.flo`` (float32) and KITTI ``.png`` (16 bit, a 64th of a pixel)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Flow
from motionlens.files import write_atomically
from motionlens.motion.opencv import cv2

_FLO_MAGIC = b"PIEH"  # 202021.25 as a little-endian float
_FLO_UNKNOWN = 1e9  # what is larger, Middlebury calls unknown
_FLO_UNKNOWN_VALUE = 1666666752.0
_KITTI_ZERO, _KITTI_STEPS = 1 << 15, 64.0

Valid = NDArray[np.bool_]


def read_flow(path: str | Path) -> tuple[Flow, Valid]:
    """Read a flow file by its suffix.

    Returns
    -------
    flow : (H, W, 2) float32
        px, x then y; 0 where unknown.
    valid : (H, W) bool
        False where the file says that the flow is unknown.

    Raises
    ------
    MediaError
        If the file is missing or not a flow file.
    UsageError
        If the suffix is neither ``.flo`` nor ``.png``.
    """
    path = Path(path)
    kitti = _is_kitti(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MediaError(f"{path} cannot be read", reason, "Check the path") from error
    return _from_kitti(path, data) if kitti else _from_flo(path, data)


def write_flow(path: str | Path, flow: Flow, valid: Valid | None = None) -> None:
    """Write a flow file by its suffix, whole or not at all.

    Parameters
    ----------
    path : str or Path
        ``.flo`` keeps float32; ``.png`` keeps a 64th of a pixel within -512 to 512 px, and marks
        vectors beyond that as unknown.
    flow : (H, W, 2) float32
        px, x then y.
    valid : (H, W) bool, optional
        False where the flow is unknown; vectors that are not finite are unknown too.
    """
    path = Path(path)
    known: Valid = np.asarray(np.isfinite(flow).all(axis=2))
    if valid is not None:
        known &= valid
    data = _to_kitti(flow, known) if _is_kitti(path) else _to_flo(flow, known)
    write_atomically(path, data)


def _is_kitti(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in (".flo", ".png"):
        raise UsageError(
            f"{path.name} is not the name of a flow file",
            f"its suffix is {suffix or 'missing'}",
            "Use .flo (Middlebury) or .png (KITTI)",
        )
    return suffix == ".png"


def _from_flo(path: Path, data: bytes) -> tuple[Flow, Valid]:
    width, height = struct.unpack("<ii", data[4:12]) if len(data) >= 12 else (0, 0)
    if data[:4] != _FLO_MAGIC or width < 1 or height < 1 or len(data) < 12 + 8 * width * height:
        raise MediaError(
            f"{path} is not a flow file",
            "its head is not that of a .flo file, or it is cut short",
            "Write it again, or check that it is a Middlebury flow file",
        )
    flow = np.frombuffer(data, "<f4", 2 * width * height, 12).reshape(height, width, 2)
    # A comparison with NaN is False, so that NaN counts as unknown.
    valid = np.asarray((np.abs(flow) < _FLO_UNKNOWN).all(axis=2))
    return np.where(valid[..., None], flow, 0).astype(np.float32), valid


def _to_flo(flow: Flow, known: Valid) -> bytes:
    height, width = flow.shape[:2]
    values = np.where(known[..., None], flow, _FLO_UNKNOWN_VALUE).astype("<f4")
    return _FLO_MAGIC + struct.pack("<ii", width, height) + values.tobytes()


def _from_kitti(path: Path, data: bytes) -> tuple[Flow, Valid]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None or image.dtype != np.uint16 or image.ndim != 3 or image.shape[2] != 3:
        raise MediaError(
            f"{path} is not a flow file",
            "it is not a PNG picture of three colours with 16 bits",
            "Write it again, or check that it is a KITTI flow file",
        )
    # OpenCV orders blue, green, red: the valid bit, v, u.
    valid = image[..., 0] > 0
    flow = (image[..., 2:0:-1].astype(np.float32) - _KITTI_ZERO) / _KITTI_STEPS
    return np.where(valid[..., None], flow, 0).astype(np.float32), valid


def _to_kitti(flow: Flow, known: Valid) -> bytes:
    steps = np.where(known[..., None], np.round(flow * _KITTI_STEPS), 0) + _KITTI_ZERO
    known = known & ((steps >= 0) & (steps <= 65535)).all(axis=2)
    image = np.zeros((*flow.shape[:2], 3), np.uint16)
    image[..., 2:0:-1] = np.where(known[..., None], steps, 0)
    image[..., 0] = known
    done, data = cv2.imencode(".png", image)
    if not done:
        raise MediaError("The flow cannot be written as PNG", "the encoder refused it", "Use .flo")
    return data.tobytes()
