// A short course through an environment as text, for people to review and for tests to compare: its
// spec, its config, then seeded random steps with rounded statistics of each observation.
#pragma once

#include <string>

#include "core/status.h"

namespace ronchi {

constexpr uint64_t kPlaythroughSeed = 1;
constexpr int kPlaythroughSteps = 8;

// NotFound: no such id.
absl::StatusOr<std::string> Playthrough(const std::string& id);

// The first line in which two playthroughs differ, both versions of it; empty: they agree. Words
// are equal; numbers agree within `tolerance` of the larger, or a tenth of that of the largest
// number in the line (what is left of a difference of two large ones).
std::string PlaythroughDifference(const std::string& expected, const std::string& actual,
                                  double tolerance);

}  // namespace ronchi
