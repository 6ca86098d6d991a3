"""Benchmarks behind the verb: each case measures a peer or a limit beside ours in one run."""

from motionlens.bench.case import Row, best_of
from motionlens.bench.suites import SUITES, run

__all__ = ["SUITES", "Row", "best_of", "run"]
