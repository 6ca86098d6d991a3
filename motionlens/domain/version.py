"""The version, where every room can reach it."""

VERSION = "0.1.0"
