"""Observable state of one window, thin; Qt-free."""
