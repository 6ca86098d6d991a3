"""`probe, frame, flow, mask, tracks, overlay`: one media file, without a project."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output, without
from motionlens.cli.parser import Verbs, overlays
from motionlens.domain.mask_recipe import mask_recipe


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add("probe", probe, "what a media file is, decoded exactly", "probe clip.mp4")
    verb.add_argument("path", metavar="PATH")

    verb = verbs.add(
        "frame", frame, "write one exact frame", "frame clip.mp4 40 -o 40.png --overlay flow,mask"
    )
    verb.add_argument("path", metavar="PATH")
    verb.add_argument("n", metavar="N", type=int)
    verb.add_argument("-o", dest="out", metavar="OUT.png", required=True)
    verb.add_argument("--overlay", type=overlays, default=(), metavar="flow,mask,tracks,arrows")
    _add_legend(verb)

    verb = verbs.add("flow", flow, "flow from image A to image B", "flow a.png b.png -o ab.flo")
    verb.add_argument("a", metavar="A")
    verb.add_argument("b", metavar="B")
    verb.add_argument("-o", dest="out", metavar="OUT.flo", required=True)
    verb.add_argument("--backend", default="dis", metavar="NAME")

    verb = verbs.add("mask", mask, "write the motion mask", "mask clip.mp4 -o mask.npz")
    verb.add_argument("path", metavar="PATH")
    verb.add_argument("-o", dest="out", metavar="OUT.npz", required=True)
    verb.add_argument(
        "--recipe",
        default="adjacent",
        metavar="adjacent|anchor",
        help="may be followed by +stabilise, +robust, +confidence",
    )
    verb.add_argument("--backend", default="dis", metavar="NAME")
    verb.add_argument("--stabilise", action="store_true", help="take the camera's motion out")
    verb.add_argument(
        "--robust", action="store_true", help="scale by percentiles, not by the extremes"
    )
    verb.add_argument(
        "--confidence", action="store_true", help="weigh by forward-backward agreement (slower)"
    )

    verb = verbs.add("tracks", tracks, "write point tracks", "tracks clip.mp4 -o tracks.npz")
    verb.add_argument("path", metavar="PATH")
    verb.add_argument("-o", dest="out", metavar="OUT.npz", required=True)
    verb.add_argument("--grid", type=int, default=16, metavar="N", help="N x N points")
    verb.add_argument(
        "--backend", default="lk", metavar="NAME", help="lk, or a plugin: cotracker:WEIGHTS"
    )

    verb = verbs.add(
        "overlay",
        overlay,
        "write a clip with overlays drawn",
        "overlay clip.mp4 -o drawn.mp4 --overlay flow,arrows",
    )
    verb.add_argument("path", metavar="PATH")
    verb.add_argument("-o", dest="out", metavar="OUT.mp4", required=True)
    verb.add_argument(
        "--overlay", type=overlays, default=("flow",), metavar="flow,mask,tracks,arrows"
    )
    _add_legend(verb)


def _add_legend(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--legend", action="store_true", help="explain the colours in a corner")


def probe(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations import inspect

    info = inspect.probe(tools(), args.path)
    rate = "variable rate" if info.variable_frame_rate else f"{info.fps:g} fps"
    text = (
        f"{info.width} x {info.height}, {rate}, {info.frames} frames,"
        f" {info.duration_s:.3f} s, {info.codec}"
    )
    if info.damage:
        out.message(f"{args.path}: {info.damage}")
    out.result(info if info.damage else without(info, "damage"), text)
    return 0


def frame(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations import inspect

    result = inspect.frame(
        tools(),
        args.path,
        args.n,
        args.out,
        overlays=args.overlay,
        legend=args.legend,
        progress=out.progress,
    )
    out.result(result, f"Frame {result.frame} at {result.time_s:.6g} s: {args.out}")
    return 0


def flow(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations import inspect

    result = inspect.flow(tools(), args.a, args.b, args.out, backend=args.backend)
    out.result(result, f"{result.backend}: mean {result.mean_px:.3g} px, {result.ms:.0f} ms")
    return 0


def mask(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations import inspect

    recipe = mask_recipe(args.recipe).having(args.stabilise, args.robust, args.confidence)
    result = inspect.mask(
        tools(),
        args.path,
        args.out,
        recipe=recipe.text,
        backend=args.backend,
        progress=out.progress,
    )
    camera = ", only the camera moves" if result.camera_only else ""
    out.result(result, f"{result.frames} frames, mean weight {result.mean:.3g}{camera}")
    return 0


def tracks(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations import inspect

    result = inspect.tracks(
        tools(), args.path, args.out, grid=args.grid, backend=args.backend, progress=out.progress
    )
    out.result(result, f"{result.points} points through {result.frames} frames")
    return 0


def overlay(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations import inspect

    result = inspect.overlay(
        tools(),
        args.path,
        args.out,
        overlays=args.overlay,
        legend=args.legend,
        progress=out.progress,
    )
    out.result(result, f"{result.frames} frames at {result.fps:g} fps: {args.out}")
    return 0
