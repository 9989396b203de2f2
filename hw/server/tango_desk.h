// asyncroscopy's devices, answered by an instrument. Of tango_server.cc.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hw/server/ceos_corrector.h"
#include "hw/server/column_desk.h"
#include "hw/server/tiled_shelf.h"
#include "hw/wire/tango.h"

namespace ronchi::hw {

class TangoDesk final : public wire::TangoOffered {
 public:
  TangoDesk(Hub* hub, std::shared_ptr<TiledShelf> shelf);

  std::vector<wire::TangoOffer> Devices() const override;
  absl::StatusOr<wire::TangoValue> Command(const std::string& device, const std::string& command,
                                           const wire::TangoValue& in) override;
  absl::StatusOr<wire::TangoValue> Read(const std::string& device,
                                        const std::string& attribute) override;
  absl::Status Write(const std::string& device, const std::string& attribute,
                     const wire::TangoValue& value) override;

 private:
  using Value = absl::StatusOr<wire::TangoValue>;
  Value Image(const std::string& command, const wire::TangoValue& in);
  Value Knob(const std::string& command, const wire::TangoValue& in);
  Value Correct(const std::string& command, const wire::TangoValue& in);
  Value Scanned(const std::vector<std::string>& detectors);
  Value Exposed();
  Value Cached(int64_t index);
  Value Stage();
  absl::Status MoveStage(const std::vector<double>& to);
  absl::Status PlaceBeam(const std::vector<double>& at);

  ColumnDesk column_;
  CeosCorrector corrector_;
  const std::shared_ptr<TiledShelf> shelf_;
  const DetectorInfo* const camera_;  // null: there is none
  mutable std::mutex mutex_;          // of what follows, which an instrument does not have
  double fov_m_, dwell_s_ = 1e-6, exposure_s_ = 0.1;
  int64_t pixels_, binning_ = 1;
  std::vector<double> region_ = {0, 0, 1, 1};  // left, top, width, height, in parts of the field
  std::vector<double> place_ = {0.5, 0.5};
};

}  // namespace ronchi::hw
