// What a column says of itself over DE-TEM-Channel, and what the config adds. Of de_tem.cc.
#pragma once

#include <map>
#include <string>

#include "hw/drivers/de_tem/corrector.h"
#include "hw/drivers/de_tem/knobs.h"

namespace ronchi::hw::de_tem {

struct DeTemDescription {
  Description description;
  std::map<std::string, Knob> knobs;  // by our name of the property
};
absl::StatusOr<DeTemDescription> DescribeDeTem(const DeTemOptions& options, const Channel& channel,
                                               const Corrector& corrector);

}  // namespace ronchi::hw::de_tem
