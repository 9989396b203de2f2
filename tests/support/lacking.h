// An instrument that is nothing but a description: what a task refuses, it refuses before it asks
// for anything.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "hw/instrument/instrument.h"

namespace ronchi::testing_support {

class Lacking final : public hw::Instrument {
 public:
  explicit Lacking(hw::Description description) : description_(std::move(description)) {}
  const hw::Description& description() const override { return description_; }
  absl::StatusOr<hw::Reply> Run(const hw::Command&, const hw::ExecuteOptions&) override {
    return absl::UnimplementedError("it is nothing but a description");
  }

 private:
  hw::Description description_;
};

// Why Task::Create refuses an instrument so changed, or options so changed; "" if it does not.
template <class Task, class Options>
std::string WhyRefused(hw::Description description, Options options,
                       const std::function<void(hw::Description*, Options*)>& change) {
  change(&description, &options);
  Lacking instrument(std::move(description));
  const absl::Status status = Task::Create(&instrument, options).status();
  return absl::IsInvalidArgument(status) ? std::string(status.message()) : "";
}

inline void RemoveProperty(hw::Description* d, const std::string& name) {
  std::erase_if(d->properties, [&](const auto& p) { return p.name == name; });
}

}  // namespace ronchi::testing_support
