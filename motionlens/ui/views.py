"""The five views, imported and made when first opened."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from motionlens.ui.context import WindowContext


def tell(view: QWidget | None, what: str, *arguments: str) -> None:
    """Tell a view something if it wants to know: `entered`, `left`, `show_clip`, `focus_stage`,
    `close_view`."""
    wish = getattr(view, what, None)
    if wish is not None:
        wish(*arguments)


def make_view(view: str, context: WindowContext) -> QWidget:
    """The widget of a view; KeyError for an unknown one."""
    if view == "library":
        from motionlens.ui.library.view import LibraryView

        return LibraryView(context)
    if view == "review":
        from motionlens.ui.review.view import ReviewView

        return ReviewView(context)
    if view == "explain":
        from motionlens.ui.explain.view import ExplainView

        return ExplainView(context)
    if view == "train":
        from motionlens.ui.train.view import TrainView

        return TrainView(context)
    if view == "trial":
        from motionlens.ui.trial.view import TrialView

        return TrialView(context)
    raise KeyError(view)
