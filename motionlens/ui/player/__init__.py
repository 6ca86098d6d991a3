"""Stages, transport and timeline of the two players."""
