// What every twin can be told in its file, whatever it simulates.
#pragma once

#include <string>

#include "core/config.h"
#include "hw/faulty.h"

namespace ronchi::hw {

struct CommonOptions {
  std::string name = "twin";
  bool real_time = false;  // commands take as long on the wall's clock as on the twin's
  FaultOptions faults;
};

// The keys `name`, `real_time` and `faults` of a twin's mapping. Values that these cannot have are
// kept in the reader but for those of `faults`: InvalidArgument.
absl::Status ReadCommonOptions(ConfigReader* reader, CommonOptions* options);

}  // namespace ronchi::hw
