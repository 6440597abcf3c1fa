"""English: short months, hours of 24."""

SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
DATE_FORMAT = "l j F Y"
TIME_FORMAT = "H:i"
THOUSAND_SEPARATOR = "\u00a0"  # the font has no narrow one
