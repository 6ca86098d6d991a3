"""Every command of the window in one table: what menus, palette, keys and the sheet are made of."""

from __future__ import annotations

from dataclasses import dataclass

from motionlens.domain.language import say

VIEWS = ("library", "review", "explain", "train", "trial")
EVERYWHERE = frozenset((*VIEWS, "start"))
_JUDGE = frozenset(("library", "review", "explain"))
_STAGE = frozenset(("review",))
_PLAY = frozenset(("library", "review", "explain"))
_PAIR = frozenset(("review", "explain"))
_PROJECT = frozenset(VIEWS)


@dataclass(frozen=True)
class ActionSpec:
    """One command.

    Attributes
    ----------
    keys : tuple of str
        Portable key sequences, the first one is shown.
    icon : str
        Phosphor name without prefix, or "".
    menu : str
        The menu that lists it, or "" (palette and keys only).
    group : str
        Heading in the sheet.
    views : frozenset of str
        Views in which its keys work.
    repeats : bool
        Whether a held key repeats it. Never for a decision.
    tone : str
        Colour token of its name in the sheet.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    menu: str = ""
    group: str = ""
    views: frozenset[str] = _PROJECT
    repeats: bool = False
    checkable: bool = False
    tone: str = "text"

    @property
    def said(self) -> str:
        """Its name in the user's language."""
        return say(self.text)


def _judge(id: str, text: str, *keys: str, icon: str = "", tone: str = "text") -> ActionSpec:
    return ActionSpec(f"judge.{id}", text, keys, icon, "Clip", "Judge", _JUDGE, tone=tone)


def _move(id: str, text: str, *keys: str, views: frozenset[str] = _STAGE) -> ActionSpec:
    return ActionSpec(f"move.{id}", text, keys, "", "Clip", "Move", views, repeats=True)


def _play(
    id: str, text: str, *keys: str, repeats: bool = False, checkable: bool = False,
    views: frozenset[str] = _PLAY,
) -> ActionSpec:  # fmt: skip
    return ActionSpec(
        f"play.{id}", text, keys, "", "Play", "Play", views, repeats=repeats, checkable=checkable
    )


def _look(
    id: str, text: str, *keys: str, icon: str = "", group: str = "Look",
    views: frozenset[str] = _PLAY,
) -> ActionSpec:  # fmt: skip
    return ActionSpec(f"look.{id}", text, keys, icon, "View", group, views, checkable=True)


def _zoom(id: str, text: str, *keys: str) -> ActionSpec:
    return ActionSpec(f"look.{id}", text, keys, "", "Play", "Zoom", _PLAY, repeats=True)


def _explain(id: str, text: str, *keys: str, repeats: bool = False) -> ActionSpec:
    return ActionSpec(
        f"explain.{id}", text, keys, "", "Run", "Explain", frozenset(("explain",)), repeats=repeats
    )


def _theme(id: str, text: str) -> ActionSpec:
    return ActionSpec(f"theme.{id}", text, (), "", "View", "Theme", EVERYWHERE, checkable=True)


def _go(
    id: str, text: str, *keys: str, icon: str = "", menu: str = "View",
    views: frozenset[str] = EVERYWHERE,
) -> ActionSpec:  # fmt: skip
    return ActionSpec(f"go.{id}", text, keys, icon, menu, "Go", views)


def _project(
    id: str, text: str, *keys: str, icon: str = "", menu: str = "Project",
    views: frozenset[str] = _PROJECT,
) -> ActionSpec:  # fmt: skip
    return ActionSpec(f"project.{id}", text, keys, icon, menu, "Project", views)


TABLE: tuple[ActionSpec, ...] = (
    _project("new", "New project", "Ctrl+N", icon="folder-plus", views=EVERYWHERE),
    _project("open", "Open a project", "Ctrl+O", icon="folder-open", views=EVERYWHERE),
    _project("demo", "Open the demo", icon="play", views=frozenset(("start",))),
    _project("add_folder", "Add a folder of clips", icon="folder-simple-plus"),
    _project("add_files", "Add clips", icon="film-strip"),
    _project("add_generations", "Add generations", icon="sparkle"),
    _project("add_references", "Add references", icon="star"),
    _go("save_queue", "Save this queue", "Ctrl+S", views=frozenset(("review",))),
    _go("forget_queue", "Forget this saved queue", "Ctrl+Shift+S", views=frozenset(("review",))),
    _project("export", "Export a manifest", "Ctrl+E", icon="export"),
    _project("quit", "Quit", "Ctrl+Q", views=EVERYWHERE),
    _judge("exclude", "Accept: exclude clip", "X", "O", "F13", icon="x", tone="exclude"),
    _judge("keep", "Reject: keep clip", "C", "P", "F14", icon="check", tone="keep"),
    _judge("later", "Later", "S", "M", "F15", icon="clock"),
    _judge("clear", "Clear the decision", "U"),
    _judge("exclude_stay", "Accept and stay", "Shift+X", "Shift+O"),
    _judge("keep_stay", "Reject and stay", "Shift+C", "Shift+P"),
    ActionSpec("judge.undo", "Undo", ("Z", "Backspace", "Ctrl+Z", "F16"), "arrow-u-up-left",
               "Edit", "Judge", _JUDGE),
    ActionSpec("judge.redo", "Redo", ("Shift+Z", "Ctrl+Shift+Z"), "arrow-u-up-right",
               "Edit", "Judge", _JUDGE),
    _judge("note", "Note", "N"),
    _judge("tag", "Tags", "T"),
    _move("back", "Previous clip", "A", "Left"),
    _move("next", "Next clip", "D", "Right"),
    _move("previous_undecided", "Previous undecided", "PgUp"),
    _move("next_undecided", "Next undecided", "PgDown"),
    _move("next_query", "Next query", "Q"),
    _move("previous_query", "Previous query", "Shift+Q"),
    ActionSpec("go.filter", "Filter", ("/", "Ctrl+F"), "funnel", "View", "Move",
               frozenset(("library", "review"))),
    _play("toggle", "Play or pause", "Space", "F18"),
    _play("replay", "Replay the loop", "R", "F17"),
    _play("frame_back", "One frame back", ",", repeats=True),
    _play("frame_on", "One frame on", ".", repeats=True),
    _play("first_frame", "First frame", "Home"),
    _play("last_frame", "Last frame", "End"),
    _play("jump", "Go to a frame", "Ctrl+G"),
    _play("quarter_speed", "Quarter speed", "W"),
    _play("slower", "Slower", "<", repeats=True),
    _play("faster", "Faster", ">", repeats=True),
    _play("normal_speed", "Normal speed", "Shift+W"),
    _play("every_frame", "Every frame, not the rate", "Shift+R", checkable=True),
    _play("reverse", "Play in reverse", "J"),
    _play("stop", "Stop", "K"),
    _play("forward", "Play forward", "L"),
    _play("loop_start", "Loop starts here", "Shift+Home"),
    _play("loop_end", "Loop ends here", "Shift+End"),
    _play("lock", "Lock both players", "Y", views=_PAIR),
    _look("flow", "Flow", "1", icon="palette", group="Overlays"),
    _look("arrows", "Arrows", "2", icon="arrow-up-right", group="Overlays"),
    _look("mask", "Mask", "3", icon="selection", group="Overlays"),
    _look("tracks", "Tracks", "4", icon="line-segments", group="Overlays"),
    _look("influence", "Influence", "5", icon="fire", group="Overlays", views=_PAIR),
    _look("all", "All overlays off, on again", "0"),
    _look("as_seen", "What the model sees", "Shift+V"),
    ActionSpec("look.bare", "Hold: bare frames", ("H",), "", "View", "Look", _PLAY),
    ActionSpec("look.opacity_up", "More opacity", ("+", "="), "", "View", "Look", _PLAY,
               repeats=True),
    ActionSpec("look.opacity_down", "Less opacity", ("-",), "", "View", "Look", _PLAY,
               repeats=True),
    _look("blind", "Judge blind", "B", views=_STAGE),
    _look("second", "Judge as a second curator", "Shift+B", views=_STAGE),
    _look("equal", "Both players equal in size", "V", views=_STAGE),
    _look("fill", "Candidate fills the window", "F", views=_STAGE),
    _zoom("zoom_in", "Zoom in", "Ctrl+=", "Ctrl++"),
    _zoom("zoom_out", "Zoom out", "Ctrl+-"),
    _zoom("zoom_fit", "Whole frame", "Ctrl+0"),
    _zoom("pan_left", "Pan left", "Ctrl+Left"),
    _zoom("pan_right", "Pan right", "Ctrl+Right"),
    _zoom("pan_up", "Pan up", "Ctrl+Up"),
    _zoom("pan_down", "Pan down", "Ctrl+Down"),
    _look("timing", "Timing", "F12"),
    _theme("system", "Theme as the system"),
    _theme("dark", "Dark theme"),
    _theme("light", "Light theme"),
    _go("library", "Library", "Ctrl+1", icon="squares-four", views=_PROJECT),
    _go("review", "Review", "Ctrl+2", icon="check-square-offset", views=_PROJECT),
    _go("explain", "Explain", "Ctrl+3", icon="magnifying-glass", views=_PROJECT),
    _go("train", "Train", "Ctrl+4", icon="chart-line", views=_PROJECT),
    _go("trial", "Trial", "Ctrl+5", icon="scales", views=_PROJECT),
    _go("explain_clip", "Explain this clip", "E", icon="magnifying-glass", menu="Clip",
        views=frozenset(("library", "review"))),
    _go("show_in_library", "Show in Library", "G", icon="squares-four", menu="Clip",
        views=frozenset(("review", "explain"))),
    _go("review_clip", "Review from here", icon="arrow-right", menu="Clip",
        views=frozenset(("library", "explain"))),
    _go("left_pane", "Left pane", "F7", views=_PROJECT),
    _go("strip", "Strip", "F8", views=_PROJECT),
    _go("inspector", "Inspector", "F9", views=_PROJECT),
    _go("next_pane", "Next pane", "F6"),
    _go("previous_pane", "Previous pane", "Shift+F6"),
    _go("full_screen", "Full screen", "F11"),
    _go("jobs", "Jobs", "Ctrl+J", icon="list-bullets"),
    _go("settings", "Settings", "Ctrl+,", icon="gear", menu="Edit"),
    _go("change_keys", "Change keys", icon="keyboard", menu="Edit"),
    _go("curator", "Who decides", icon="user", menu="Edit"),
    _go("commands", "Any command", "Ctrl+K", icon="magnifying-glass", menu="Help"),
    _go("keys", "Keys", "?", "F1", icon="keyboard", menu="Help"),
    _go("doctor", "Check this machine", icon="wrench", menu="Help"),
    ActionSpec("run.analyse", "Analyse the clips", (), "activity", "Run", "Run"),
    ActionSpec("run.index", "Index the clips", (), "stack", "Run", "Run"),
    ActionSpec("run.rank", "Rank the clips", ("Ctrl+R",), "sort-descending", "Run", "Run",
               frozenset(("review",))),
    _explain("add_bad", "Query joins the set as bad", "Ctrl+B"),
    _explain("add_good", "Query joins the set as good", "Ctrl+Shift+B"),
    _explain("take_out", "Query leaves the set", "Ctrl+Backspace"),
    _explain("region", "Box on the query, or the whole frame again", "Shift+F"),
    _explain("region_left", "Box to the left", "Alt+Left", repeats=True),
    _explain("region_right", "Box to the right", "Alt+Right", repeats=True),
    _explain("region_up", "Box up", "Alt+Up", repeats=True),
    _explain("region_down", "Box down", "Alt+Down", repeats=True),
    _explain("region_wider", "Box wider", "Alt+Shift+Right", repeats=True),
    _explain("region_narrower", "Box narrower", "Alt+Shift+Left", repeats=True),
    _explain("region_taller", "Box taller", "Alt+Shift+Down", repeats=True),
    _explain("region_flatter", "Box flatter", "Alt+Shift+Up", repeats=True),
    _explain("without", "Try without the focused or checked clips", "Shift+E"),
    _explain("check", "Check the focused clip", "Ctrl+Space"),
    _explain("check_out", "Check all that stand out, or none", "Ctrl+Shift+A"),
    _explain("exclude_checked", "Exclude the checked clips", "Ctrl+Shift+X"),
    _explain("compare", "Compare two queries, or the list again", "Ctrl+Shift+D"),
    _explain("report", "Write a report", "Ctrl+Shift+E"),
    _explain("copy_command", "Copy as a command", "Ctrl+Shift+C"),
    ActionSpec("run.explain", "Find the clips behind this motion", (), "magnifying-glass", "Run",
               "Run", frozenset(("explain",))),
    ActionSpec("run.train", "Start a run", (), "play", "Run", "Run", frozenset(("train",))),
    ActionSpec("run.stop", "Stop the run", (), "stop", "Run", "Run", frozenset(("train",))),
)  # fmt: skip

MENUS = ("Project", "Edit", "Clip", "Play", "View", "Run", "Help")
