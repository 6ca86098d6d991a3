"""Manifest formats, in and out; one file each, listed in :mod:`motionlens.formats.registry`."""
