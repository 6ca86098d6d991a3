"""The verbs, headless: each takes ports and plain values, and returns a frozen result.

The command line, the Python API and the window call the same functions.
"""
