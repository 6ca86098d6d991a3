"""The command line. Everything heavy is imported by the verb that needs it."""

from motionlens.cli.main import main

# A file for each family of verbs, in the order of `--help`.
FAMILIES = (
    "project",
    "clips",
    "media",
    "attribute",
    "decide",
    "train",
    "trial",
    "trust",
    "doctor",
    "bench",
)

__all__ = ["FAMILIES", "main"]
