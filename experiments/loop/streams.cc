#include "experiments/loop/streams.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ronchi {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Summarise(std::span<const float> values, const std::string& summary) {
  double sum = 0, squares = 0, moment = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    squares += double(values[i]) * values[i];
    moment += double(i) * values[i];
  }
  const double n = double(values.size());
  if (summary == "mean") return sum / n;
  if (summary == "sd") return std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
  if (summary == "norm") return std::sqrt(squares);
  return sum == 0 ? kNaN : moment / sum;  // centroid
}

// "x" of one number, "x[0]", "x[1]" … of several.
std::string Numbered(const std::string& name, size_t i, size_t n) {
  return n == 1 ? name : absl::StrCat(name, "[", i, "]");
}

absl::Status NoSuchStream(const std::string& name, const env::Spec& spec) {
  std::vector<std::string> known = {"reward", "return",      "length",
                                    "action", "action.norm", "innovations"};
  for (const auto& [entry, box] : spec.observation_space) {
    known.push_back(absl::StrCat(entry, box.size() > kMostNumbers ? ".mean" : ""));
  }
  for (const std::string& info : spec.info_names) known.push_back("info." + info);
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is not allowed; allowed: ", absl::StrJoin(known, ", "),
                   "; <entry>.mean, .sd, .norm, .centroid; and .change of each"));
}

}  // namespace

absl::StatusOr<std::vector<Streams::Item>> Streams::ItemsOf(const std::string& name,
                                                            const env::Spec& spec,
                                                            bool per_episode) {
  using Items = std::vector<Item>;
  const size_t dot = name.rfind('.');
  const std::string head = name.substr(0, dot);
  const std::string summary = dot == std::string::npos ? "" : name.substr(dot + 1);
  if (name == "reward") return Items{{.name = name}};
  if (per_episode && name == "return") return Items{{.name = name, .kind = Item::Kind::kReturn}};
  if (per_episode && name == "length") return Items{{.name = name, .kind = Item::Kind::kLength}};
  if (name == "action.norm") {
    return Items{{.name = name, .kind = Item::Kind::kAction, .summary = "norm"}};
  }
  if (absl::StartsWith(name, "info.") &&
      std::ranges::find(spec.info_names, name.substr(5)) != spec.info_names.end()) {
    return Items{{.name = name, .kind = Item::Kind::kInfo, .key = name.substr(5)}};
  }
  const auto numbers = [&](Item::Kind kind, size_t n) {
    Items items;
    for (size_t i = 0; i < n; ++i) {
      items.push_back({.name = Numbered(name, i, n), .kind = kind, .key = name, .index = i});
    }
    return items;
  };
  if (name == "action") return numbers(Item::Kind::kAction, spec.action_space.size());
  const auto whole = spec.observation_space.find(name);
  if (whole != spec.observation_space.end() && whole->second.size() <= kMostNumbers) {
    return numbers(Item::Kind::kEntry, whole->second.size());
  }
  const bool summarised =
      summary == "mean" || summary == "sd" || summary == "norm" || summary == "centroid";
  if (summarised && spec.observation_space.contains(head)) {
    return Items{{.name = name, .kind = Item::Kind::kEntry, .key = head, .summary = summary}};
  }
  if (summary != "change" || per_episode) return NoSuchStream(name, spec);
  RONCHI_ASSIGN_OR_RETURN(Items items, ItemsOf(head, spec, false));
  for (Item& item : items) {
    item.change = true;
    item.name += ".change";
  }
  return items;
}

absl::StatusOr<Streams> Streams::Create(const std::vector<std::string>& names,
                                        const env::Spec& spec, bool per_episode) {
  Streams out;
  for (const std::string& name : names) {
    if (name == "innovations") {
      out.innovations_ = true;
      continue;
    }
    RONCHI_ASSIGN_OR_RETURN(const std::vector<Item> items, ItemsOf(name, spec, per_episode));
    for (const Item& item : items) {
      out.items_.push_back(item);
      out.expanded_.push_back(item.name);
    }
  }
  out.BeginEpisode();
  return out;
}

double Streams::Of(const Item& item, const env::Observation& observation,
                   std::span<const float> action, double reward, const env::Info& info) {
  switch (item.kind) {
    case Item::Kind::kReward:
      return reward;
    case Item::Kind::kAction:
      return item.summary.empty() ? action[item.index] : Summarise(action, item.summary);
    case Item::Kind::kInfo:
      return info.at(item.key);
    case Item::Kind::kEntry: {
      const Array<float>& values = observation.at(item.key);
      return item.summary.empty() ? values[item.index] : Summarise(values.values(), item.summary);
    }
    default:
      return kNaN;  // of the episode
  }
}

void Streams::BeginEpisode() {
  sums_.assign(items_.size(), 0);
  last_.assign(items_.size(), kNaN);
  before_.assign(items_.size(), kNaN);
  return_ = 0;
  steps_ = 0;
}

std::vector<NamedValue> Streams::Step(const env::Observation& observation,
                                      std::span<const float> action, double reward,
                                      const env::Info& info) {
  std::vector<NamedValue> out;
  return_ += reward;
  ++steps_;
  for (size_t i = 0; i < items_.size(); ++i) {
    const double now = Of(items_[i], observation, action, reward, info);
    last_[i] = items_[i].change ? now - before_[i] : now;
    before_[i] = now;
    sums_[i] += last_[i];
    out.push_back({items_[i].name, last_[i]});
  }
  return out;
}

std::vector<NamedValue> Streams::EndEpisode() const {
  std::vector<NamedValue> out;
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item::Kind kind = items_[i].kind;
    const double value = kind == Item::Kind::kReturn   ? return_
                         : kind == Item::Kind::kLength ? std::log(double(steps_))
                         : kind == Item::Kind::kInfo   ? last_[i]
                                                       : sums_[i] / steps_;
    out.push_back({items_[i].name, value});
  }
  return out;
}

}  // namespace ronchi
