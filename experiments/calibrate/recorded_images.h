// The images that a run has recorded, as theory takes them.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "hw/instrument/instrument.h"
#include "theory/forward/forward_model.h"

namespace ronchi {

struct RecordedImages {
  hw::Scan scan;              // by which they were made
  hw::DetectorInfo detector;  // of their frames
  std::vector<theory::Acquisition> images;
};

// Of the instrument `name` of a run's folder: the images of its most frequent kind of scan, whole
// ones alone. NotFound: none. InvalidArgument: a damaged recording.
absl::StatusOr<RecordedImages> ReadRecordedImages(const std::string& folder,
                                                  const std::string& name);

}  // namespace ronchi
