"""Instruments: the simulated ones, and all that is plugged in (docs/add_driver.md)."""
from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ._config import to_yaml
from ._native import native
from .errors import InstrumentError
from .serving import InstrumentServer
from .spaces import Float
from .wire import numbers_of


def _json(value: float) -> float | str:
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _pair(value: Any, kind: type, name: str) -> list[Any]:
    """Both of two axes: a number stands for a square."""
    both = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(both) != 2:
        raise ValueError(f"{name}: one number or two are needed, not {value!r}")
    if kind is int:
        if any(int(v) != v or v < 0 for v in both):
            raise ValueError(f"{name} = {value!r} is not allowed; allowed: whole numbers, 0 or more")
        return [int(v) for v in both]
    return [_json(v) for v in both]


@dataclass(frozen=True)
class Reading:
    """A property as it was read, SI."""

    value: float
    uncertainty: float  # one standard deviation; 0: not known
    time_s: float  # when, on the instrument's clock
    dimension: str  # "length", "current" ...


@dataclass(frozen=True)
class Estimate:
    """What was measured: numbers that belong together, SI."""

    what: str
    names: list[str]
    values: Float | NDArray[np.float64]
    covariance: NDArray[np.float64] | None  # names × names; None: not known


@dataclass(frozen=True)
class Reply:
    """What an instrument answers, SI."""

    time_s: float  # the instrument's clock when the command ended
    elapsed_s: float
    electrons: float  # that reached the specimen
    dose_e_per_m2: float
    blanked: bool  # confirmed
    ended: str  # "complete", "cancelled", "timeout"
    readings: dict[str, Reading] = field(default_factory=dict)
    #: Counts by detector, [y, x] or [y, x, camera y, camera x]; with frames above 1 [frame, ...].
    frames: dict[str, Float] = field(default_factory=dict)
    estimates: list[Estimate] = field(default_factory=list)


class Instrument:
    """Made by ``ronchi.connect``. Lengths are metres, angles rad, times s, currents A.

    As a context manager it blanks the beam and closes the connection at the end, also after an
    exception. One command runs at a time; ``blank_now`` may come from any thread meanwhile.
    Errors are ronchi.InstrumentError: cause, remedy, kind, effect, retryable.
    """

    def __init__(self, connected: native.Instrument,
                 server: InstrumentServer | None = None) -> None:
        self._native = connected
        self._server = server  # of an instrument that is written in Python
        #: properties, detectors, limits, what it cannot do (hw/instrument/description.h)
        self.description: dict[str, Any] = numbers_of(json.loads(connected.description))
        self._dimensions = {p["name"]: p.get("dimension", "number")
                            for p in self.description.get("properties", [])}
        self._events: list[str] = []
        self._open = True

    @property
    def guarded(self) -> bool:
        return self._native.guarded

    @property
    def events(self) -> list[str]:
        """Why the guard blanked and what it found, in a line each."""
        self._events += self._native.take_events()
        return list(self._events)

    def read(self, *properties: str) -> dict[str, Reading]:
        return self._do("read", properties=list(properties)).readings

    def __getitem__(self, name: str) -> float:
        """One property's value, SI."""
        return self.read(name)[name].value

    def set(self, name: str, value: float | str, *, relative: bool = False, tolerance: float = 0,
            timeout_s: float = 0) -> Reading:
        """Drives a property and reads it back. The value is SI, or text with a unit: "5 nm".

        relative: an increment. tolerance 0: the property's resolution. timeout_s 0: its own.
        """
        dimension = self._dimensions.get(name, "number")
        if isinstance(value, str):
            value, dimension = native.parse_quantity(value)
        quantity = {"si": _json(value), "dimension": dimension}
        return self._do("set", property=name, value=quantity, relative=bool(relative),
                        tolerance=_json(tolerance), timeout_s=_json(timeout_s)).readings[name]

    def scan(self, *, detectors: Sequence[str], dwell_s: float, fov_m: Any = 0.0,
             pixels: Any = 0, center_m: Sequence[float] = (0.0, 0.0), frames: int = 1,
             pattern: Literal["raster", "points", "spiral"] = "raster",
             rotation_rad: float = 0, points_m: Sequence[Sequence[float]] = (), turns: float = 0,
             timeout_s: float = math.inf) -> Reply:
        """Frames of a region. `pixels` and `fov_m`: one number for a square, or (x, y).

        pattern "points": `points_m` around the centre; "spiral": `pixels` points out to half the
        field.
        """
        if isinstance(detectors, str):
            detectors = [detectors]
        shape = _pair(pixels, int, "pixels")
        if pattern == "spiral" and np.ndim(pixels) == 0:
            shape[1] = 1
        fields: dict[str, Any] = {
            "center_m": _pair(center_m, float, "center_m"), "fov_m": _pair(fov_m, float, "fov_m"),
            "pixels": shape, "dwell_s": _json(dwell_s), "frames": int(frames),
            "detectors": list(detectors), "pattern": pattern,
            "rotation_rad": _json(rotation_rad), "turns": _json(turns)}
        if len(points_m):
            fields["points_m"] = [_pair(p, float, "points_m") for p in points_m]
        return self._do("scan", int(frames), timeout_s, **fields)

    def expose(self, camera: str, *, time_s: float, position_m: Sequence[float] = (0.0, 0.0),
               frames: int = 1, binning: int = 1, timeout_s: float = math.inf) -> Reply:
        """A pattern or spectrum of the probe standing there."""
        x, y = _pair(position_m, float, "position_m")
        return self._do("expose", int(frames), timeout_s, camera=camera, time_s=_json(time_s),
                        x_m=x, y_m=y, frames=int(frames), binning=int(binning))

    def park(self, *, position_m: Sequence[float], duration_s: float) -> Reply:
        """The probe stands there for so long, unblanked."""
        return self._do("park", position_m=_pair(position_m, float, "position_m"),
                        duration_s=_json(duration_s))

    def measure(self, what: str, *, center_m: Sequence[float] = (0.0, 0.0)) -> Reply:
        """What ``description["measurements"]`` lists: estimates with covariance."""
        x, y = _pair(center_m, float, "center_m")
        return self._do("measure", what=what, center_x_m=x, center_y_m=y)

    def blank(self) -> Reply:
        return self._do("blank")

    def unblank(self) -> Reply:
        return self._do("unblank")

    def safe(self) -> Reply:
        """Blanks and stops everything; optics stay as they are."""
        return self._do("safe")

    def abort(self) -> Reply:
        """Ends what is running."""
        return self._do("abort")

    def blank_now(self) -> None:
        """Blanks at once, from any thread, also while a command runs."""
        self._native.blank_now()

    def close(self) -> None:
        """Blanks and lets go. A second time it does nothing."""
        if not self._open:
            return
        self._open = False
        try:
            self._do("blank")
        except InstrumentError as error:
            if error.kind != "cannot":
                raise
        finally:
            self._native.close()
            if self._server is not None:
                self._server.close()

    def __enter__(self) -> Instrument:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        guard = "guarded" if self.guarded else "NOT guarded"
        return f"<ronchi.Instrument {self.description.get('id', '')!r}, {guard}>"

    def _do(self, verb: str, stack: int = 1, within_s: float = math.inf, **fields: Any) -> Reply:
        text, arrays = self._native.execute(json.dumps({"verb": verb, **fields}), within_s)
        reply = json.loads(text)
        readings = {r["property"]: Reading(
            numbers_of(r["value"]["si"]), numbers_of(r["uncertainty"]), numbers_of(r.get("time_s", 0.0)),
            r["value"]["dimension"]) for r in reply["readings"]}
        images: dict[str, list[Float]] = {}
        for frame, array in zip(reply["frames"], arrays):
            images.setdefault(frame["detector"], []).append(array)
        stacks = {name: frames[0] if stack == 1 else np.stack(frames)
                  for name, frames in images.items()}
        return Reply(**{k: numbers_of(reply[k]) for k in
                        ("time_s", "elapsed_s", "electrons", "dose_e_per_m2", "blanked")},
                     ended=reply.get("ended", "complete"), readings=readings, frames=stacks,
                     estimates=[_estimate(e) for e in reply.get("estimates", [])])


def _estimate(e: Mapping[str, Any]) -> Estimate:
    names, covariance = e["names"], np.array(numbers_of(e["covariance"]), float)
    values = np.array([numbers_of(v["si"]) for v in e["values"]], float)
    return Estimate(e["what"], names, values,
                    covariance.reshape(len(names), -1) if covariance.size else None)


def connect(name: Any, *, dose_budget_e_per_A2: float | None = None,
            guard: Mapping[str, Any] | Literal[False] | None = None, seed: int = 0,
            nothing_guards_the_beam: bool = False) -> Instrument:
    """An instrument, behind a guard (docs/safety.md) that keeps its limits and a dose budget.

    name   a preset ("corrected_200kV"), the path of an instrument's YAML file, its keys as a dict
           or YAML text ("{preset: corrected_200kV, current_pA: 20}"), or an object with
           `description` and `execute` (ronchi.serve_instrument says what these are), which is
           driven over a wire within this process
    dose_budget_e_per_A2  per square nanometre, cumulative; the guard needs one, here or in the
           config. Of what is no simulation it is 1000 where nothing is said
    guard  its other keys; False: no guard at all, nothing but the instrument's own limits
    seed   of a simulated instrument
    nothing_guards_the_beam  True allows guard=False of what is no simulation

    ValueError: no such instrument, or a key that is not allowed.
    """
    if not isinstance(name, (str, os.PathLike, Mapping)):
        return _serve_and_connect(name, dose_budget_e_per_A2, guard, nothing_guards_the_beam)
    text, yaml = "", ""
    if isinstance(name, Mapping):
        yaml = to_yaml({**name, "nothing_guards_the_beam": True} if nothing_guards_the_beam
                       else name)
    elif (path := os.fspath(name)).lstrip().startswith("{"):
        yaml = path
    else:
        text = path
    if guard is False:
        if dose_budget_e_per_A2 is not None:
            raise ValueError("guard=False keeps no dose budget: give one or the other")
        return Instrument(native.Instrument(text, yaml, "none", seed))
    keys = dict(guard or {})
    if dose_budget_e_per_A2 is not None:
        keys["dose_budget_e_per_A2"] = dose_budget_e_per_A2
    if keys and "dose_budget_e_per_A2" not in keys:
        raise ValueError("the guard needs a dose budget: connect(..., dose_budget_e_per_A2=1e5), "
                         "or guard=False for no guard at all")
    return Instrument(native.Instrument(text, yaml, to_yaml(keys) if keys else "", seed))


def _serve_and_connect(instrument: Any, dose_budget_e_per_A2: float | None,
                       guard: Mapping[str, Any] | Literal[False] | None,
                       nothing_guards_the_beam: bool) -> Instrument:
    try:
        server = InstrumentServer(instrument).start()
    except TypeError as error:
        raise ValueError(f"no instrument: {error}; allowed: a name, a dict, or an object with "
                         "description and execute") from None
    try:
        connected = connect({"kind": "remote", "address": server.address},
                            dose_budget_e_per_A2=dose_budget_e_per_A2, guard=guard,
                            nothing_guards_the_beam=nothing_guards_the_beam)
    except BaseException:
        server.close()
        raise
    return Instrument(connected._native, server)
