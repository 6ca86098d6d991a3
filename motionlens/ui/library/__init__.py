"""Library: what do I have, what is flagged, what is decided."""
