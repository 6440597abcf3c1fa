"""The catalog of devices: what a type of device offers, in which registers, and how it is recognised.

Promises checked, frozen profiles, and for each product the resolved map that reading needs. Built-in profiles stand in
`profiles/`; a user adds files in folders of his own, and a mistake there never stops the rest. Reads no device.
"""

from wattledger.catalog.clock import Clock, ClockField, ClockMethod, ClockTime, ClockWords
from wattledger.catalog.collection import BrokenProfile, Catalog, CatalogFolder, built_in_profiles, load_catalog
from wattledger.catalog.device_map import device_map
from wattledger.catalog.errors import (
    CatalogError,
    ProfileError,
    UnfitMeasureError,
    UnknownProductError,
    UnknownProfileError,
)
from wattledger.catalog.identity import Found, IdentifyStep, Match, MeiStep, Product, RegisterStep
from wattledger.catalog.loading import load_profile
from wattledger.catalog.mapped import (
    AddedNumber,
    DeviceMap,
    Layout,
    MappedAlarm,
    MappedAnchor,
    MappedBlock,
    MappedParameter,
    MappedPoint,
    Writing,
)
from wattledger.catalog.measuring import Measured, measuring
from wattledger.catalog.operation import (
    AfterWriting,
    AlarmSeverity,
    Command,
    CommandDanger,
    CommandRange,
    SettingDanger,
    Store,
)
from wattledger.catalog.registers import Form, RegisterType, TextType, WordOrder
from wattledger.catalog.schema import Limits, PollClass, Profile, Source, Status, Vector
from wattledger.catalog.texts import Texts

__all__ = [
    "AddedNumber",
    "AfterWriting",
    "AlarmSeverity",
    "BrokenProfile",
    "Catalog",
    "CatalogError",
    "CatalogFolder",
    "Clock",
    "ClockField",
    "ClockMethod",
    "ClockTime",
    "ClockWords",
    "Command",
    "CommandDanger",
    "CommandRange",
    "DeviceMap",
    "Form",
    "Found",
    "IdentifyStep",
    "Layout",
    "Limits",
    "MappedAlarm",
    "MappedAnchor",
    "MappedBlock",
    "MappedParameter",
    "MappedPoint",
    "Match",
    "Measured",
    "MeiStep",
    "PollClass",
    "Product",
    "Profile",
    "ProfileError",
    "RegisterStep",
    "RegisterType",
    "SettingDanger",
    "Source",
    "Status",
    "Store",
    "TextType",
    "Texts",
    "UnfitMeasureError",
    "UnknownProductError",
    "UnknownProfileError",
    "Vector",
    "WordOrder",
    "Writing",
    "built_in_profiles",
    "device_map",
    "load_catalog",
    "load_profile",
    "measuring",
]
