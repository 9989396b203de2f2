// One HDF5 file that HyperSpy, RosettaSciIO, py4DSTEM, emdfile, NeXus viewers and pyNSID open as it
// is: one copy of the numbers, several ways in (docs/formats.md tells which reader looks where).
//
// The file appears whole or not at all (core/new_file.h): Close() puts it in its place, and a
// DataFile that is destroyed without Close() leaves nothing. The same calls give the same bytes:
// no clock, no random identifier. Any thread may call; calls are serialised. A failed write (disk
// full, device error) sticks: every later call returns it, so Close() alone need be looked at.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"

namespace ronchi {

// Coordinate i of an axis is offset + i * scale, or values[i] where steps are not even, in `units`:
// A, A^-1, nm, mrad, eV, s … ("Å" and "1/Å" are understood; each reader gets the spelling that it
// knows).
struct Axis {
  std::string name = "";
  std::string units = "";
  double offset = 0;
  double scale = 1;       // finite, not 0
  bool navigate = false;  // true: a scan or time axis, false: an axis of each image or spectrum
  std::string type = "spatial";     // spatial | reciprocal | spectral | temporal | unknown
  std::string long_name = "";       // for people; `name` when empty
  std::vector<double> values = {};  // empty, or one a coordinate, rising or falling strictly
  bool operator==(const Axis&) const = default;
};

// What an array of numbers means. An image of x and y is kept a second time with y before x, for
// HyperSpy, which draws the last axis horizontally. A rank-4 signal whose axes are spatial, spatial, reciprocal,
// reciprocal (scan x, scan y, qx, qy) opens as a calibrated DataCube in py4DSTEM, where steps along
// x and y are equal, which is all that it can tell.
struct Signal {
  std::string name = "";         // the group's name: letters, digits, '_', '-', '.'
  std::string title = "";        // `name` when empty
  std::string units = "";        // of the values, e.g. "counts"; "" is dimensionless
  std::vector<Axis> axes = {};   // one a dimension, the slowest first
  std::string signal_type = "";  // HyperSpy's: "", "EELS", …
  // What it was taken with; 0: not told.
  double beam_energy_keV = 0, convergence_mrad = 0, dwell_s = 0;
  bool operator==(const Signal&) const = default;
};

struct DataFileOptions {
  std::string title = "";
  std::string program = "ronchi";
  std::string version = "";  // this library's when empty
  std::string
      identity;  // what makes this file this file (resolved config, seed): hashed to its UUID
  std::string start_time = "";  // ISO 8601; left out when empty
};

class DataFile {
 public:
  // NotFound: no such folder. PermissionDenied. ResourceExhausted: disk full.
  static absl::StatusOr<DataFile> Create(const std::string& path, const DataFileOptions& options);
  DataFile(DataFile&&) noexcept;
  DataFile& operator=(DataFile&&) noexcept;
  ~DataFile();

  // The first signal written is what viewers show first.
  absl::Status Write(const Signal& signal, const Array<float>& values);
  // For signals too large for memory: declare, then fill slab by slab. What no slab has filled
  // reads as NaN. The slab is row-major; OutOfRange when it leaves the declared shape.
  absl::Status Declare(const Signal& signal, const std::vector<size_t>& shape);
  absl::Status WriteSlab(const std::string& name, const std::vector<size_t>& offset,
                         const std::vector<size_t>& count, std::span<const float> values);

  // Plain curves and texts at an absolute path of their own, e.g. /run/curves/contrast; the groups
  // above are made. AlreadyExists: the path is taken. /root and /Experiments are reserved.
  absl::Status WriteArray(const std::string& path, const Array<double>& values,
                          const std::string& units);
  absl::Status WriteText(const std::string& path, const std::string& text);

  // Writes what is left, syncs, renames. On failure the file is removed.
  absl::Status Close();

 private:
  struct Impl;
  explicit DataFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class DataFileReader {
 public:
  // NotFound: no such file. InvalidArgument: not HDF5.
  static absl::StatusOr<DataFileReader> Open(const std::string& path);
  DataFileReader(DataFileReader&&) noexcept;
  DataFileReader& operator=(DataFileReader&&) noexcept;
  ~DataFileReader();

  // A number array of any HDF5 number type. NotFound: no such dataset.
  absl::StatusOr<Array<float>> ReadFloat(const std::string& path) const;
  absl::StatusOr<Array<double>> ReadDouble(const std::string& path) const;
  // Part of it, row-major. OutOfRange: the slab leaves its shape.
  absl::StatusOr<Array<float>> ReadSlab(const std::string& path, const std::vector<size_t>& offset,
                                        const std::vector<size_t>& count) const;
  absl::StatusOr<std::string> ReadText(const std::string& path) const;
  // The text attribute of a group or dataset, e.g. ("/run/curves/contrast", "units").
  absl::StatusOr<std::string> ReadAttribute(const std::string& path, const std::string& name) const;
  // The names in a group, in alphabetical order.
  absl::StatusOr<std::vector<std::string>> List(const std::string& group) const;
  // The signals, and one of them as it was described to DataFile (values: "/root/<name>/data").
  absl::StatusOr<std::vector<std::string>> SignalNames() const { return List("/Experiments"); }
  absl::StatusOr<Signal> ReadSignal(const std::string& name) const;

 private:
  struct Impl;
  explicit DataFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ronchi
