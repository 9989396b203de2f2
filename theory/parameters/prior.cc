#include "theory/parameters/prior.h"

namespace ronchi::theory {

std::map<std::string, double> Prior::Draw(uint64_t seed, uint64_t environment,
                                          uint64_t episode) const {
  std::map<std::string, double> values;
  for (const auto& [name, range] : ranges_) {
    const std::string stream = "prior/" + name;
    RandomStream random(
        {.seed = seed, .name = stream, .environment = environment, .episode = episode});
    values[name] = random.Uniform(range.low, range.high);
  }
  return values;
}

}  // namespace ronchi::theory
