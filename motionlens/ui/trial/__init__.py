"""Trial: do people prefer its motion, blind."""
