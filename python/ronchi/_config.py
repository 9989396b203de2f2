"""Python objects as the text of a config: JSON, which is YAML."""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): v for k, v in value.items()}
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{value!r} cannot stand in a config")
    return list(value)


def to_yaml(config: Mapping[str, Any]) -> str:
    """ValueError: what no config can hold."""
    try:
        return json.dumps(config, default=_plain, ensure_ascii=False)
    except TypeError as error:
        raise ValueError(f"config: {error}") from None


def overrides(config: Mapping[str, Any], path: str = "") -> list[str]:
    """["beam.energy_keV=200", …]: for a config that is in a file."""
    out = []
    for key, value in config.items():
        here = f"{path}{key}"
        if isinstance(value, Mapping) and value:
            out += overrides(value, here + ".")
        else:
            out.append(f"{here}={to_yaml({'': value})[5:-1]}")
    return out
