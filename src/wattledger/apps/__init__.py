"""The domains of the web, one Django app each; every app knows only those below it."""
