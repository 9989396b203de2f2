"""Messages between Ronchi and an instrument's program; docs/add_driver.md has them byte by byte."""
from __future__ import annotations

import json
import math
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

WIRE = 1  #: the version of the wire
_MAGIC = b"RNCH"
_MOST_JSON = 1 << 24
_MOST_PIXELS = 1 << 30
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}  # which JSON lacks


class WireError(Exception):
    """What came is no message, or the link is lost."""


def pixels_of(counts: Any) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(counts, dtype="<f4")


def _plain(value: Any) -> Any:
    """As JSON holds it: NumPy's numbers as Python's, NaN and infinities by name."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def numbers_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: numbers_of(v) for key, v in value.items()}
    if isinstance(value, list):
        return [numbers_of(v) for v in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


def encode(head: Mapping[str, Any], arrays: Sequence[np.ndarray[Any, Any]] = ()) -> bytes:
    """A message: 12 bytes, JSON, pixels."""
    text = json.dumps(_plain(head), allow_nan=False).encode()
    count = sum(a.size for a in arrays)
    if len(text) > _MOST_JSON or count > _MOST_PIXELS:
        raise WireError(f"a message of {len(text)} bytes of JSON and {count} pixels is too large")
    return b"".join([_MAGIC, struct.pack("<II", len(text), count), text,
                     *(a.tobytes() for a in arrays)])


class Decoder:
    """Bytes in, heads of messages out. Ronchi sends no pixels."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """WireError: these bytes are no messages."""
        self._bytes += data
        heads = []
        while len(self._bytes) >= 12:
            length, pixels = struct.unpack("<II", self._bytes[4:12])
            if self._bytes[:4] != _MAGIC or not 2 <= length <= _MOST_JSON or pixels:
                raise WireError("what came is no message of Ronchi")
            if len(self._bytes) < 12 + length:
                break
            try:
                head = json.loads(self._bytes[12:12 + length])
            except (ValueError, RecursionError) as error:
                raise WireError(f"what came is no JSON: {error}") from None
            if not isinstance(head, dict):
                raise WireError("what came is no JSON object")
            heads.append(head)
            del self._bytes[:12 + length]
        return heads


class Link:
    """A socket, or the standard streams; sending is for any thread."""

    def __init__(self, read_fd: int, write_fd: int, close: Callable[[], None]) -> None:
        self._read, self._write, self._close = read_fd, write_fd, close
        self._lock = threading.Lock()
        self._decoder = Decoder()
        self._heads: list[dict[str, Any]] = []
        self.last_sent = time.monotonic()

    def send(self, head: Mapping[str, Any], arrays: Sequence[np.ndarray[Any, Any]] = ()) -> None:
        data = memoryview(encode(head, arrays))
        with self._lock:
            while data:
                data = data[os.write(self._write, data):]
            self.last_sent = time.monotonic()

    def receive(self, within_s: float) -> dict[str, Any] | None:
        """The next message; None: none yet. WireError: the link is lost, or out of step."""
        until = time.monotonic() + within_s
        while not self._heads:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                return None
            try:
                data = os.read(self._read, 1 << 16)
            except OSError as error:
                raise WireError(f"the link is lost: {error}") from None
            if not data:
                raise WireError("the other side has closed the link")
            self._heads = self._decoder.feed(data)
        return self._heads.pop(0)

    def close(self) -> None:
        self._close()
