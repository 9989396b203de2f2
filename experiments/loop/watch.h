// An Instrument that lets everything through and hands theory each image as it arrives, with the
// settings under which it was taken: how a monitor watches an agent that does not know of it.
#pragma once

#include <functional>
#include <memory>

#include "hw/instrument.h"
#include "theory/column_model.h"

namespace ronchi {

class Watch : public hw::Instrument {
 public:
  using Listener = std::function<void(const theory::Acquisition&)>;
  explicit Watch(std::unique_ptr<hw::Instrument> inner) : inner_(std::move(inner)) {}

  // Called after each scan with a HAADF image; an empty listener: nobody.
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  const hw::Description& description() const override { return inner_->description(); }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override;
  std::unique_ptr<hw::Instrument> inner_;
  Listener listener_;
  std::array<double, 3> settings_A_{};
};

// The mean of a scan's HAADF frames as theory takes it.
theory::Acquisition ToAcquisition(const hw::Reply& reply, const std::array<double, 3>& settings_A);

}  // namespace ronchi
