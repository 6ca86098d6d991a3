"""Explain: which clips taught this motion."""
