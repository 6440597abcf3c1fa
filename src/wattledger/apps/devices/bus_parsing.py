"""From what the API takes of a bus to what the actions want: `port` becomes what it means for the kind of bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from wattledger.apps.devices.bus_schemas import (
    LocalBusChange,
    NewBus,
    NewLocalBus,
    NewRtuBus,
    NewTcpBus,
    RtuBusChange,
    TcpBusChange,
    TlsFields,
)
from wattledger.apps.devices.drafts import BusFields
from wattledger.apps.devices.models import BusKind
from wattledger.apps.rest.ids import Kind, number_in_field
from wattledger.apps.rest.validation import field_error

AnyChange: TypeAlias = TcpBusChange | RtuBusChange | LocalBusChange

_CHANGES: dict[str, type[AnyChange]] = {
    BusKind.MODBUS_TCP: TcpBusChange,
    BusKind.MODBUS_RTU: RtuBusChange,
    BusKind.LOCAL_IO: LocalBusChange,
}


@dataclass(frozen=True, slots=True)
class BusChange:
    """A body that is read once its bus is known: only the bus says which kind of change it must be.

    Described in the API as any kind.
    """

    given: object

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        each = handler.generate_schema(AnyChange)
        return core_schema.no_info_wrap_validator_function(lambda given, _: cls(given), each)

    def of(self, kind: str) -> AnyChange:
        """The change of a bus of this kind; raises FieldError."""
        try:
            return _CHANGES[kind].model_validate(self.given)
        except ValidationError as error:
            raise field_error([{**one, "loc": ("body", "change", *one["loc"])} for one in error.errors()]) from error


def new_bus_fields(given: NewBus) -> BusFields:
    """All fields of a bus to be made, those of the other kinds empty."""
    if isinstance(given, NewLocalBus):
        return {"kind": BusKind.LOCAL_IO, "name": given.name, "port": None}
    common: BusFields = {"name": given.name, "timeout_s": given.timeout_s, "retries": given.retries}
    match given:
        case NewTcpBus():
            return {
                "kind": BusKind.MODBUS_TCP,
                **common,
                "host": given.host,
                "port": given.port,
                "in_flight": given.in_flight,
                "security": given.security,
                **_security_fields(given),
            }
        case NewRtuBus():
            return {
                "kind": BusKind.MODBUS_RTU,
                **common,
                "port": None,
                "device_file": given.port,
                "baudrate": given.baudrate,
                "parity": given.parity,
                "stop_bits": given.stop_bits,
                "echo": given.echo,
            }


def bus_change_fields(given: AnyChange) -> BusFields:
    """The fields that a change names."""
    fields = BusFields()
    if given.name is not None:
        fields["name"] = given.name
    if isinstance(given, LocalBusChange):
        return fields
    if given.timeout_s is not None:
        fields["timeout_s"] = given.timeout_s
    if given.retries is not None:
        fields["retries"] = given.retries
    match given:
        case TcpBusChange():
            return fields | _tcp_fields(given)
        case RtuBusChange():
            return fields | _rtu_fields(given)


def _tcp_fields(given: TcpBusChange) -> BusFields:
    fields = BusFields()
    if given.host is not None:
        fields["host"] = given.host
    if given.port is not None:
        fields["port"] = given.port
    if given.in_flight is not None:
        fields["in_flight"] = given.in_flight
    if given.security is not None:
        fields["security"] = given.security
    return fields | _security_fields(given)


def _security_fields(given: TlsFields) -> BusFields:
    fields, named = BusFields(), given.model_fields_set
    if given.tls_version is not None:
        fields["tls_version"] = given.tls_version
    if given.legacy is not None:
        fields["legacy"] = given.legacy
    if given.check_dates is not None:
        fields["check_dates"] = given.check_dates
    if given.accept_self_signed is not None:
        fields["accept_self_signed"] = given.accept_self_signed
    if "certificate" in named:  # of this and the texts, null takes away what was there
        number = given.certificate and number_in_field(Kind.CERTIFICATE, given.certificate, field="certificate")
        fields["certificate_id"] = number or None
    if "authorities" in named:
        fields["authorities"] = given.authorities or ""
    if "server_certificate" in named:
        fields["server_certificate"] = given.server_certificate or ""
    return fields


def _rtu_fields(given: RtuBusChange) -> BusFields:
    fields = BusFields()
    if given.port is not None:
        fields["device_file"] = given.port
    if given.baudrate is not None:
        fields["baudrate"] = given.baudrate
    if given.parity is not None:
        fields["parity"] = given.parity
    if "stop_bits" in given.model_fields_set:  # null has a meaning of its own
        fields["stop_bits"] = given.stop_bits
    if given.echo is not None:
        fields["echo"] = given.echo
    return fields
