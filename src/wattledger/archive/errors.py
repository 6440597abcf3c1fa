"""Errors of this package.

ArchiveError
├── ArchiveFullError      no space left on the card
├── ArchiveBusyError      more was given than the card can take
├── ArchiveDamagedError   a file that is not, or no longer, an archive of ours
└── ArchiveTooNewError    written by a later release than this one
"""


class ArchiveError(Exception):
    """Readings could not be stored or read; the text says which file and what to do."""


class ArchiveFullError(ArchiveError):
    """The card has no space left; what was given is not stored and may be given again."""


class ArchiveBusyError(ArchiveError):
    """Too many calls wait already because the card is slow; this one was not taken and may be given again."""


class ArchiveDamagedError(ArchiveError):
    """A file of the archive cannot be read."""


class ArchiveTooNewError(ArchiveError):
    """The archive was written by a later release, which this one must not touch."""
