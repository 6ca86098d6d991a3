"""Opening a project paints without torch: asked of the process itself, by its own modules."""

from __future__ import annotations

import json

from tests.support.window_child import played

# The start page asks `doctor` in a process of its own; plots and models come when they are wanted.
LATE = {"torch", "peft", "safetensors", "pyqtgraph", "scipy", "pandas", "pyarrow"}


def test_a_project_is_painted_before_torch_is_imported(project, tmp_path):
    with played("say_modules", project, tmp_path) as child:
        said = [json.loads(line) for line in child.stdout]
        assert child.wait(timeout=60) == 0, child.stderr.read()
    first, review, closed = said
    assert (first["when"], review["when"], closed["when"]) == ("first paint", "review", "closing")
    assert "PySide6" in first["modules"]
    # The candidate's first frame with its arrows is drawn by a child: strangers' media are never
    # decoded in the window's own process.
    for step in said:
        assert not (LATE | {"av", "cv2"}) & set(step["modules"]), step["when"]
