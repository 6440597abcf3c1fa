"""The powers of one circuit, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattledger.demo.hotel.noise import Floats


@dataclass(frozen=True, slots=True)
class Flow:
    """Powers of one circuit: arrays of three phases × minutes."""

    active_w: Floats
    reactive_var: Floats  # of the fundamental; inductive is positive where power is drawn
    distortion_va: Floats

    @property
    def total_w(self) -> Floats:
        """Active power of the three phases."""
        total: Floats = self.active_w.sum(axis=0)
        return total

    @property
    def fundamental_va(self) -> Floats:
        """Apparent power of the fundamental, per phase."""
        return np.hypot(self.active_w, self.reactive_var)

    @property
    def apparent_va(self) -> Floats:
        """Apparent power, per phase."""
        return np.hypot(self.fundamental_va, self.distortion_va)

    @property
    def total_var(self) -> Floats:
        """Reactive power of the three phases."""
        total: Floats = self.reactive_var.sum(axis=0)
        return total
