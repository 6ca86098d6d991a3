"""Simulated clips whose true motion is known, and the judge that measures motion against it."""
