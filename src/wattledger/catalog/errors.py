"""Errors of this package.

CatalogError
├── ProfileError          a profile file that cannot be used
├── UnknownProfileError   no profile has this id
├── UnknownProductError   the profile does not know this product
└── UnfitMeasureError     an input cannot measure this quantity
"""


class CatalogError(Exception):
    """Something asked of the catalog that it cannot give."""


class ProfileError(CatalogError):
    """A profile file that cannot be used; the text names the file, the place in it and what would be right."""


class UnknownProfileError(CatalogError):
    """No profile of the catalog has this id."""


class UnknownProductError(CatalogError):
    """The profile does not know this product."""


class UnfitMeasureError(CatalogError):
    """An input cannot measure this quantity."""
