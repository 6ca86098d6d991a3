"""The one place that imports diffusers and transformers: late, quiet, and off the net."""

from __future__ import annotations

import functools
import os
import warnings
from typing import Any

from motionlens.domain.errors import ModelError
from motionlens.models.families import refuse_missing_packages


@functools.cache
def require_diffusers() -> Any:
    """The module ``diffusers``, imported on first use.

    Raises
    ------
    ModelError
        If it, or transformers, is not installed or cannot be imported.
    """
    refuse_missing_packages()
    # Folders are local; a name that looks like a hub's must never become a download.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        with warnings.catch_warnings():
            # What the libraries say about their own inside at import is no news for a user.
            warnings.simplefilter("ignore")
            import diffusers
            import tqdm
            import transformers
    except ImportError as error:
        raise ModelError(
            "A model in a diffusers folder cannot be loaded here",
            f"diffusers does not import: {error}",
            "pip install --upgrade 'motionlens[diffusion]'",
        ) from error
    # Bars are off; the thread that would redraw them starts all the same unless told not to.
    tqdm.tqdm.monitor_interval = 0
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return diffusers


def require_transformers() -> Any:
    """The module ``transformers``; see :func:`require_diffusers`."""
    require_diffusers()
    import transformers

    return transformers
