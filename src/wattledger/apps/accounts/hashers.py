"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2SmallMemory(Argon2PasswordHasher):
    """Argon2id in 19 MiB, two passes, one lane: OWASP's least setting (Password Storage Cheat Sheet, 2024).

    Django's own choice takes 100 MiB for each login, half of what the whole server may use.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
