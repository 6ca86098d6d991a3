"""The Review view: a query beside its candidate, judged by single keys."""
