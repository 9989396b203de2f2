// The images of acquisitions: by the keys that the microscope answers, from Tiled; or from the
// microscope itself. Of hw/drivers/tango/tango.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/array.h"
#include "hw/drivers/tango/part.h"

namespace ronchi::hw {

class TangoImages {
 public:
  TangoImages(const TangoOptions& options, TangoPart* microscope)
      : options_(options), microscope_(microscope) {}
  // `count` images of height × width, as `command` has answered: one key of all, or one of each.
  // kHardware: what it answered is no key, or one that has been answered before.
  absl::StatusOr<std::vector<Array<float>>> Of(const std::string& command,
                                               const wire::TangoValue& answer, size_t count,
                                               size_t height, size_t width);

 private:
  absl::StatusOr<Array<float>> One(const std::string& key, size_t index,
                                   const std::vector<size_t>& shape);
  const TangoOptions& options_;
  TangoPart* const microscope_;
  std::optional<std::string> last_key_;
};

}  // namespace ronchi::hw
