"""One module per resource: a request in, an answer out."""
