"""Which language the window speaks: a catalogue from the resources, chosen before it is made."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, QTranslator
from PySide6.QtWidgets import QApplication

from motionlens.domain.language import Catalogue, speak
from motionlens.files import read_json, resource
from motionlens.ui.preferences import CHOICES, Preferences

_OWN = "language"


def chosen(settings: QSettings) -> str:
    """`en` or `tr`: by the settings, else as the system speaks."""
    wanted = Preferences(settings).value("language")
    if wanted == "system":
        wanted = QLocale.system().name().partition("_")[0]
    return wanted if wanted in CHOICES["language"] else "en"


def speak_as_chosen(app: QApplication, settings: QSettings) -> None:
    """Words of the window and of Qt's own dialogs, from now on."""
    speak_as_before(app)
    language = chosen(settings)
    if language == "en":
        return
    known = read_json(resource(f"languages/{language}.json"))
    speak(Catalogue(known["words"], known["sentences"]))
    own = QTranslator(app)
    own.setObjectName(_OWN)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if own.load(f"qtbase_{language}", folder):
        app.installTranslator(own)


def speak_as_before(app: QApplication) -> None:
    """English again."""
    speak()
    for before in app.findChildren(QTranslator, _OWN):
        app.removeTranslator(before)
        before.deleteLater()
