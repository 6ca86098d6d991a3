"""Train: on exactly what, how, how far, and what came of it."""
