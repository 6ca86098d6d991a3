"""Words of the program as values: no files, no threads, no heavy library but numpy."""
