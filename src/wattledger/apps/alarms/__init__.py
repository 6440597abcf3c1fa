"""The list of events, told in the reader's language."""
