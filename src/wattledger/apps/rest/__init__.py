"""How the API speaks: problems, opaque ids, pages of lists, strict parameters. Knows no domain."""
