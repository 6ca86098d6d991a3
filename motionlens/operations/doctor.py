"""`doctor`: what this machine has, and the one command that mends what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from motionlens.domain.errors import MotionLensError
from motionlens.domain.version import VERSION
from motionlens.operations.rooms import Tools
from motionlens.plugins import report

# What each distribution is for; a missing one names the part of the program that rests on it.
_NEEDED = {
    "PySide6_Essentials": "the window",
    "torch": "gradients and fine-tunes",
    "av": "reading media",
    "numpy": "everything",
    "sqlite-utils": "the label store",
    "pyqtgraph": "plots",
    "safetensors": "weights",
}
_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores", "gif", "apng", "mjpeg")
_LEAST_FREE_GB = 2.0


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class DoctorResult:
    ok: bool
    checks: tuple[Check, ...]


def doctor(tools: Tools, folder: Path | None = None) -> DoctorResult:
    """Look at versions, devices, codecs, display and free disk."""
    checks = [_python(), *_packages(), _opencv()]
    checks.append(_models(tools))
    checks += [_tried("device", lambda: _device(tools)), _tried("codecs", lambda: _codecs(tools))]
    checks += _plugins()
    checks += [_display(), _disk(folder or Path.home())]
    return DoctorResult(all(check.ok for check in checks), tuple(checks))


def _tried(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (MotionLensError, ImportError, OSError) as error:
        return Check(name, False, str(error), "Install again: packaging/run doctor")


def _python() -> Check:
    detail = f"MotionLens {VERSION}, Python {platform.python_version()}, {platform.platform()}"
    return Check("python", sys.version_info >= (3, 11), detail, "Use Python 3.11 or newer")


def _packages() -> list[Check]:
    return [_package(name, use) for name, use in _NEEDED.items()]


def _package(name: str, use: str) -> Check:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, f"not installed; {use} needs it", f"pip install {name}")
    if name == "torch":
        build = "a CPU build" if version.endswith("+cpu") else "a build with GPU support"
        return Check(
            name, True, f"{version}, {build}", "Another build: pip install torch, as pip is set up"
        )
    return Check(name, True, version)


def _opencv() -> Check:
    # Either build of OpenCV will do at run time, so the module counts, not the distribution.
    for name in ("opencv-python", "opencv-python-headless", "opencv-contrib-python"):
        try:
            return Check("opencv", True, f"{importlib.metadata.version(name)} ({name})")
        except importlib.metadata.PackageNotFoundError:
            continue
    return Check("opencv", False, "not installed; flow needs it", "pip install opencv-python")


def _models(tools: Tools) -> Check:
    """Which well-known models this machine could follow; that it cannot is no fault of it."""
    missing = [name for name in ("diffusers", "transformers") if not _installed(name)]
    if missing:
        detail = f"{' and '.join(missing)} not installed: the embedded model alone; for others"
        return Check("models", True, f"{detail} pip install 'motionlens[diffusion]'")
    known = [row for row in tools.models.known() if row.needs_gb]
    fit = [f"{row.name} ({row.needs_gb:.0f} GB)" for row in known if row.needs_gb <= row.here_gb]
    here = max((row.here_gb for row in known), default=0.0)
    detail = f"diffusers {importlib.metadata.version('diffusers')}; of {len(known)} known models"
    return Check(
        "models", True, f"{detail} a gradient of {', '.join(fit) or 'none'} fits in {here:.0f} GB"
    )


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _device(tools: Tools) -> Check:
    devices = tools.models.devices()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("device", True, f"{', '.join(devices)}; {cores} cores")


def _codecs(tools: Tools) -> Check:
    missing = [codec for codec in _CODECS if not tools.reader.decodes(codec)]
    if missing:
        return Check(
            "codecs", False, f"cannot read {', '.join(missing)}", "pip install --upgrade av"
        )
    return Check("codecs", True, f"all {len(_CODECS)} codecs: {', '.join(_CODECS)}")


def _plugins() -> list[Check]:
    """A line each; a built-in without its package is an option not taken, no fault."""
    checks = []
    for plugin, why in report():
        kind = plugin.group.removeprefix("motionlens.")
        detail = why or (f"from {plugin.package}" if plugin.package else "ready")
        fix = f"Update or remove {plugin.package}" if why and plugin.package else ""
        checks.append(
            Check(f"plugin {kind} {plugin.name}", not (why and plugin.package), detail, fix)
        )
    return checks


def _display() -> Check:
    if sys.platform != "linux":
        return Check("display", True, "the system's own")
    shown = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if shown:
        return Check("display", True, shown)
    fix = "Run in a desktop session, or: xvfb-run motionlens open"
    return Check("display", False, "there is no screen; the command line works all the same", fix)


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder if folder.exists() else folder.anchor or "/").free / 1e9
    detail = f"{free:.0f} GB free at {folder}"
    return Check("disk", free >= _LEAST_FREE_GB, detail, f"Free {_LEAST_FREE_GB:g} GB or more")
