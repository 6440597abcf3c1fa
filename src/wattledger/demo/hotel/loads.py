"""What each circuit of the hotel draws, in W, and the flows of water and gas, in m³/h."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wattledger.demo.hotel.days import Days, days_of
from wattledger.demo.hotel.noise import Floats, Integers, Noise
from wattledger.demo.hotel.sky import Sky, sky_of

SUNDAY = 6
PV_PEAK_W = 29_700.0  # 66 modules of 450 W
STANDARD_W_M2 = 1000.0


@dataclass(frozen=True, slots=True)
class Moment:
    """All that loads depend on, at each of the minutes asked for."""

    minutes: Integers
    days: Days
    sky: Sky

    @property
    def hour(self) -> Floats:
        """Local hours of the day."""
        return self.days.hour


def moment_of(minutes: Integers, seed: int) -> Moment:
    """Calendar and weather at these minutes since 1970, UTC."""
    days = days_of(minutes, Noise(seed))
    return Moment(minutes, days, sky_of(minutes, days, Noise(seed).named("sky")))


Law: TypeAlias = Callable[[Moment, Noise], Floats]


def bell(hour: Floats, centre: float, width: float) -> Floats:
    """A hump of height 1 around an hour of the day."""
    away = (hour - centre + 12) % 24 - 12
    hump: Floats = np.exp(-(away**2) / (2 * width**2))
    return hump


def between(hour: Floats, first: float, last: float) -> Floats:
    """1 from the one hour to the other, with ramps of a quarter of an hour."""
    return np.clip((hour - first) * 4, 0, 1) * np.clip((last - hour) * 4, 0, 1)


def added(machines: Sequence[Floats], *, base_w: float) -> Floats:
    """Several machines and what is always on."""
    total: Floats = np.add.reduce(machines)
    return total + base_w


def rooms(moment: Moment, noise: Noise) -> Floats:
    """Sockets, light and bathrooms of one floor."""
    hour, taken = moment.hour, moment.days.occupancy
    life = 0.9 * bell(hour, 7.4, 0.9) + bell(hour, 21.6, 1.8) + 0.35 * bell(hour, 18, 1.5)
    dryers = noise.named("dryer").switching(moment.minutes, 0.25 * life * taken, period_min=20)
    return 620 + taken * (4300 * life + 700) + 1800 * dryers + 180 * noise.wave(moment.minutes, period_min=7)


def kitchen_hot(moment: Moment, noise: Noise) -> Floats:
    """Ovens, hobs and dishwashers; the restaurant rests on Sunday evening."""
    hour, days = moment.hour, moment.days
    covers = 0.45 + 0.6 * days.occupancy
    evening = np.where(days.weekday == SUNDAY, 0.25, 1.0) * (1 + 0.25 * (days.weekday >= 4))
    meals: Floats = 0.62 * bell(hour, 7.3, 0.9) + bell(hour, 12.0, 1.2) + 1.05 * evening * bell(hour, 19.6, 1.4)
    oven = noise.named("oven").switching(moment.minutes, np.clip(0.7 * meals, 0, 1), period_min=12)
    heat: Floats = 11_500 * meals + 6_500 * oven * np.minimum(meals * 3, 1)
    return 420 + covers * heat


def kitchen_cold(moment: Moment, noise: Noise) -> Floats:
    """Cold rooms: compressors that run the longer, the warmer it is and the more the doors open."""
    duty = np.clip(0.38 + 0.012 * (moment.sky.outdoor_c - 12) + 0.18 * between(moment.hour, 7, 22), 0.1, 0.95)
    first = noise.named("first").switching(moment.minutes, duty, period_min=24)
    second = noise.named("second").switching(moment.minutes, duty, period_min=31)
    return 160 + 2_100 * first + 1_450 * second


def laundry(moment: Moment, noise: Noise) -> Floats:
    """Washers and ironers, from Monday to Saturday."""
    open_ = between(moment.hour, 7.5, 17.0) * (moment.days.weekday != SUNDAY) * (1 - 0.7 * moment.days.is_holiday)
    duty = np.clip(open_ * (0.25 + 0.6 * moment.days.occupancy), 0, 1)
    machines = [
        watts * noise.named(name).switching(moment.minutes, duty, period_min=period)
        for name, watts, period in (("washer 1", 5200.0, 55), ("washer 2", 5200.0, 48), ("ironer", 9000.0, 37))
    ]
    return added(machines, base_w=90)


def hot_water(moment: Moment, noise: Noise) -> Floats:
    """The heat pump of the hot water: by night, and after the morning's showers."""
    need = (0.35 + 0.65 * moment.days.occupancy) * (1.25 - 0.018 * (moment.sky.outdoor_c - 10))
    duty = np.clip(need * (0.9 * between(moment.hour, 1, 5.5) + 0.75 * between(moment.hour, 9, 13)), 0, 1)
    return 35 + 6_300 * noise.switching(moment.minutes, duty, period_min=45)


def air_handling(moment: Moment, noise: Noise) -> Floats:
    """Fans of the rooms: slow by night, faster by day; with a heating coil when it freezes."""
    speed = 0.45 + 0.55 * between(moment.hour, 6, 23) * (0.6 + 0.4 * moment.days.occupancy)
    frost = np.clip(2 - moment.sky.outdoor_c, 0, 12)
    return 5_600 * speed**2.5 + 350 * frost + 60 * noise.wave(moment.minutes, period_min=11)


def chiller(moment: Moment, noise: Noise) -> Floats:
    """Cooling of the dining rooms: what is above 21 °C, and the sun."""
    want = np.clip(0.085 * (moment.sky.outdoor_c - 21) + 0.0004 * moment.sky.irradiance_w_m2 - 0.08, 0, 1)
    duty = np.clip(want * between(moment.hour, 8, 23.5) * 1.6, 0, 1)
    return 55 + 12_500 * noise.switching(moment.minutes, duty, period_min=18)


def lighting(moment: Moment, noise: Noise) -> Floats:
    """Corridors, hall and garden."""
    dark = np.clip(0.25 - 3 * moment.sky.sine, 0, 1)
    awake = 0.45 + 0.55 * between(moment.hour, 6, 23.9)
    return (
        480 + 1_900 * dark * awake + 420 * between(moment.hour, 6, 23) + 15 * noise.wave(moment.minutes, period_min=5)
    )


def car_chargers(moment: Moment, noise: Noise) -> Floats:
    """Four charging points of 7.4 kW."""
    wanted = (0.55 * bell(moment.hour, 20.5, 2.4) + 0.12 * between(moment.hour, 8, 18)) * moment.days.occupancy
    cars = [
        noise.named(f"car {number}").switching(moment.minutes, np.clip(wanted, 0, 1), period_min=170 + 13 * number)
        for number in range(4)
    ]
    return added([7_350 * car for car in cars], base_w=45)


def spa(moment: Moment, noise: Noise) -> Floats:
    """Sauna, pool pump and heaters."""
    open_ = between(moment.hour, 9.5, 21.5)
    sauna = noise.named("sauna").switching(moment.minutes, 0.55 * open_, period_min=22)
    heater = noise.named("heater").switching(moment.minutes, np.full_like(open_, 0.3), period_min=80)
    return 750 + 5_800 * sauna + 2_900 * heater


def pool(moment: Moment, noise: Noise) -> Floats:
    """Filter pump and counter-current of the outdoor pool, which rests in winter."""
    season = np.clip((moment.sky.outdoor_c - 6) / 6, 0.15, 1)
    stream = noise.named("stream").switching(moment.minutes, 0.25 * between(moment.hour, 8, 21) * season, period_min=15)
    return 90 + 1_150 * season * between(moment.hour, 6, 22) + 2_200 * stream


def garden(moment: Moment, noise: Noise) -> Floats:
    """The well's pump on dry evenings, and the lamps along the paths."""
    dry = np.clip((moment.sky.outdoor_c - 12) / 12, 0, 1) * (1 - 0.5 * moment.sky.cover)
    pump = noise.named("well").switching(moment.minutes, dry * between(moment.hour, 20, 23.5), period_min=25)
    return 18 + 1_300 * pump + 240 * np.clip(0.25 - 3 * moment.sky.sine, 0, 1) * between(moment.hour, 5.5, 23.9)


def conference(moment: Moment, noise: Noise) -> Floats:
    """Two rooms for congresses: light, screens and their own ventilation, on most working days."""
    working = (moment.days.weekday < 5) * (1 - moment.days.is_holiday)
    booked = noise.named("booked").uniform(moment.days.ordinal) < 0.55
    open_ = between(moment.hour, 8, 18.5) * working * booked
    return 130 + open_ * (5_200 + 600 * noise.wave(moment.minutes, period_min=27))


def lift(moment: Moment, noise: Noise) -> Floats:
    """One lift; it rests at 90 W."""
    trips = (0.05 + 0.5 * bell(moment.hour, 8.5, 1.5) + 0.45 * bell(moment.hour, 18.5, 2.5)) * moment.days.occupancy
    return 90 + 3_400 * noise.switching(moment.minutes, np.clip(trips, 0, 0.6), period_min=5)


def computers(moment: Moment, noise: Noise) -> Floats:
    """Servers, telephony and video; hardly moves."""
    return 1_150 + 130 * between(moment.hour, 7, 23) + 25 * noise.wave(moment.minutes, period_min=13)


def offices(moment: Moment, noise: Noise) -> Floats:
    """Reception and offices."""
    work = between(moment.hour, 8, 18.5) * (moment.days.weekday < 5) * (1 - moment.days.is_holiday)
    return (
        380
        + 2_300 * work * (0.85 + 0.15 * noise.wave(moment.minutes, period_min=35))
        + 250 * between(moment.hour, 6, 23)
    )


def boiler_room(moment: Moment, noise: Noise) -> Floats:
    """Pumps and burner fan of the gas heating."""
    heat = np.clip((16 - moment.sky.outdoor_c) / 18, 0, 1)
    return 110 + 780 * np.sqrt(heat) + 30 * heat * noise.wave(moment.minutes, period_min=9)


def sockets(moment: Moment, noise: Noise) -> Floats:
    """What nobody meters in the kitchen's board."""
    return 240 + 520 * between(moment.hour, 6.5, 22.5) * (0.8 + 0.2 * noise.wave(moment.minutes, period_min=19))


def unmetered(moment: Moment, noise: Noise) -> Floats:
    """What hangs on the main board without a meter of its own."""
    return (
        900
        + 1_300 * moment.days.occupancy * between(moment.hour, 6, 24)
        + 200 * noise.wave(moment.minutes, period_min=41)
    )


def solar(moment: Moment, noise: Noise) -> Floats:
    """What the roof delivers: by the sun, less for warm modules, less the inverter's own share; never below 0."""
    sky = moment.sky
    module_c = sky.outdoor_c + 0.028 * sky.irradiance_w_m2
    share = sky.irradiance_w_m2 / STANDARD_W_M2 * (1 - 0.0038 * (module_c - 25)) * 0.93
    haze = 1 + 0.015 * noise.wave(moment.minutes, period_min=6)
    return np.maximum(PV_PEAK_W * share * haze - 40, 0.0)


def water(moment: Moment, noise: Noise) -> Floats:
    """Cold water in m³/h."""
    hour, taken = moment.hour, moment.days.occupancy
    guests = taken * (1.9 * bell(hour, 7.6, 0.9) + 1.2 * bell(hour, 19.0, 2.0) + 0.25)
    kitchen = 0.5 * bell(hour, 13.5, 1.2) + 0.5 * bell(hour, 21.3, 1.3) + 0.2 * bell(hour, 8.8, 0.8)
    linen = 0.9 * between(hour, 7.5, 17) * (moment.days.weekday != SUNDAY) * taken
    flow: Floats = np.maximum(guests + kitchen + linen, 0.004) * (1 + 0.3 * noise.wave(moment.minutes, period_min=6))
    return flow


def gas(moment: Moment, noise: Noise) -> Floats:
    """Natural gas in m³/h: heating below 16 °C, and the hobs."""
    heat = np.clip(16 - moment.sky.outdoor_c, 0, 24) * (0.75 + 0.25 * between(moment.hour, 5.5, 22.5))
    hobs = 1.3 * bell(moment.hour, 11.8, 1.0) + 1.4 * bell(moment.hour, 19.3, 1.2)
    return 0.55 * heat * (1 + 0.06 * noise.wave(moment.minutes, period_min=12)) + hobs * (
        0.4 + 0.6 * moment.days.occupancy
    )
