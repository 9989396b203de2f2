// Spaces and specs as Python dicts, from which python/ronchi/spaces.py makes Gymnasium's.
#pragma once

#include <nanobind/nanobind.h>

#include "env/environment.h"

namespace ronchi::python {

// {"id", "summary", "reward", "max_episode_steps", "reward_threshold", "needs_ground_truth",
//  "info_names", "observation": {name: box}, "action": box, "reset_options": {name: box}}; a box is
// {"shape", "low", "high" (a number, or one for each element), "unit", "meaning"}.
nanobind::dict SpecDict(const env::Spec& spec);

}  // namespace ronchi::python
