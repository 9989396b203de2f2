// Where each reader looks: the groups and attributes that make one dataset readable as EMD 1.0,
// NeXus, NSID and HyperSpy. For core/storage*.cc alone. Layout: docs/formats.md.
#pragma once

#include <string>
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
bool IsDataCube(const Signal& signal);
Calibration CalibrationOf(const Signal& cube);

void WriteHeader(Writer& writer, hid_t file, const DataFileOptions& options);
// Makes /root/<name> and /Experiments/<name>; the returned dataset awaits its values.
Handle WriteSignalGroups(Writer& writer, const Signal& signal, const std::vector<size_t>& shape,
                         bool data_cube, const DataFileOptions& options);
// `cubes`: the names of the signals that share the calibration.
void WriteCalibration(Writer& writer, const Calibration& calibration,
                      const std::vector<std::string>& cubes);

}  // namespace ronchi::hdf5
