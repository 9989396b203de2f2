#include "theory/parameters/parameter_set.h"

#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;

absl::Status Refuse(const Parameter& p, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("parameter '", p.name, "': ", std::string(what)));
}

absl::Status CheckNumbers(const Parameter& p) {
  const bool logarithm = p.transform == Transform::kLog;
  if (!std::isfinite(p.mean) || (logarithm && p.mean <= 0)) {
    return Refuse(p, absl::StrCat("mean ", p.mean, " is not allowed; allowed: ",
                                  logarithm ? "finite, above 0 (a logarithm)" : "finite"));
  }
  if (!(p.sigma > 0) || !std::isfinite(p.sigma)) {
    return Refuse(p, absl::StrCat("sigma ", p.sigma, " is not allowed; allowed: finite, above 0"));
  }
  for (const auto& [name, value] : {std::pair{"walk", p.walk}, std::pair{"jitter", p.jitter},
                                    std::pair{"search_step", p.search_step}}) {
    if (value >= 0 && std::isfinite(value)) continue;
    return Refuse(p,
                  absl::StrCat(name, " ", value, " is not allowed; allowed: finite, at least 0"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ParameterSet> ParameterSet::Create(std::vector<Parameter> parameters) {
  if (parameters.empty()) return absl::InvalidArgumentError("no parameter");
  ParameterSet out;
  out.all_ = std::move(parameters);
  std::set<std::string> names;
  for (const Parameter& p : out.all_) {
    if (p.name.empty()) return Refuse(p, "a name must not be empty");
    if (!names.insert(p.name).second) return Refuse(p, "is there twice");
    RONCHI_RETURN_IF_ERROR(CheckNumbers(p));
  }
  for (const Parameter& p : out.all_) {
    out.moved_.push_back(p.rate_of.empty() ? std::nullopt : out.Find(p.rate_of));
    if (p.rate_of.empty()) continue;
    const auto moved = out.moved_.back();
    if (!moved)
      return Refuse(p, absl::StrCat("is a rate of '", p.rate_of, "', which is not there"));
    if (!out.all_[*moved].rate_of.empty()) return Refuse(p, "is a rate of a rate");
    if (p.transform != Transform::kNone || out.all_[*moved].transform != Transform::kNone) {
      return Refuse(p, "a rate, and what it moves, cannot be logarithms");
    }
  }
  return out;
}

const std::string& ParameterSet::Label(size_t i) const {
  return all_[i].label.empty() ? all_[i].name : all_[i].label;
}

std::optional<size_t> ParameterSet::Find(std::string_view name) const {
  for (size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].name == name) return i;
  }
  return std::nullopt;
}

State ParameterSet::PriorMean() const {
  State out = State::Zero(Index(size()));
  for (size_t i = 0; i < size(); ++i) {
    out[Index(i)] = all_[i].transform == Transform::kLog ? std::log(all_[i].mean) : all_[i].mean;
  }
  return out;
}

State ParameterSet::PriorSigma() const {
  State out = State::Zero(Index(size()));
  for (size_t i = 0; i < size(); ++i) out[Index(i)] = all_[i].sigma;
  return out;
}

State ParameterSet::ToValues(const State& coordinates) const {
  State out = coordinates;
  for (size_t i = 0; i < size(); ++i) {
    if (all_[i].transform == Transform::kLog) out[Index(i)] = std::exp(out[Index(i)]);
  }
  return out;
}

absl::StatusOr<State> ParameterSet::ToCoordinates(const State& values) const {
  if (size_t(values.size()) != size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(values.size(), " values for ", size(), " parameters"));
  }
  State out = values;
  for (size_t i = 0; i < size(); ++i) {
    const bool logarithm = all_[i].transform == Transform::kLog;
    const double value = values[Index(i)];
    if (!std::isfinite(value) || (logarithm && value <= 0)) {
      return Refuse(all_[i], absl::StrCat("value ", value, " is not allowed; allowed: finite",
                                          logarithm ? ", above 0" : ""));
    }
    if (logarithm) out[Index(i)] = std::log(value);
  }
  return out;
}

State ParameterSet::Slopes(const State& coordinates) const {
  State out = State::Ones(Index(size()));
  for (size_t i = 0; i < size(); ++i) {
    if (all_[i].transform == Transform::kLog) out[Index(i)] = std::exp(coordinates[Index(i)]);
  }
  return out;
}

Eigen::MatrixXd ParameterSet::Propagator(double seconds) const {
  Eigen::MatrixXd out = Eigen::MatrixXd::Identity(Index(size()), Index(size()));
  for (size_t i = 0; i < size(); ++i) {
    if (moved_[i]) out(Index(*moved_[i]), Index(i)) = seconds;
  }
  return out;
}

}  // namespace ronchi::theory
