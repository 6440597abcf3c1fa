"""The registers of a simulated meter: identity, and values that follow a load and count its energy."""

from __future__ import annotations

from dataclasses import dataclass

from wattledger.catalog import DeviceMap, MappedPoint, RegisterType
from wattledger.demo.load_curve import Load, PhaseLoad
from wattledger.measure import Direction, Nature, Phase

IDENTITY_START = 0x1000
IDENTITY_WORDS = 120
TARIFFS = {0xB0B0: 8, 0xB0B2: 1, 0xB0B3: 1}  # eight registers, driven by an input or over Modbus
PHASE_NUMBERS = {Phase.L1: 0, Phase.L2: 1, Phase.L3: 2, Phase.L1_N: 0, Phase.L2_N: 1, Phase.L3_N: 2}
PHASE_PAIRS = {Phase.L1_L2: (0, 1), Phase.L2_L3: (1, 2), Phase.L3_L1: (2, 0)}


@dataclass(frozen=True, slots=True)
class Identity:
    """What the meter says of itself."""

    product: str
    serial: str

    def texts(self) -> dict[int, str]:
        """Identification object → text (function 2B/0E)."""
        return {
            0x00: "Hager",
            0x01: self.product,
            0x02: "2.3.0",
            0x03: "http://www.hager.com",
            0x04: f"{_size(self.product)} {'Modbus' if self.product.startswith('ECR') else 'Agardio'}",
            0x05: "MODBUS Screw MID" if self.product.startswith("ECR") else "AGARDIO RJ45 MID",
            0x06: "APL",
            0x80: self.serial,
            0x81: "012/2026",
            0x82: "4.1.0",
        }

    def registers(self) -> dict[int, int]:
        """The identification block of the family."""
        texts = self.texts()
        words = dict.fromkeys(range(IDENTITY_START, IDENTITY_START + IDENTITY_WORDS), 0)
        for address, item in (
            (0x1000, 0),
            (0x1010, 1),
            (0x1022, 3),
            (0x1032, 4),
            (0x1042, 5),
            (0x1052, 6),
            (0x1064, 0x80),
        ):
            words.update(_text_words(address, texts[item]))
        words.update({0x1020: 0x0203, 0x1021: 0x0000, 0x1062: 0x0401, 0x1063: 0x0000})
        words.update(_text_words(0x1074, "I"))
        words.update({0x1076: 12, 0x1077: 2026})
        return words


def _size(product: str) -> str:
    """Phases and amperes, as the meters of this family say them."""
    sizes = {"140D": "1P_40", "18": "1P_80", "38": "3P_80", "31": "3P_125", "30": "3P_CT"}
    if product.endswith("T"):
        return "3P_1P80"
    return next((size for model, size in sizes.items() if product[3:].startswith(model)), "3P")


class MeterRegisters:
    """The measured registers of one product at the moment of the last `advance`."""

    def __init__(self, device_map: DeviceMap, *, index_kwh: float) -> None:
        self._map = device_map
        self._start_wh = index_kwh * 1000.0 / 3
        self._active_wh = [self._start_wh] * 3
        self._reactive_varh = [self._start_wh / 4] * 3
        self._start_varh = self._start_wh / 4
        self._phases = {
            channel: [p for p in range(3) if device_map.point(f"voltage.l{p + 1}-n", channel=channel)]
            for channel in range(1, device_map.channels + 1)
        }

    def addresses(self) -> dict[int, int]:
        """Every register inside the documented blocks, as it reads where nothing is measured."""
        fillers = {at: 0xFFFF for block in self._map.blocks for at in range(block.start, block.end)}
        return {**fillers, **{at: word for at, word in TARIFFS.items() if at in fillers}}

    def count(self, load: Load, *, duration_s: float) -> None:
        """Add the energy of `load` over this time to the counters."""
        for number, phase in enumerate(load.phases):
            self._active_wh[number] += phase.active_w * duration_s / 3600
            self._reactive_varh[number] += phase.reactive_var * duration_s / 3600

    def measured(self, load: Load) -> dict[int, int]:
        """All measured registers under this load and with the counters as they stand."""
        words: dict[int, int] = {}
        for point in self._map.points:
            words.update(encode(point, self._value(point, load)))
        return words

    def _value(self, point: MappedPoint, load: Load) -> float:
        numbers = self._numbers_of(point)
        match point.name.quantity:
            case "voltage":
                pair = PHASE_PAIRS.get(point.name.phase) if point.name.phase else None
                return load.line_voltage_v(*pair) if pair else load.phases[numbers[0]].voltage_v
            case "current":
                return load.neutral_current_a if point.name.phase is Phase.N else load.phases[numbers[0]].current_a
            case "frequency":
                return load.frequency_hz
            case "active_tariff":
                return 1.0
            case _ if point.name.measures.nature is Nature.COUNTER:
                return self._index(point, numbers)
            case quantity:
                return _of_power(quantity, [load.phases[number] for number in numbers])

    def _index(self, point: MappedPoint, numbers: list[int]) -> float:
        name = point.name
        if name.direction is not Direction.IMPORT or name.order > 1:  # nothing is delivered, only tariff 1 is in use
            return 0.0
        is_partial = name.quantity.startswith("partial")
        is_reactive = name.quantity.endswith("reactive_energy")
        counted, start = (self._reactive_varh, self._start_varh) if is_reactive else (self._active_wh, self._start_wh)
        return sum(counted[number] - (start if is_partial else 0) for number in numbers)

    def _numbers_of(self, point: MappedPoint) -> list[int]:
        """Which of the building's phases (from 0) the point is about."""
        if self._map.channels > 1:
            return [point.channel - 1]
        if point.name.phase in PHASE_NUMBERS:
            return [PHASE_NUMBERS[point.name.phase]]
        return self._phases[point.channel]


def encode(point: MappedPoint, value: float) -> dict[int, int]:
    """The registers of `point` when it reads as `value` in its inside unit."""
    exact = value * point.divisor / point.multiplier
    if point.name.measures.nature is Nature.COUNTER:
        raw = int(exact if point.modulus is None else (value % point.modulus) * point.divisor / point.multiplier)
    else:
        raw = round(exact)
    return words_at(point.address, raw, point.type)


def words_at(address: int, raw: int, register_type: RegisterType) -> dict[int, int]:
    """A raw number, high word first, from `address` on."""
    count = register_type.words
    unsigned = raw % (1 << 16 * count)
    return {address + n: unsigned >> 16 * (count - 1 - n) & 0xFFFF for n in range(count)}


def _of_power(quantity: str, phases: list[PhaseLoad]) -> float:
    active_w = sum(phase.active_w for phase in phases)
    reactive_var = sum(phase.reactive_var for phase in phases)
    apparent_va = abs(complex(active_w, reactive_var))
    match quantity:
        case "active_power":
            return active_w
        case "reactive_power":
            return reactive_var
        case "apparent_power":
            return apparent_va
        case _:
            return active_w / apparent_va if apparent_va else 1.0


def _text_words(address: int, text: str) -> dict[int, int]:
    data = text.encode("ascii").ljust(2 * (len(text) // 2 + 1), b"\0")
    return {address + n // 2: data[n] << 8 | data[n + 1] for n in range(0, len(data) - 1, 2)}
