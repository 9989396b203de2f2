// The numbers that a twin hides, by name (twin_prior.h, docs/twin.md), and the streams of chance of
// one episode.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/random.h"
#include "hw/instrument/state_archive.h"

namespace ronchi::hw {

struct HiddenNumbers {
  std::map<std::string, double> values;
  uint64_t seed = 0, environment = 0, episode = 0;

  double operator[](const char* name) const { return values.at(name); }
  RandomStream Stream(std::string_view name, uint64_t step = 0) const {
    return RandomStream(
        {.seed = seed, .name = name, .environment = environment, .episode = episode, .step = step});
  }
  void Archive(StateArchive* a) { a->All(&values, &seed, &environment, &episode); }
};

}  // namespace ronchi::hw
