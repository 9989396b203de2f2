"""A driver: stage, beam shift and blanker of a Thermo Fisher or FEI column, by temscript's web service.

    python3 -m ronchi.temscript http://10.0.0.7:8080     # speaks over its standard streams

for `kind: program`. temscript (github.com/niermann/temscript, version 1 of its interface) runs on the
microscope's computer; nothing else is needed there. What it has no unit for (defocus, intensity,
stigmators) is left out, and so are its detectors: as the first part of a composite it stands beside
the driver of a camera. Its server does one thing at a time: a blank waits for what runs.
"""
from __future__ import annotations

import http.client
import json
import math
import sys
import time
import urllib.parse
from typing import Any

from .errors import InstrumentError
from .serving import Execution, serve_instrument

_PREFIX = "/v1/"
_ANSWER_S = 10.0  # a word of it
_MOVE_S = 120.0  # the longest way of a stage, tilt included

# Where a goniometer without piezo stands after a move, against what was asked: the tolerance.
_STAGE_M, _STAGE_RAD = 1e-7, 1e-3
# temscript takes any beam shift (a metre, too): this is as far as one is good for.
_MOST_SHIFT_M = 1e-5


class Temscript:
    """One column. Stage and shifts in m, tilts in rad, as temscript has them; the voltage in V."""

    def __init__(self, url: str) -> None:
        """ValueError: no such URL. InstrumentError: nobody there, or no temscript."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"'{url}' is not allowed; allowed: http://host:port")
        self._host, self._port = parts.hostname, parts.port or 8080
        self.description = self._describe()

    def execute(self, command: dict[str, Any], execution: Execution | None = None) -> dict[str, Any]:
        verb = command["verb"]
        readings = {}
        if verb == "read":
            readings = self._read(command["properties"])
        elif verb == "set":
            readings = self._set(command, execution.timeout_s if execution else math.inf)
        elif verb in ("blank", "safe", "unblank"):
            self._ask("PUT", "beam_blanked", verb != "unblank")
        return {"blanked": bool(self._ask("GET", "beam_blanked")), "readings": readings}

    def blank_now(self) -> None:
        self._ask("PUT", "beam_blanked", True)
        if not self._ask("GET", "beam_blanked"):
            raise InstrumentError("the beam is not blanked", "close the column valves", "hardware",
                                  "perhaps")

    def _describe(self) -> dict[str, Any]:
        limits = self._ask("GET", "stage_limits")
        family = self._ask("GET", "family")
        properties: list[dict[str, Any]] = []
        for name, key in _STAGE.items():
            low, high = limits[key]
            tilt = key in "ab"
            properties.append(
                {"name": name, "dimension": "angle" if tilt else "length", "writable": True,
                 "min": low, "max": high, "resolution": _STAGE_RAD if tilt else _STAGE_M,
                 "unit": "mrad" if tilt else "um", "group": "stage", "meaning": f"stage, {key}"})
        for axis in "xy":
            properties.append(
                {"name": f"beam.shift.{axis}", "dimension": "length", "writable": True,
                 "min": -_MOST_SHIFT_M, "max": _MOST_SHIFT_M, "resolution": 1e-10, "unit": "nm",
                 "group": "optics", "meaning": f"beam shift, {axis}"})
        properties += [
            {"name": "gun.voltage", "dimension": "voltage", "group": "high_tension", "unit": "kV",
             "meaning": "accelerating voltage"},
            {"name": "screen.current", "dimension": "current", "group": "beam", "unit": "pA",
             "meaning": "onto the fluorescent screen, when it is down"}]
        return {"id": f"temscript:{self._ask('GET', 'microscope_id')}",
                "model": f"{family}, by temscript", "simulated": family == "NULL",
                "properties": properties,
                "cannot": ["scan", "park", "expose", "measure"]}

    def _read(self, names: list[str]) -> dict[str, float]:
        asked: dict[str, Any] = {}  # each thing once

        def ask(what: str) -> Any:
            if what not in asked:
                asked[what] = self._ask("GET", what)
            return asked[what]

        found = {}
        for name in names:
            if name in _STAGE:
                found[name] = ask("stage_position").get(_STAGE[name], math.nan)
            elif name.startswith("beam.shift."):
                found[name] = ask("beam_shift")["xy".index(name[-1])]
            else:
                found[name] = (ask("voltage") * 1e3 if name == "gun.voltage"
                               else ask("screen_current"))
        return found

    def _set(self, command: dict[str, Any], timeout_s: float) -> dict[str, float]:
        name, target = command["property"], command["value"]["si"]
        if command["relative"]:
            target += self._read([name])[name]
        known = next(p for p in self.description["properties"] if p["name"] == name)
        if not known["min"] <= target <= known["max"]:
            raise InstrumentError(f"{name} = {target} is not allowed; allowed: {known['min']} … "
                                  f"{known['max']}, SI", "stay within", "out_of_limits", "none")
        if name in _STAGE:
            self._ask("PUT", "stage_position?method=GO", {_STAGE[name]: target}, _MOVE_S)
            self._wait_for_stage(min(timeout_s, _MOVE_S))
        else:
            both = list(self._ask("GET", "beam_shift"))
            both["xy".index(name[-1])] = target
            self._ask("PUT", "beam_shift", both)
        return self._read([name])  # it clamps without a word: Ronchi compares

    def _wait_for_stage(self, longest_s: float) -> None:
        until = time.monotonic() + longest_s
        while (status := self._ask("GET", "stage_status")) != "READY":
            if time.monotonic() > until:
                raise InstrumentError(f"the stage is {status} after {longest_s:g} s",
                                      "read where it stands", "timeout", "perhaps")
            time.sleep(0.05)

    def _ask(self, method: str, name: str, body: Any = None, within_s: float = _ANSWER_S) -> Any:
        # A connection that stands idle stops its server for everybody: one for each word.
        connection = http.client.HTTPConnection(self._host, self._port, timeout=within_s)
        effect = "none"
        try:
            connection.connect()
            effect = "none" if method == "GET" else "perhaps"
            connection.request(method, _PREFIX + name, None if body is None else json.dumps(body),
                               {"Accept": "application/json", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read(1 << 20)
        except (OSError, http.client.HTTPException) as error:
            kind = "timeout" if isinstance(error, TimeoutError) else "communication"
            raise InstrumentError(f"temscript at {self._host}:{self._port}, {name}: {error}",
                                  "see that its server runs", kind, effect) from None
        finally:
            connection.close()
        if answer.status == 404:
            raise InstrumentError(f"temscript knows no {name}", "", "cannot", "none")
        if answer.status not in (200, 204):
            raise InstrumentError(f"temscript, {name}: {answer.status} {answer.reason}", "",
                                  "hardware", effect)
        try:
            return json.loads(text) if answer.status == 200 else None  # NaN, too
        except ValueError:
            raise InstrumentError(f"temscript, {name}: no JSON", "is it temscript?", "hardware",
                                  effect) from None


_STAGE = {"stage.x": "x", "stage.y": "y", "stage.z": "z", "stage.alpha": "a", "stage.beta": "b"}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        serve_instrument(Temscript(sys.argv[1]), None)
    except (ValueError, InstrumentError) as problem:
        sys.exit(f"ronchi.temscript: {problem}")
