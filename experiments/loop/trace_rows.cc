#include "experiments/loop/trace_rows.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "experiments/loop/streams.h"

namespace ronchi {
namespace {

// Every writable property that has been read or set, as a column's name and its value.
template <class Visit>
void ForSettings(const Watch& watch, Visit visit) {
  for (const auto& [name, si] : watch.settings()) {
    const PropertyColumn column = ColumnOf(*watch.description().FindProperty(name));
    visit(column.name, si / column.unit_si);
  }
}

}  // namespace

std::string ImageEntry(const env::DictSpace& space) {
  for (const char* name : {"image", "reconstruction"}) {
    const auto it = space.find(name);
    if (it != space.end() && it->second.shape.size() == 2) return name;
  }
  for (const auto& [name, box] : space) {
    if (box.shape.size() == 2 && box.size() > kMostNumbers) return name;
  }
  return "";
}

void PutStep(const env::Spec& spec, const env::Observation& observation, const env::Info& info,
             std::span<const float> action, double reward, Trace* trace) {
  const std::string image = ImageEntry(spec.observation_space);
  trace->Begin(image.empty() ? Array<float>() : observation.at(image));
  trace->Put("time_s", info.at("time_s"));
  trace->Put("dose_e_per_A2", info.at("dose_e_per_A2"));
  trace->Put("reward", reward);
  for (const auto& [name, values] : observation) {
    if (name == "settings" || values.size() > kMostNumbers) continue;
    for (size_t i = 0; i < values.size(); ++i) {
      trace->Put(values.size() == 1 ? name : absl::StrCat(name, "_", i), values[i]);
    }
  }
  for (const auto& [name, value] : info) {
    if (name != "time_s" && name != "dose_e_per_A2") trace->Put("info_" + name, value);
  }
  for (size_t i = 0; i < spec.action_space.size(); ++i) {
    trace->Put(absl::StrCat("action_", i),
               action.empty() ? std::numeric_limits<double>::quiet_NaN() : double(action[i]));
  }
}

std::vector<NamedValue> SettingColumns(const Watch& watch) {
  std::vector<NamedValue> out;
  ForSettings(watch, [&](const std::string& name, double value) { out.push_back({name, value}); });
  return out;
}

TruthColumns::TruthColumns(hw::GroundTruth* truth, const env::Spec& spec)
    : truth_(truth), figure_(spec.figure) {
  if (!truth || spec.figure.empty()) return;
  const absl::StatusOr<double> best = truth->Figure("best_" + spec.figure);
  if (best.ok() && *best > 0) best_ = *best;
}

std::optional<double> TruthColumns::Ratio() const {
  if (best_ == 0) return std::nullopt;
  const absl::StatusOr<double> now = truth_->Figure(figure_);
  return now.ok() ? std::optional(*now / best_) : std::nullopt;
}

std::vector<NamedValue> TruthColumns::Values(const Watch& watch) const {
  std::vector<NamedValue> out;
  if (!truth_) return out;
  if (const auto ratio = Ratio()) out.push_back({"true_ratio", *ratio});
  const std::map<std::string, double> hidden = truth_->Hidden();
  ForSettings(watch, [&](const std::string& name, double) {
    const auto it = hidden.find("total_" + name);
    if (it != hidden.end()) out.push_back({"true_" + name, it->second});
  });
  return out;
}

}  // namespace ronchi
