// Where each reader looks: the groups and attributes that make one dataset readable as EMD 1.0,
// NeXus, NSID and HyperSpy. For core/storage*.cc alone. Layout: docs/formats.md.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/storage.h"
#include "core/storage_hdf5.h"

namespace ronchi::hdf5 {

// InvalidArgument with the offending value: name, number of axes, scales, empty dimensions.
absl::Status CheckSignal(const Signal& signal, const std::vector<size_t>& shape);
// An RFC 9562 version-8 UUID that depends on `content` alone.
std::string ContentUuid(const std::string& content);

// py4DSTEM keeps one calibration a file: that of the first data cube.
struct Calibration {
  double q_size = 1, r_size = 1;
  std::string q_units = "pixels", r_units = "pixels";
  bool operator==(const Calibration&) const = default;
};
// Four axes, and along both of a plane the same step: py4DSTEM knows one pixel size for each.
bool IsDataCube(const Signal& signal);
Calibration CalibrationOf(const Signal& cube);
// The position of x where y follows it, in an image or a stack of images; nullopt: in a cube, whose
// size forbids a second copy, or where there is none.
std::optional<size_t> XBeforeY(const Signal& signal);
// With the entries of x and y exchanged.
template <class T>
std::vector<T> Exchanged(std::vector<T> entries, size_t x) {
  std::swap(entries[x], entries[x + 1]);
  return entries;
}

void WriteHeader(Writer& writer, hid_t file, const DataFileOptions& options);
// Makes /root/<name> and /Experiments/<name>; the returned datasets await their values, the second,
// only where XBeforeY(), with x and y exchanged.
std::array<Handle, 2> WriteSignalGroups(Writer& writer, const Signal& signal,
                                        const std::vector<size_t>& shape, bool data_cube,
                                        const DataFileOptions& options);
// `cubes`: the names of the signals that share the calibration.
void WriteCalibration(Writer& writer, const Calibration& calibration,
                      const std::vector<std::string>& cubes);

}  // namespace ronchi::hdf5
