"""Closing asks where decisions are not saved, and where an index or a fine-tune runs."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from motionlens.domain.language import say
from motionlens.session.jobs import JobsState
from motionlens.ui import words

ASKED = ("index", "train")


def may_drop(parent: QWidget, unsaved: int, why: str) -> bool:
    """True if no decision waits to be saved, or the user gives up those that do."""
    if not unsaved:
        return True
    box = QMessageBox(parent)
    box.setObjectName("closing.unsaved")
    box.setWindowTitle(say("Close MotionLens"))
    verb = "is" if unsaved == 1 else "are"
    box.setText(
        say("{several} {verb} not saved.", several=words.several(unsaved, "decision"), verb=verb)
    )
    box.setInformativeText(why or say("The disk has not answered yet. Stay, and it may."))
    drop = box.addButton(say("Close without saving"), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(say("Stay"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is drop


def may_close(parent: QWidget, jobs: JobsState) -> bool:
    """True if nothing asked about runs, or the user says so.

    A stopped index goes on where it was; a fine-tune has its own process and may go on alone.
    """
    running = jobs.running(*ASKED)
    if not running:
        return True
    trains = [job for job in running if job.kind == "train"]
    box = QMessageBox(parent)
    box.setObjectName("closing")
    box.setWindowTitle(say("Close MotionLens"))
    box.setText(" and ".join(job.name for job in running) + say(" still runs."))
    box.setInformativeText(
        say("The fine-tune goes on without the window.") if trains and len(trains) == len(running)
        else say("An index stops after its current step and goes on from there next time.")
    )  # fmt: skip
    keep = stop = None
    if trains:
        keep = box.addButton(say("Close, keep training"), QMessageBox.ButtonRole.AcceptRole)
    stop = box.addButton(say("Stop and close"), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(say("Stay"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    chosen = box.clickedButton()
    if chosen is stop:
        for job in running:
            jobs.cancel(job.key)
    return chosen is stop or (keep is not None and chosen is keep)
