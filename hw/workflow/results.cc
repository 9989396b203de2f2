#include "hw/workflow/results.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::workflow {
namespace {

Value Unknown(Dimension dimension) { return Value::Range(kAnything, Exponents::Of(dimension)); }

Value AtLeastZero(Dimension dimension) {
  return Value::Range({0, kInfinity}, Exponents::Of(dimension));
}

// The canonical names of what is measured (docs/conventions.md); others are named by `gives`.
std::vector<std::pair<std::string, Dimension>> Canonical(const std::string& what) {
  constexpr Dimension kLength = Dimension::kLength;
  if (what == "defocus") return {{"C10", kLength}};
  if (what == "current") return {{"beam.current", Dimension::kCurrent}};
  if (what == "drift") return {{"drift.x", Dimension::kSpeed}, {"drift.y", Dimension::kSpeed}};
  if (what == "aberrations") {
    return {{"C10", kLength},   {"C12.a", kLength}, {"C12.b", kLength}, {"C21.a", kLength},
            {"C21.b", kLength}, {"C23.a", kLength}, {"C23.b", kLength}, {"C30", kLength}};
  }
  return {};
}

}  // namespace

bool DimensionNamed(const std::string& name, Dimension* dimension) {
  constexpr int kMost = 16;  // beyond the last one there are only "number"s
  for (int d = 0; d < kMost; ++d) {
    if (DimensionName(Dimension(d)) != name) continue;
    *dimension = Dimension(d);
    return true;
  }
  return false;
}

Results ForeseenResults(const Step& step, const Command& command, const Description& description,
                        const std::map<std::string, Interval>& positions) {
  Results all;
  const auto property = [&](const std::string& name) {
    const PropertyInfo* p = description.FindProperty(name);
    const auto at = positions.find(name);
    const Exponents unit = Exponents::Of(p ? p->dimension : Dimension::kNone);
    return Value::Range(at == positions.end() ? kAnything : at->second, unit);
  };
  if (const auto* read = std::get_if<ReadStep>(&step.body)) {
    for (const std::string& name : read->properties) all.emplace_back(name, property(name));
    if (read->properties.size() == 1) {
      const Value value = all[0].second;
      all.emplace_back("value", value);
      all.emplace_back("uncertainty", Value::Range({0, kInfinity}, value.unit));
    }
  } else if (const auto* set = std::get_if<SetStep>(&step.body)) {
    all.emplace_back("value", property(set->property));
  } else if (const auto* scan = std::get_if<ScanStep>(&step.body)) {
    for (const std::string& name : scan->detectors) all.emplace_back(name, Value::Image(nullptr));
  } else if (const auto* expose = std::get_if<ExposeStep>(&step.body)) {
    all.emplace_back(expose->camera, Value::Image(nullptr));
  } else if (const auto* measure = std::get_if<MeasureStep>(&step.body)) {
    const auto names = measure->gives.empty() ? Canonical(measure->what) : measure->gives;
    for (const auto& [name, dimension] : names) {
      all.emplace_back(name, Unknown(dimension));
      all.emplace_back(name + ".uncertainty", AtLeastZero(dimension));
    }
  }
  if (Exposes(command)) {
    all.emplace_back("electrons", AtLeastZero(Dimension::kNone));
    all.emplace_back("dose", AtLeastZero(Dimension::kDose));
  }
  all.emplace_back("elapsed", AtLeastZero(Dimension::kTime));
  all.emplace_back("time", AtLeastZero(Dimension::kTime));
  return all;
}

namespace {

void AddImages(const Reply& reply, Results* all) {
  std::map<std::string, std::shared_ptr<Images>> images;
  for (const Frame& frame : reply.frames) {
    std::shared_ptr<Images>& those = images[frame.detector];
    if (!those) {
      those = std::make_shared<Images>();
      those->detector = frame.detector;
    }
    those->frames.push_back(frame.counts);
  }
  for (auto& [name, those] : images) all->emplace_back(name, Value::Image(std::move(those)));
}

void AddEstimates(const Reply& reply, Results* all) {
  for (const Estimate& e : reply.estimates) {
    const size_t n = std::min(e.names.size(), e.values.size());
    for (size_t i = 0; i < n; ++i) {
      const double variance =
          e.covariance.size() == n * n ? std::max(0.0, e.covariance[i * n + i]) : 0;
      all->emplace_back(e.names[i], Value::Of(e.values[i]));
      all->emplace_back(e.names[i] + ".uncertainty",
                        Value::Of({std::sqrt(variance), e.values[i].dimension}));
    }
  }
}

}  // namespace

absl::StatusOr<Results> ResultsOf(const Step& step, const Reply& reply) {
  Results all;
  for (const Reading& r : reply.readings) all.emplace_back(r.property, Value::Of(r.value));
  if (reply.readings.size() == 1) {
    const Reading& r = reply.readings[0];
    all.emplace_back("value", Value::Of(r.value));
    all.emplace_back("uncertainty", Value::Of({r.uncertainty, r.value.dimension}));
  }
  AddImages(reply, &all);
  AddEstimates(reply, &all);
  all.emplace_back("electrons", Value::Number(reply.electrons));
  all.emplace_back("dose", Value::Of({reply.dose_e_per_m2, Dimension::kDose}));
  all.emplace_back("elapsed", Value::Of(Seconds(reply.elapsed_s)));
  all.emplace_back("time", Value::Of(Seconds(reply.time_s)));
  if (const auto* measure = std::get_if<MeasureStep>(&step.body)) {
    for (const auto& [name, dimension] : measure->gives) {
      const bool found = std::any_of(all.begin(), all.end(), [&](const auto& result) {
        return result.first == name && result.second.unit == Exponents::Of(dimension);
      });
      if (!found) {
        return absl::FailedPreconditionError(
            absl::StrCat(step.where, ": the instrument measured no ", name, " that is a ",
                         std::string(DimensionName(dimension))));
      }
    }
  }
  return all;
}

}  // namespace ronchi::hw::workflow
