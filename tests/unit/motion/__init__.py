"""Tests of the room `motion`."""
