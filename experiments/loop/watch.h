// An Instrument that lets everything through and tells the bus what passed: how a monitor and
// theory watch an agent that does not know of them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "experiments/loop/events.h"
#include "hw/instrument/instrument.h"

namespace ronchi {

// Where the writable properties stand after a reply, SI, by name.
void KeepSettings(const hw::Description& instrument, const hw::Reply& reply,
                  std::map<std::string, double>* settings);

class Watch : public hw::Instrument {
 public:
  // The bus, which outlives it, hears of each command before it is carried out, and of its reply. A
  // subscriber's error is the command's.
  Watch(std::unique_ptr<hw::Instrument> inner, EventBus* bus)
      : inner_(std::move(inner)), bus_(bus) {}
  const hw::Description& description() const override { return inner_->description(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }
  hw::GroundTruth* ground_truth() override { return inner_->ground_truth(); }

  // Where the writable properties stand, SI, as they were last read back; those that nobody has
  // read or set are missing.
  const std::map<std::string, double>& settings() const { return settings_; }
  // Scans, exposures of cameras and measurements that expose so far; with `count_parks`, parks,
  // too: what `at_scan` of an instrument's events counts (docs/twin.md).
  int exposures() const { return exposures_; }
  void set_count_parks(bool count) { count_parks_ = count; }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override;
  std::unique_ptr<hw::Instrument> inner_;
  EventBus* bus_;
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
