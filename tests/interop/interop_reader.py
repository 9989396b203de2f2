"""What h5py, NeXus, HyperSpy, RosettaSciIO, emdfile and py4DSTEM see in a Ronchi HDF5 file.

    python interop_reader.py FILE.hdf5        prints one JSON object, one key a reader

Exit status 1 when a reader fails; its entry is then {"error": ...}. Needs h5py, hyperspy and
py4DSTEM (PyPI); silx, a NeXus reader, is asked where it is installed.
"""
import contextlib
import io
import json
import logging
import sys
import traceback
import warnings


def checksum(values):
    """Shape and three numbers that a transposed or shifted array does not share."""
    import numpy as np

    a = np.asarray(values, dtype=np.float64)
    weights = np.arange(a.size, dtype=np.float64).reshape(a.shape)
    finite = np.isfinite(a)
    return {
        "shape": list(a.shape),
        "sum": float(a[finite].sum()),
        "weighted": float((a * weights)[finite].sum()),
        "not_finite": int((~finite).sum()),
    }


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def see_h5py(path):
    """Every signal under /root, and every plain dataset elsewhere, with its units."""
    import h5py

    seen = {"signals": {}, "others": {}}

    def note(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith(("root/", "Experiments/")):
            kind = "text" if h5py.check_string_dtype(item.dtype) else list(item.shape)
            seen["others"]["/" + name] = [kind, text(item.attrs.get("units", ""))]

    with h5py.File(path, "r") as f:
        f.visititems(note)
        for name, group in f["root"].items():
            if not isinstance(group, h5py.Group) or "data" not in group:
                continue
            data = group["data"]
            axes = []
            for i in range(data.ndim):
                (scale,) = data.dims[i].values()
                step = (scale[-1] - scale[0]) / (len(scale) - 1) if len(scale) > 1 else None
                axes.append({"name": text(scale.attrs["name"]), "label": data.dims[i].label,
                             "units": text(scale.attrs["units"]), "offset": float(scale[0]),
                             "scale": step, "size": len(scale)})
            seen["signals"][name] = {"title": text(data.attrs["title"]), "axes": axes,
                                     "units": text(data.attrs["units"]), **checksum(data[...])}
    return seen


def see_nexus(path):
    """Follows `default` from the file to the NXdata, as a NeXus viewer does, and lists them all."""
    import h5py

    seen = {}
    with h5py.File(path, "r") as f:
        assert f.attrs["NX_class"] == "NXroot"
        entry = f[f.attrs["default"]]
        assert entry.attrs["NX_class"] == "NXentry"
        seen["title"] = text(entry["title"][()])
        seen["default"] = entry.attrs.get("default")
        seen["nxdata"] = {}
        for name, group in entry.items():
            if group.attrs.get("NX_class") != "NXdata":
                continue
            data = group[group.attrs["signal"]]
            axes = [group[text(a)] for a in group.attrs["axes"]]
            assert [len(a) for a in axes] == list(data.shape), name
            seen["nxdata"][name] = {"interpretation": text(data.attrs.get("interpretation", "")),
                                    "units": [text(a.attrs["units"]) for a in axes]}
        if seen["default"] is not None:
            assert seen["default"] in seen["nxdata"]
    return seen


def see_silx(path):
    """What a NeXus library of others makes of the NXdata groups; `issues` is its list of faults."""
    import importlib.util

    if importlib.util.find_spec("silx") is None:
        return {"skipped": "silx is not installed"}
    import silx.io
    from silx.io import nxdata

    with silx.io.open(path) as f:
        default = nxdata.get_default(f)
        seen = {"default": default.group.name if default else None, "nxdata": {}}
        for name, group in f["root"].items():
            if group.attrs.get("NX_class") != "NXdata":
                continue
            d = nxdata.NXdata(group)
            seen["nxdata"][name] = {"issues": d.issues, "title": d.title,
                                    "shape": list(d.signal.shape), "axes": d.axes_dataset_names,
                                    "axis_titles": d.axes_names,
                                    "interpretation": d.interpretation}
    return seen


def hyperspy_axes(axes):
    """Even steps by offset and scale, uneven ones by their values."""
    keys = ("name", "units", "offset", "scale", "size", "navigate")
    seen = []
    for a in axes:
        seen.append({k: getattr(v, "item", lambda v=v: v)()
                     for k, v in ((k, a[k]) for k in keys if k in a)})
        if "axis" in a:
            seen[-1]["values"] = [float(v) for v in a["axis"]]
    return seen


def by_title(pairs):
    """A dictionary of (title, entry) pairs; a title that comes again gets a number behind it."""
    seen = {}
    for title, entry in pairs:
        again = sum(known.split(" #")[0] == title for known in seen)
        seen[f"{title} #{again + 1}" if again else title] = entry
    return seen


def see_rosettasciio(path):
    from rsciio.hspy import file_reader

    return by_title((s["metadata"]["General"]["title"],
                     {"axes": hyperspy_axes(s["axes"]), **checksum(s["data"])})
                    for s in file_reader(path))


def load_hyperspy(path, lazy):
    """The format is named because three readers of RosettaSciIO claim the extension .hdf5."""
    import inspect

    import hyperspy.api as hs

    # Called `reader` before HyperSpy 2.5, where that name became deprecated.
    new = "file_format" in inspect.signature(hs.load).parameters
    signals = hs.load(path, lazy=lazy, **{"file_format" if new else "reader": "HSPY"})
    for s in signals if isinstance(signals, list) else [signals]:
        if lazy:
            s.compute(show_progressbar=False)
        axes = [{**a.get_axis_dictionary(), "size": a.size, "navigate": a.navigate}
                for a in s.axes_manager._axes]
        yield s.metadata.General.title, {
            "tem": s.metadata.get_item("Acquisition_instrument.TEM", {}) and
            s.metadata.Acquisition_instrument.TEM.as_dictionary(),
            "class": type(s).__name__, "signal_type": s.metadata.Signal.signal_type,
            "navigation": list(s.axes_manager.navigation_shape),
            "signal": list(s.axes_manager.signal_shape),
            "axes": hyperspy_axes(axes), **checksum(s.data)}


def see_hyperspy(path):
    seen = by_title(load_hyperspy(path, lazy=False))
    if by_title(load_hyperspy(path, lazy=True)) != seen:
        raise AssertionError("the lazy reader sees something else")
    return seen


def emd_nodes(node):
    """The nodes of an emdfile tree: the node itself, or what hangs below a root."""
    import emdfile

    return list(node._branch._dict.values()) if isinstance(node, emdfile.Root) else [node]


def emd_axes(array):
    return [{"name": n, "units": u, "offset": float(d[0]),
             "scale": float(d[1] - d[0]) if len(d) > 1 else None}
            for n, u, d in zip(array.dim_names, array.dim_units, array.dims)]


def see_emdfile(path):
    """A file with a data cube names classes that emdfile knows only once py4DSTEM is imported."""
    import emdfile

    alone = True
    try:
        tree = emdfile.read(path)
    except Exception as error:
        if "Unknown classname" not in str(error):
            raise
        import py4DSTEM  # noqa: F401

        alone = False
        tree = emdfile.read(path)
    arrays = {a.name: {"class": type(a).__name__, "units": a.units, **checksum(a.data)}
              for a in emd_nodes(tree) if hasattr(a, "dims")}
    return {"without_py4DSTEM": alone, "arrays": arrays}


def see_py4dstem(path):
    import py4DSTEM

    seen = {}
    for a in emd_nodes(py4DSTEM.read(path)):
        if not hasattr(a, "dims"):
            continue
        seen[a.name] = {"class": type(a).__name__, "axes": emd_axes(a), **checksum(a.data)}
        if isinstance(a, py4DSTEM.DataCube):
            alone = py4DSTEM.read(path, datapath="/root/" + a.name)
            c = alone.calibration
            seen[a.name]["calibration"] = {
                k: c[k] for k in ("R_pixel_size", "R_pixel_units", "Q_pixel_size",
                                  "Q_pixel_units", "QR_flip")}
            mean = alone.get_virtual_image(mode="rectangle", geometry=(0, a.Q_Nx, 0, a.Q_Ny),
                                           name="all").data
            seen[a.name]["virtual_image"] = checksum(mean)
    return seen


# emdfile comes before py4DSTEM, so that it is tried alone.
READERS = {"h5py": see_h5py, "nexus": see_nexus, "silx": see_silx, "rosettasciio": see_rosettasciio,
           "hyperspy": see_hyperspy, "emdfile": see_emdfile, "py4DSTEM": see_py4dstem}


def read_all(path, readers=READERS):
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    seen = {}
    for name, reader in readers.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                seen[name] = reader(path)
        except Exception as error:  # a reader of others may fail in any way
            last = traceback.extract_tb(error.__traceback__)[-1]
            seen[name] = {"error": f"{type(error).__name__}: {error}",
                          "at": f"{last.filename}:{last.lineno}"}
    return seen


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    result = read_all(sys.argv[1])
    print(json.dumps(result, indent=1, ensure_ascii=False))
    sys.exit(any("error" in r for r in result.values()))
