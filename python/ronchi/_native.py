"""The compiled part, told where this package keeps structures, twins and scattering factors."""
from __future__ import annotations

import os

from . import _ronchi as native
from ._ronchi import set_threads, threads, version as __version__

__all__ = ["__version__", "native", "set_threads", "threads"]

_data = os.path.join(os.path.dirname(os.path.abspath(native.__file__)), "data")
if os.path.isdir(_data):  # not in a build folder: there the source tree's is known
    native.set_data_directory(_data)
