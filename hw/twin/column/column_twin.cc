#include "hw/twin/column/column_twin.h"

#include <mutex>

#include "hw/twin/column/column.h"

namespace ronchi::hw {
namespace {

// The keys that stand beside the options' first detector.
TwinOptions Complete(TwinOptions o) {
  o.detectors[0].counts_per_electron = o.counts_per_electron;
  o.detectors[0].dark_counts = o.dark_counts;
  return o;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeTwin(const TwinOptions& options, uint64_t seed) {
  return MakeTwinMaker(options)(seed);
}

TwinMaker MakeTwinMaker(const TwinOptions& options) {
  struct Shared {
    std::once_flag once;
    absl::StatusOr<std::shared_ptr<const CameraPatterns>> patterns;
  };
  return [options, shared = std::make_shared<Shared>()](
             uint64_t seed) -> absl::StatusOr<std::unique_ptr<Instrument>> {
    RONCHI_ASSIGN_OR_RETURN(DetectorImages images, DetectorImages::Create(options));
    std::shared_ptr<CameraPatterns> own;  // it remembers the tilt that its twin had last
    if (options.camera.present) {
      std::call_once(shared->once, [&] { shared->patterns = CameraPatterns::Create(options); });
      RONCHI_RETURN_IF_ERROR(shared->patterns.status());
      own = std::make_shared<CameraPatterns>(**shared->patterns);
    }
    return WithFaults(
        std::make_unique<ColumnTwin>(Complete(options), std::move(images), std::move(own), seed),
        options.faults, seed);
  };
}

}  // namespace ronchi::hw
