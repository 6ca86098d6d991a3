"""A report as one HTML page: no outside link, no script, everything from strangers escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from motionlens.domain.report import ReportClip, ReportDocument, ReportSection

_STYLE = """
:root { color-scheme: dark light; --ground: #131315; --panel: #1b1b1e; --line: #2e2e34;
  --text: #ececef; --text2: #b6b6c0; --pos: #f5a142; --neg: #5aa9f8; }
@media (prefers-color-scheme: light) { :root { --ground: #efeff2; --panel: #ffffff;
  --line: #d9d9e0; --text: #18181b; --text2: #45454e; --pos: #9a5200; --neg: #1763b8; } }
body { margin: 0 auto; max-width: 1180px; padding: 32px 24px; background: var(--ground);
  color: var(--text); font: 14px/1.45 Inter, system-ui, sans-serif; }
h1 { font-size: 24px; font-weight: 600; margin: 0 0 4px; }
h2 { font-size: 18px; font-weight: 600; margin: 40px 0 12px; }
h3 { font-size: 14px; font-weight: 600; margin: 20px 0 8px; }
p, dd { color: var(--text2); margin: 0 0 8px; max-width: 80ch; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 16px; }
article { background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
  padding: 8px; overflow-wrap: anywhere; }
article video, .away { width: 100%; border-radius: 4px; background: #000; display: block; }
.away { padding: 24px 0; text-align: center; color: #b6b6c0; }
.name { font-weight: 600; margin-top: 6px; } .small { font-size: 12px; color: var(--text2); }
.score { font-variant-numeric: tabular-nums; font-weight: 600; }
.pos { color: var(--pos); } .neg { color: var(--neg); }
.query { max-width: 320px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 24px; }
dt { color: var(--text2); } dd { font-family: monospace; overflow-wrap: anywhere; }
polyline { fill: none; stroke: var(--text2); stroke-width: 1.5; }
"""


def render(document: ReportDocument) -> str:
    """The page as text."""
    sections = "\n".join(_section(n, s) for n, s in enumerate(document.sections, 1))
    provenance = "".join(
        f"<dt>{escape(what)}</dt><dd>{escape(value)}</dd>" for what, value in document.provenance
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; media-src data:; img-src data:"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(document.title)}</title><style>{_STYLE}</style></head>
<body><h1>{escape(document.title)}</h1><p>{escape(document.made_at)}</p>
<p>{escape(document.method)}</p>
{sections}
<h2>Provenance</h2><dl>{provenance}</dl></body></html>
"""


def _section(number: int, section: ReportSection) -> str:
    return (
        f"<section><h2>Query {number}</h2>"
        f'<div class="query">{_clip(section.query)}</div>'
        f"<h3>Proponents: training on these pushes the model toward this motion</h3>"
        f"{_grid(section.proponents)}"
        f"<h3>Opponents: training on these pushes the model away from it</h3>"
        f"{_grid(section.opponents)}</section>"
    )


def _grid(clips: Sequence[ReportClip]) -> str:
    return '<div class="grid">' + "".join(map(_clip, clips)) + "</div>"


def _clip(clip: ReportClip) -> str:
    parts = [
        _video(clip),
        _curve(clip.curve),
        f'<div class="name">{escape(clip.name)} {_score(clip.score)}</div>',
        f'<div class="small">{escape(clip.id[:12])} · {escape(clip.facts)}</div>',
    ]
    if clip.caption:
        parts.append(f'<div class="small">{escape(clip.caption)}</div>')
    parts.append(f'<div class="small">Decision: {escape(clip.decision)}</div>')
    parts += [f'<div class="small">{escape(flag)}</div>' for flag in clip.flags]
    return "<article>" + "".join(parts) + "</article>"


def _video(clip: ReportClip) -> str:
    if not clip.video:
        return '<div class="away">Media are not there</div>'
    data = base64.b64encode(clip.video).decode()
    label = escape(clip.name, quote=True)
    return (
        f'<video autoplay loop muted playsinline controls aria-label="{label}"'
        f' src="data:video/mp4;base64,{data}"></video>'
    )


def _score(score: float | None) -> str:
    if score is None:
        return ""
    sign = "pos" if score >= 0 else "neg"
    text = f"{score:+.3f}".replace("-", "\u2212")
    return f'<span class="score {sign}">{text}</span>'


def _curve(curve: Sequence[float]) -> str:
    if len(curve) < 2:
        return ""
    top = max(curve) or 1.0
    points = " ".join(
        f"{100 * i / (len(curve) - 1):.1f},{24 - 22 * y / top:.1f}" for i, y in enumerate(curve)
    )
    return (
        '<svg viewBox="0 0 100 26" preserveAspectRatio="none" width="100%" height="26" role="img"'
        f' aria-label="Motion, at most {top:.2g} px a frame"><polyline points="{points}"/></svg>'
    )
