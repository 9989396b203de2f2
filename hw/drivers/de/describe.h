// What a DE-Server says of its camera and its scans, and what the config adds. Of de.cc.
#pragma once

#include <map>
#include <string>

#include "hw/drivers/de/de.h"

namespace ronchi::hw::de {

struct DeDescription {
  Description description;
  std::map<std::string, int> scanned;  // the type of result, by our name of the detector
  double frames_per_second = 0;        // as it stood, or as the config has it
  bool scan = false;                   // it has the properties of a scan
  bool coils = false;                  // and the voltages of the coils
};
absl::StatusOr<DeDescription> DescribeDe(const DeOptions& options, DeServer* server);

}  // namespace ronchi::hw::de
