// What a CEOS corrector's methods do to an instrument. Of hw/server/ceos_server.cc, which knows the
// wire.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hw/server/hub.h"
#include "hw/wire/haider.h"

namespace ronchi::hw {

// Threads: any.
class CeosCorrector {
 public:
  explicit CeosCorrector(Hub* hub) : hub_(hub) {}

  // The result, or why there is none. InvalidArgument that MakeError did not make: the params are
  // no good; NotFound likewise: there is no such method. Else it is the instrument's own.
  absl::StatusOr<nlohmann::json> Call(const std::string& method, const nlohmann::json& params);

 private:
  using Pair = std::array<double, 2>;  // Haider's x and y, m
  using HaiderTerm = wire::HaiderTerm;
  // The last target of a correction with an explicit value, and what became of it.
  struct Told {
    double target = 0;   // Haider's
    double setting = 0;  // what the property was set to
    double read = 0;     // where it then stood, by the resolution
  };
  struct Change {
    std::string property;
    size_t part = 0;
    double to = 0;
  };

  nlohmann::json Info() const;
  absl::StatusOr<nlohmann::json> MeasureBy(const std::string& what);
  absl::StatusOr<nlohmann::json> Tableau(const nlohmann::json& params);
  absl::StatusOr<nlohmann::json> Correct(const nlohmann::json& params);
  absl::StatusOr<std::vector<Change>> Plan(size_t term, const std::optional<Pair>& value,
                                           const Pair& target);
  absl::Status Carry(size_t term, const std::vector<Change>& changes,
                     const std::optional<Pair>& value, const Pair& target);
  const PropertyInfo* Knob(const HaiderTerm& term, size_t part) const;

  template <class T>
  using ByTerm = std::array<std::array<std::optional<T>, 2>, wire::kHaiderTerms.size()>;

  Hub* const hub_;
  std::atomic<int> waiting_ = 0;
  std::timed_mutex correcting_;  // one reads where a knob stands and sets it before the next
  std::mutex mutex_;
  ByTerm<double> measured_;  // the latest, moved by what has been corrected since; Haider's
  ByTerm<Told> told_;
};

}  // namespace ronchi::hw
