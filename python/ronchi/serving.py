"""Serves an instrument that is written in Python to Ronchi, here or on another computer.

Python's own library and NumPy are all that it needs, so it runs where the compiled part is missing:
on the computer of the instrument.
"""
from __future__ import annotations

import inspect
import math
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import InstrumentError
from .wire import WIRE, Link, WireError, numbers_of, pixels_of

_BUSY_S = 1.0  # a server that executes says so this often
_GREETING_S = 10.0  # whoever connects and says nothing is let go


class Execution:
    """Handed to an `execute` that takes a second argument, for as long as the command runs."""

    def __init__(self, timeout_s: float, lines: Callable[..., None] | None) -> None:
        self.timeout_s = timeout_s  #: on the instrument's clock; inf: none
        self.wants_lines = lines is not None
        self._lines = lines
        self._cancelled = threading.Event()
        self._taken = threading.Semaphore(0)  # lines that the other side has looked at

    @property
    def cancelled(self) -> bool:
        """Look at it between lines; end early, and say so: "ended": "cancelled"."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        self._cancelled.set()

    def take(self) -> None:
        self._taken.release()

    def line(self, line: int, counts: Any, *, frame: int = 0, detector: int = 0,
             time_s: float = 0.0) -> None:
        """One line of a scan as soon as it is there; nothing where nobody wants lines.

        It waits until the line has been looked at, so that whoever looks can end the scan there.
        """
        if self._lines is None or self.cancelled:
            return
        self._lines({"type": "line", "frame": frame, "line": line, "detector": detector,
                     "time_s": time_s}, pixels_of(counts))
        while not self.cancelled and not self._taken.acquire(timeout=0.1):
            pass


def _describe(instrument: Any) -> dict[str, Any]:
    described = instrument.description
    described = described() if callable(described) else described
    return {"simulated": False, "properties": [], **dict(described)}


class InstrumentServer:
    """Serves one object; one connection commands at a time, any number may blank.

    The object's methods run on one thread: the one that calls `run`. `blank_now` alone runs on
    others. Whenever the connection that commands ends, for whatever reason, the object is asked for
    `safe`, which blanks.
    """

    def __init__(self, instrument: Any, address: str | None = "127.0.0.1:0") -> None:
        """address: "host:port", port 0 for any that is free; None: standard input and output.

        TypeError: no `description`, no `execute`. OSError: the address cannot be had.
        """
        for needed in ("description", "execute"):
            if not hasattr(instrument, needed):
                raise TypeError(f"{type(instrument).__name__} has no {needed}")
        self._instrument = instrument
        self._description = _describe(instrument)
        self._dimensions = {p["name"]: p.get("dimension", "number")
                            for p in self._description["properties"] if "name" in p}
        self._takes_execution = _takes_two(instrument.execute)
        self._start = time.monotonic()
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._commanding = threading.Lock()
        self._closing = threading.Event()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        if address is None:
            self.address = "standard input and output"
            self._streams = _take_standard_streams()
        else:
            host, _, port = address.rpartition(":")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._listener = socket.create_server((host.strip("[]"), int(port)), family=family)
            self.address = f"{host}:{self._listener.getsockname()[1]}"

    def start(self) -> InstrumentServer:
        """Serves on a thread beside the caller's, until `close`."""
        self._thread = threading.Thread(target=self.run, name="ronchi server", daemon=True)
        self._thread.start()
        return self

    def run(self) -> None:
        """Serves on this thread: until `close`, Ctrl-C, or the end of standard input."""
        target = self._accept if self._listener else self._serve_streams
        threading.Thread(target=target, name="ronchi wire", daemon=True).start()
        try:
            while (item := self._work.get()) is not None:
                item()
        except KeyboardInterrupt:
            pass
        finally:
            self._closing.set()
            if self._listener:
                _shut(self._listener)
            self._make_safe()

    def close(self) -> None:
        self._work.put(None)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> InstrumentServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # Connections.

    def _accept(self) -> None:
        assert self._listener
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            fd = connection.fileno()
            link = Link(fd, fd, lambda c=connection: _shut(c))  # type: ignore[misc]
            threading.Thread(target=self._greet, args=(link,), daemon=True).start()

    def _serve_streams(self) -> None:
        self._greet(Link(*self._streams, close=lambda: None))
        self._work.put(None)

    def _greet(self, link: Link) -> None:
        try:
            hello = link.receive(_GREETING_S)
            role = hello.get("role") if hello else None
            if not hello or hello.get("type") != "hello" or role not in ("commands", "blank"):
                return
            if hello.get("wire") != WIRE:
                self._refuse(link, "cannot", f"version {hello.get('wire')} of the wire is not "
                             f"spoken here, but {WIRE}", "use the same Ronchi on both sides")
            elif role == "blank":
                link.send({"type": "hello", "wire": WIRE})
                self._blank_when_asked(link)
            elif not self._commanding.acquire(blocking=False):
                self._refuse(link, "busy", "somebody else commands this instrument",
                             "wait until that connection ends")
            else:
                try:
                    link.send({"type": "hello", "wire": WIRE, "description": self._description,
                               "blank_now": hasattr(self._instrument, "blank_now")})
                    self._obey(link)
                finally:
                    self._on_work_thread(self._make_safe)
                    self._commanding.release()
        except (WireError, OSError):
            pass  # the other side is gone, or speaks something else: nobody is left to tell
        finally:
            link.close()

    def _refuse(self, link: Link, kind: str, cause: str, remedy: str) -> None:
        link.send({"type": "error", "error": {"kind": kind, "cause": cause, "remedy": remedy,
                                              "effect": "none"}})

    def _blank_when_asked(self, link: Link) -> None:
        while not self._closing.is_set():
            message = link.receive(1.0)
            if message is None or message.get("type") != "blank_now":
                continue
            try:
                self._instrument.blank_now()
                link.send({"type": "blanked"})
            except Exception as error:  # whatever a driver throws goes to who asked
                link.send({"type": "error", "error": _error(error)})

    def _obey(self, link: Link) -> None:
        """Commands of one connection, one after the other, until it ends."""
        running: tuple[int, Execution, threading.Event] | None = None
        try:
            while not self._closing.is_set():
                message = link.receive(0.1)
                if running and running[2].is_set():
                    running = None
                if message is None:
                    if running and time.monotonic() - link.last_sent > _BUSY_S:
                        link.send({"type": "busy", "id": running[0]})
                elif message.get("type") in ("cancel", "next"):
                    if running and running[0] == message.get("id"):
                        (running[1].cancel if message["type"] == "cancel" else running[1].take)()
                elif message.get("type") == "execute" and not running:
                    running = self._begin(link, message)
                else:
                    raise WireError("a message out of turn")
        finally:
            if running:
                running[1].cancel()

    def _begin(self, link: Link, message: dict[str, Any]) -> tuple[int, Execution,
                                                                    threading.Event]:
        number, command = message.get("id", 0), numbers_of(message.get("command", {}))
        done = threading.Event()

        def line(head: dict[str, Any], counts: np.ndarray[Any, Any]) -> None:
            link.send({**head, "id": number}, [counts])

        execution = Execution(message.get("timeout_s", math.inf),
                              line if message.get("lines") else None)

        def work() -> None:
            answer: tuple[dict[str, Any], list[np.ndarray[Any, Any]]]
            try:
                reply, arrays = self._execute(command, execution)
                answer = {"type": "reply", "id": number, "reply": reply}, arrays
            except Exception as error:
                answer = {"type": "error", "id": number, "error": _error(error)}, []
            done.set()
            try:
                try:
                    link.send(*answer)
                except (TypeError, ValueError) as error:  # an answer that no JSON can hold
                    link.send({"type": "error", "id": number, "error": _error(error)})
            except (WireError, OSError):
                link.close()  # its reader makes the instrument safe

        self._work.put(work)
        return number, execution, done

    # The object, on the thread of `run`.

    def _execute(self, command: dict[str, Any], execution: Execution) -> tuple[
            dict[str, Any], list[np.ndarray[Any, Any]]]:
        begin = time.monotonic()
        words = (command, execution) if self._takes_execution else (command,)
        given = dict(self._instrument.execute(*words))
        now = time.monotonic()
        if "blanked" not in given:
            raise InstrumentError("the reply does not say whether the beam is blanked",
                                  'add "blanked": True or False', "hardware", "perhaps")
        reply = {"time_s": now - self._start, "elapsed_s": now - begin, "electrons": 0.0, **given,
                 "blanked": bool(given["blanked"])}
        readings = dict(given.get("readings", {}))
        asked = command.get("properties", [command["property"]] if "property" in command else [])
        names = sorted(readings, key=lambda name: asked.index(name) if name in asked else len(asked))
        reply["readings"] = [self._reading(n, readings[n], reply["time_s"]) for n in names]
        named = _frames(command, dict(given.get("frames", {})))
        reply["frames"] = [{"detector": name, "shape": list(a.shape)} for name, a in named]
        return reply, [a for _, a in named]

    def _reading(self, name: str, value: Any, time_s: float) -> dict[str, Any]:
        value, uncertainty = value if isinstance(value, (tuple, list)) else (value, 0.0)
        return {"property": name, "uncertainty": float(uncertainty), "time_s": time_s,
                "value": {"si": float(value), "dimension": self._dimensions.get(name, "number")}}

    def _make_safe(self) -> None:
        try:
            self._execute({"verb": "safe"}, Execution(math.inf, None))
        except Exception as error:
            print(f"ronchi: BLANKING COULD NOT BE CONFIRMED: {error}", file=sys.stderr, flush=True)

    def _on_work_thread(self, call: Callable[[], None]) -> None:
        done = threading.Event()

        def work() -> None:
            call()
            done.set()

        self._work.put(work)
        while not done.wait(0.1):
            if self._closing.is_set():
                return  # `run` makes it safe at its end


def _frames(command: dict[str, Any], frames: dict[str, Any]) -> list[
        tuple[str, np.ndarray[Any, Any]]]:
    """Frame by frame, in each the detectors in the order asked; [frame, …] of one with several."""
    names = command.get("detectors") or [command.get("camera", "")]
    missing = [name for name in names if frames and name not in frames]
    if missing:
        raise InstrumentError(f"the reply has no frames of {', '.join(missing)}", "", "hardware")
    count = command.get("frames", 1)
    if not frames:
        return []
    return [(name, pixels_of(frames[name][f] if count > 1 else frames[name]))
            for f in range(count) for name in names]


def _error(error: Exception) -> dict[str, Any]:
    if isinstance(error, InstrumentError):
        return {"kind": error.kind, "cause": error.cause, "remedy": error.remedy,
                "effect": error.effect}
    return {"kind": "hardware", "effect": "perhaps",
            "cause": f"{type(error).__name__} in the instrument's program: {error}"}


def _takes_two(execute: Callable[..., Any]) -> bool:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(execute).parameters.values()
    return (sum(p.kind in kinds for p in parameters) >= 2
            or any(p.kind == inspect.Parameter.VAR_POSITIONAL for p in parameters))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def _take_standard_streams() -> tuple[int, int]:
    """The wire's own copies; what the program prints goes to standard error from now on."""
    read, write = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.flush()  # what it has printed already, too
    return read, write


def serve_instrument(instrument: Any, address: str | None = "127.0.0.1:4711") -> None:
    """Serves `instrument` until Ctrl-C, or the end of standard input.

    instrument  an object with
                  description       a dict as in docs/add_driver.md, or a method that gives it
                  execute(command)  or execute(command, execution): carries out one command, a dict
                                    with "verb" and the command's fields, SI; gives a dict:
                                    "blanked" always; "readings" {name: value or (value, standard
                                    error)}; "frames" {detector: array}; "electrons";
                                    "dose_e_per_m2" (of a scan, if left out: the electrons over its
                                    area), "time_s", "elapsed_s", "ended", "estimates".
                                    Errors: ronchi.InstrumentError; any other exception is a fault
                  blank_now()       optional: blanks at once, called from another thread
    address     "host:port". There is neither password nor encryption: keep it on this computer, or
                in the instrument's own network. None: standard input and output, for `kind: program`
    """
    server = InstrumentServer(instrument, address)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends in order: blanked
    print(f"serving {server._description.get('id', 'an instrument')} at {server.address}",
          file=sys.stderr, flush=True)
    server.run()
