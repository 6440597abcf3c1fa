"""Who may do what: users, profiles and rights, tokens of programs, and the trace that a change leaves."""
