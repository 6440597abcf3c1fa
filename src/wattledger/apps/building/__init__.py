"""The site, its zones, usages, switchboards and energy sources, and the revision of the configuration."""
