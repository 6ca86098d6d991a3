"""Single pictures: the two ends of a flow, and frames written for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import MediaError
from motionlens.files import write_atomically
from motionlens.motion.opencv import cv2


def load_image(path: str | Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a picture file; turned upright where its tags say so.

    Raises
    ------
    MediaError
        If the file is missing or no picture.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MediaError(f"{path} cannot be read", reason, "Check the path") from error
    # Decoding from memory, as OpenCV opens no paths beyond ASCII on some systems.
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error:
        image = None  # a size beyond OpenCV's limit
    if image is None:
        raise MediaError(
            f"{path} is not a picture",
            "it is empty, damaged, too large, or of another kind",
            "Give a PNG, JPEG, WebP, BMP or TIFF file",
        )
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def save_image(path: str | Path, image: NDArray[np.uint8]) -> None:
    """Write an (H, W, 3) uint8 RGB picture as PNG, whole or not at all, whatever the suffix."""
    done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise MediaError(f"{path} cannot be written", "the encoder refused it", "Try another size")
    write_atomically(path, data.tobytes())
