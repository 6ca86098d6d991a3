"""Every text of the window is said in the chosen language; Turkish is complete and fits."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from string import Formatter

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from motionlens.domain.errors import MediaError
from motionlens.domain.language import Catalogue, retell, say, speak
from motionlens.files import read_json, resource
from motionlens.media import PyAVReader
from motionlens.session.work import told
from motionlens.ui.action_table import VIEWS
from motionlens.ui.languages import chosen, speak_as_before, speak_as_chosen
from motionlens.ui.preferences import Preferences
from motionlens.ui.widgets import Button, ElidedLabel
from tests.support.spoken_window import Marked, texts, unsaid
from tests.support.window import dressed_window, small_project

_CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _english_again(qapp):
    yield
    speak_as_before(qapp)


def collector():
    path = _CHECKOUT / "packaging" / "make_languages.py"
    spec = importlib.util.spec_from_file_location("make_languages", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def turkish():
    return read_json(resource("languages/tr.json"))


def slots(text):
    if '{"' in text:  # an example of a file, never filled
        return set()
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_turkish_lacks_nothing():
    assert collector().missing("tr") == {"words": [], "sentences": []}


def test_turkish_says_nothing_that_is_not_asked_for():
    known, asked = turkish(), collector().collected()
    assert {kind: sorted(set(known[kind]) - set(asked[kind])) for kind in asked} == {
        "words": [], "sentences": [],
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["words", "sentences"])
def test_turkish_fills_only_the_slots_that_are_given(kind):
    wrong = {
        text: translated for text, translated in turkish()[kind].items()
        if not slots(translated) <= slots(text)
    }  # fmt: skip
    assert wrong == {}


def test_a_translation_with_a_strange_slot_is_passed_over():
    speak(Catalogue({"{n} clips": "{m} klip"}, {}))
    assert say("{n} clips", n=3) == "3 clips"


def test_a_sentence_of_a_lower_room_is_retold_with_its_parts():
    speak(Catalogue({}, {"{0} has no frame {1}": "{0} dosyasında {1}. kare yok", "{0}{1}": "no"}))
    assert retell("a.mp4 has no frame 7") == "a.mp4 dosyasında 7. kare yok"
    speak()
    assert retell("a.mp4 has no frame 7") == "a.mp4 has no frame 7"


def test_a_real_error_is_told_in_turkish(tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 50)
    with pytest.raises(MediaError) as caught:
        PyAVReader().probe(broken)
    english = told(caught.value)
    speak(Catalogue(**turkish()))
    other = told(caught.value)
    assert all(a != b for a, b in zip(english, other, strict=True) if a)
    assert "broken.mp4" in other[0]


def test_the_language_is_the_chosen_one_or_the_systems(qapp, tmp_path, monkeypatch):
    settings = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    monkeypatch.setattr("motionlens.ui.languages.QLocale.system", lambda: Spoken("tr_TR"))
    assert chosen(settings) == "tr"
    monkeypatch.setattr("motionlens.ui.languages.QLocale.system", lambda: Spoken("de_DE"))
    assert chosen(settings) == "en"
    Preferences(settings).choose("language", "tr")
    speak_as_chosen(qapp, settings)
    assert say("Cancel") == turkish()["words"]["Cancel"] != "Cancel"


class Spoken:
    def __init__(self, name):
        self._name = name

    def name(self):
        return self._name


# Names that people or standards gave: clips, formats, keyboards, models, this user, the machine.
_NAMES = re.compile(
    r"(training|generation)_\d+(\.mp4)?|clip_\d|[A-Z]ERTY|QWERT[YZ]|AZERTY|Türkçe|CPU|GPU|jsonl|csv"
    r"|parquet|raw|embedded|videofolder|diffsynth|finetrainers|cogvideox|ltx|motionlens [a-z].*"
    r"|project|curator|h264|\[\S+\]|mp4"
)  # fmt: skip


@pytest.fixture
def marked(qtbot, qapp, tmp_path):
    speak(Marked())
    with dressed_window(qapp, tmp_path / "settings.ini") as made:
        made._set_curator("curator")
        with qtbot.waitSignal(made.opened, timeout=15000):
            made.open_project(small_project(tmp_path, training=4), view="library")
        yield made


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_on_the_window_was_left_english(marked, qtbot, view):
    marked.show_view(view)
    qtbot.wait(400)
    actions = marked.actions_table
    for card in ("go.settings", "go.change_keys", "go.keys", "go.jobs"):
        actions.run(card)
    found = [(text, f"{type(w).__name__} {w.objectName()}") for text, w in texts(marked)]
    found += [(actions.action(spec.id).toolTip(), spec.id) for spec in actions]
    found += [(actions.reason(spec.id), f"reason of {spec.id}") for spec in actions]
    left = {(rest, where) for text, where in found if (rest := unsaid(_NAMES.sub("", text)))}
    assert left == set()


@pytest.mark.parametrize("language", ["en", "longer", "tr"])
@pytest.mark.parametrize("width", [1180, 1280, 1440])
def test_no_word_is_cut_off(qtbot, qapp, tmp_path, language, width):
    if language == "longer":
        speak(Marked())
    elif language == "tr":
        speak(Catalogue(**turkish()))
    cut = set()
    with dressed_window(qapp, tmp_path / "settings.ini") as window:
        window.resize(width, 720)
        with qtbot.waitSignal(window.opened, timeout=15000):
            window.open_project(small_project(tmp_path, training=4), view="library")
        for view in VIEWS:
            window.show_view(view)
            qtbot.wait(250)
            # A language that nobody wrote may shorten a button: its tooltip has the words.
            kinds = QLabel if language == "longer" else QLabel | Button
            cut |= {(view, *one) for one in too_narrow(window, kinds)}
    assert cut == set()


def too_narrow(window, kinds):
    """Labels and buttons that are on the screen and narrower than their words."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        if isinstance(widget, ElidedLabel) or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        if isinstance(widget, kinds) and widget.text():
            needed = widget.sizeHint().width()
            if widget.width() + 1 < needed:
                yield widget.text(), widget.width(), needed


def test_the_window_speaks_turkish_from_its_settings(qtbot, qapp, tmp_path):
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    Preferences(settings).choose("language", "tr")
    settings.sync()
    speak_as_chosen(QApplication.instance(), settings)
    known = turkish()["words"]
    with dressed_window(qapp, tmp_path / "settings.ini") as window:
        with qtbot.waitSignal(window.opened, timeout=15000):
            window.open_project(small_project(tmp_path, training=4), view="review")
        view = window.views["review"]
        qtbot.waitUntil(lambda: view.state.current is not None, timeout=10000)
        buttons = {b.text() for b in view.decisions.findChildren(Button)}
        assert {known["Accept"], known["Reject"], known["Later"]} <= buttons
        assert window.header.tabs["library"].text() == known["Library"]
