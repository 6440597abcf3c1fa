"""Puts the apps together: settings, addresses, the API's root, headers and translations. Holds no rule of its own."""
