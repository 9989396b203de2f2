// What a DE-TEM-Channel can read and set, as one table. Of de_tem.cc.
#pragma once

#include <string>
#include <vector>

#include "hw/drivers/de_tem/channel.h"
#include "hw/drivers/de_tem/de_tem.h"

namespace ronchi::hw::de_tem {

struct Knob {
  enum class Way {
    kReadOnly,
    kValue,  // a method with one argument
    kPair,   // a method with x and y, of which one is changed
    kStage,  // setStagePosition with one axis in its mask
  };
  PropertyInfo info;
  double si = 1;        // of one of its units
  std::string key;      // of executeBatchCommands
  size_t part = 0;      // of several numbers, parted by ';'
  bool single = false;  // key is one of getProperty, not of the batch
  Way way = Way::kReadOnly;
  std::string method, argument;
  bool whole = false;  // its numbers are
  double stepped = 0;  // stands at the nearest of given values, at most this factor off; 0: not
};

// All that there may be; which of them there are, the answers tell.
std::vector<Knob> KnobsOf(const DeTemOptions& options);
// The number of the knob in a field, SI. kHardware: none there.
absl::StatusOr<double> KnobValue(const Knob& knob, const std::string& field,
                                 const Channel& channel);
// The bits of axes-mask.
int StageMask(size_t axis);

}  // namespace ronchi::hw::de_tem
