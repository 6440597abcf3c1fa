"""The catalog of devices: what a type of device offers, in which registers, and how it is recognised.

Promises checked, frozen profiles, and for each product the resolved map that reading needs. Built-in profiles stand in
`profiles/`; a user adds files in folders of his own, and a mistake there never stops the rest. Reads no device.
"""

from wattledger.catalog.clock import Clock, ClockField, ClockMethod, ClockTime, ClockWords
from wattledger.catalog.device_map import DeviceMap, MappedBlock, MappedPoint, device_map
from wattledger.catalog.errors import (
    CatalogError,
    ProfileError,
    UnfitMeasureError,
    UnknownProductError,
    UnknownProfileError,
)
from wattledger.catalog.loading import BrokenProfile, Catalog, load_catalog, load_profile
from wattledger.catalog.measuring import Measured, measuring
from wattledger.catalog.schema import (
    Found,
    IdentifyStep,
    Limits,
    MeiStep,
    PollClass,
    Product,
    Profile,
    RegisterStep,
    RegisterType,
    Status,
    TextType,
    WordOrder,
    profile_json_schema,
)

__all__ = [
    "BrokenProfile",
    "Catalog",
    "CatalogError",
    "Clock",
    "ClockField",
    "ClockMethod",
    "ClockTime",
    "ClockWords",
    "DeviceMap",
    "Found",
    "IdentifyStep",
    "Limits",
    "MappedBlock",
    "MappedPoint",
    "Measured",
    "MeiStep",
    "PollClass",
    "Product",
    "Profile",
    "ProfileError",
    "RegisterStep",
    "RegisterType",
    "Status",
    "TextType",
    "UnfitMeasureError",
    "UnknownProductError",
    "UnknownProfileError",
    "WordOrder",
    "device_map",
    "load_catalog",
    "load_profile",
    "measuring",
    "profile_json_schema",
]
