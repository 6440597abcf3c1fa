"""What is wrong with a package of profiles, as people read it. Translated when shown; parameters stand in braces."""

from __future__ import annotations

from collections.abc import Mapping

from wattledger.apps.rest.marking import gettext_noop as _
from wattledger.catalog.package_errors import PackageFault

TEXTS: Mapping[PackageFault, str] = {
    PackageFault.UNREADABLE: _("The file cannot be read: {reason}"),
    PackageFault.NO_PACKAGE: _("This is no package of profiles. Choose the right .hes file. ({reason})"),
    PackageFault.TOO_LARGE: _("The package is larger than it may be: {reason}"),
    PackageFault.UNSAFE: _("The package holds what no package may hold: {reason}"),
    PackageFault.UNKNOWN_FILE: _("The package holds a file that does not belong there: {name}"),
    PackageFault.MISSING_FILE: _("The package lacks a file that it names: {name}"),
    PackageFault.WRONG_CHECK_SUM: _("A file of the package was changed or damaged since it was packed: {name}"),
    PackageFault.BAD_MANIFEST: _("What the package says of itself cannot be used: {reason}"),
    PackageFault.NEWER_FORMAT: _(
        "The package is of format {format}, and this server reads format {readable}. Bring the server up to date."
    ),
    PackageFault.BAD_PROFILE: _("A profile of the package cannot be used: {reason}"),
    PackageFault.BAD_ICON: _("The icon {name} cannot be used: {reason}"),
    PackageFault.BAD_TRANSLATION: _("The translation {name} cannot be used: {reason}"),
    PackageFault.BAD_SIGNATURE: _("The signature of the package is wrong: somebody changed it, or it is damaged."),
    PackageFault.ID_BUILT_IN: _("The profile {id} is built in. Choose another id."),
    PackageFault.ID_TAKEN: _("The profile {id} exists already, from {owner}."),
    PackageFault.OLDER: _("Version {version} is older than version {installed}, which is installed."),
    PackageFault.SAME_VERSION: _("Version {version} is installed already, with other content."),
    PackageFault.OTHER_SIGNER: _("The installed version was signed with the key {before}, this one with {now}."),
    PackageFault.NO_SIGNER: _("The installed version was signed with the key {before}, this one is unsigned."),
    PackageFault.IN_USE: _("A profile in use cannot be removed; these devices need it: {users}"),
    PackageFault.NOT_INSTALLED: _("No package {id} is installed. Those that are: {installed}"),
    PackageFault.FOLDER: _("The folder of the profiles cannot be changed: {reason}"),
}
