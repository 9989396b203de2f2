#include "env/aberration_knobs.h"

namespace ronchi::env {

Knobs MakeAberrationKnobs(int level, const AberrationRanges& r) {
  std::vector<Knob> knobs;
  for (const char* name : {"optics.C10", "optics.C12.a", "optics.C12.b"}) {
    knobs.push_back({name, r.first_nm, "range_nm"});
  }
  if (level >= 2) {
    for (const char* name : {"optics.C21.a", "optics.C21.b", "optics.C23.a", "optics.C23.b"}) {
      knobs.push_back({name, r.second_nm, "range_second_nm"});
    }
  }
  if (level >= 3) {
    for (const char* name :
         {"optics.C30", "optics.C32.a", "optics.C32.b", "optics.C34.a", "optics.C34.b"}) {
      knobs.push_back({name, r.third_nm, "range_third_nm"});
    }
  }
  return Knobs(std::move(knobs), kNanometreKnobs);
}

std::string AberrationNames(int level) {
  std::string names = "C10, C12a, C12b";
  if (level >= 2) names += ", C21a, C21b, C23a, C23b";
  if (level >= 3) names += ", C30, C32a, C32b, C34a, C34b";
  return names;
}

}  // namespace ronchi::env
