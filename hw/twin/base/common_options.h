// What every twin can be told in its file, whatever it simulates.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/config.h"
#include "hw/wrappers/faulty.h"
#include "theory/parameters/prior.h"

namespace ronchi::hw {

// After `at_scan` exposures of the episode (TwinBasis says what counts as one) the hidden numbers
// named in `add` jump by that much.
struct TwinEvent {
  int at_scan = 0;
  std::map<std::string, double> add;
};

struct CommonOptions {
  std::string name = "twin";
  bool real_time = false;  // commands take as long on the wall's clock as on the twin's
  FaultOptions faults;
  theory::Prior prior;  // of the hidden numbers
  std::vector<TwinEvent> events;

  // What the hidden number of that name may come to: its prior, and what events make of it.
  theory::Range Reach(const std::string& hidden) const;
};

// What a hidden number of that name can be at all.
using PossibleHiddenNumber = NumberRange (*)(const std::string& name);
using HiddenRanges = std::map<std::string, theory::Range>;

// The keys `name`, `real_time` and `faults` of a twin's mapping. Values that these cannot have are
// kept in the reader but for those of `faults`: InvalidArgument.
absl::Status ReadCommonOptions(ConfigReader* reader, CommonOptions* options);
// The mapping `prior`: [low, high] for any of the names in `ranges`.
absl::Status ReadPrior(const Config& prior, PossibleHiddenNumber possible, HiddenRanges* ranges);
// The list `events` of the mapping `twin`; none: `events` stay as they are. InvalidArgument, too:
// an event that would bring a number of these ranges to where it cannot be.
absl::Status ReadEvents(const Config& twin, const Config& list, PossibleHiddenNumber possible,
                        const HiddenRanges& ranges, std::vector<TwinEvent>* events);
// Reads a twin's mapping, after that of the file in data/twins which its key `preset` names, if
// any: what the mapping says wins. `read` is told which of the two it is given.
absl::Status ReadOverPreset(
    const Config& twin,
    const std::function<absl::Status(const Config& mapping, bool is_preset)>& read);
// Reads a number that is kept in SI units and written in units of `unit`.
void ReadScaled(ConfigReader* reader, const char* key, double unit, NumberRange range,
                double* value);

}  // namespace ronchi::hw
