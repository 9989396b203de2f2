// An instrument that says of itself what it is not, and keeps its truth to itself, as a real one
// does.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "hw/instrument/instrument.h"

namespace ronchi::testing_support {

class Redescribed final : public hw::Instrument {
 public:
  using Change = std::function<void(hw::Description*)>;
  explicit Redescribed(
      std::unique_ptr<hw::Instrument> inner, const Change& change = [](hw::Description*) {})
      : inner_(std::move(inner)), description_(inner_->description()) {
    change(&description_);
  }
  const hw::Description& description() const override { return description_; }
  absl::StatusOr<hw::Reply> Run(const hw::Command& c, const hw::ExecuteOptions& o) override {
    return inner_->Execute(c, o);
  }

 private:
  std::unique_ptr<hw::Instrument> inner_;
  hw::Description description_;
};

}  // namespace ronchi::testing_support
