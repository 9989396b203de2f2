// An Instrument that lets everything through and tells what passed: how a monitor and theory watch
// an agent that does not know of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "hw/instrument.h"

namespace ronchi {

class Watch : public hw::Instrument {
 public:
  using Listener = std::function<void(const hw::Command&, const hw::Reply&)>;
  explicit Watch(std::unique_ptr<hw::Instrument> inner) : inner_(std::move(inner)) {}

  // Called after each command that was carried out; an empty listener: nobody.
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  const hw::Description& description() const override { return inner_->description(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }
  hw::GroundTruth* ground_truth() override { return inner_->ground_truth(); }

  // Where the writable properties stand, SI, as they were last read back; those that nobody has
  // read or set are missing.
  const std::map<std::string, double>& settings() const { return settings_; }
  // Scans and exposures of cameras so far; with `count_parks`, parks and measurements, too: what
  // `at_scan` of an instrument's events counts (docs/twin.md).
  int exposures() const { return exposures_; }
  void set_count_parks(bool count) { count_parks_ = count; }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override;
  std::unique_ptr<hw::Instrument> inner_;
  Listener listener_;
  std::map<std::string, double> settings_;
  bool count_parks_ = false;
  int exposures_ = 0;
};

// "optics.C12.a" in m → "C12a_nm" and the unit's SI size: what a table calls a property.
struct PropertyColumn {
  std::string name;
  double unit_si = 1;
};
PropertyColumn ColumnOf(const hw::PropertyInfo& property);

}  // namespace ronchi
