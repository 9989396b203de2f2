#include "python/space_dict.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace ronchi::python {
namespace {

namespace nb = nanobind;

nb::object Bound(float all, const std::vector<float>& each) {
  return each.empty() ? nb::cast(double(all)) : nb::cast(each);
}

nb::dict BoxDict(const env::Box& box) {
  nb::dict d;
  d["shape"] = nb::tuple(nb::cast(box.shape));
  d["low"] = Bound(box.low, box.lows);
  d["high"] = Bound(box.high, box.highs);
  d["unit"] = box.unit;
  d["meaning"] = box.meaning;
  if (box.choices > 0) d["choices"] = box.choices;
  return d;
}

nb::dict SpaceDict(const env::DictSpace& space) {
  nb::dict d;
  for (const auto& [name, box] : space) d[name.c_str()] = BoxDict(box);
  return d;
}

}  // namespace

nb::dict SpecDict(const env::Spec& spec) {
  nb::dict d;
  d["id"] = spec.id;
  d["summary"] = spec.summary;
  d["reward"] = spec.reward;
  d["max_episode_steps"] = spec.max_episode_steps;
  d["reward_threshold"] = spec.reward_threshold;
  d["needs_ground_truth"] = spec.needs_ground_truth;
  d["info_names"] = spec.info_names;
  d["observation"] = SpaceDict(spec.observation_space);
  d["action"] = BoxDict(spec.action_space);
  d["reset_options"] = SpaceDict(spec.reset_options);
  return d;
}

}  // namespace ronchi::python
