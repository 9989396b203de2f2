// The knobs of the tasks that tune aberrations, by level: 1: C10, C12 (3 knobs); 2: and C21, C23
// (7); 3: and C30, C32, C34 (12).
#pragma once

#include <string>

#include "env/knobs.h"

namespace ronchi::env {

struct AberrationRanges {
  double first_nm = 0, second_nm = 0, third_nm = 0;  // by order n of C_nm
};
Knobs MakeAberrationKnobs(int level, const AberrationRanges& ranges);
// "C10, C12a, C12b", in the knobs' order.
std::string AberrationNames(int level);

}  // namespace ronchi::env
