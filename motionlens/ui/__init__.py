"""The window, in PySide6: it paints, takes keys, and asks operations through lanes."""
