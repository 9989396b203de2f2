#include "hw/twin/column/column_twin.h"

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
  RONCHI_ASSIGN_OR_RETURN(DetectorImages images, DetectorImages::Create(options));
  std::shared_ptr<CameraPatterns> patterns;
  if (options.camera.present) {
    RONCHI_ASSIGN_OR_RETURN(patterns, CameraPatterns::Create(options));
  }
  return WithFaults(
      std::make_unique<ColumnTwin>(Complete(options), std::move(images), std::move(patterns), seed),
      options.faults, seed);
}

}  // namespace ronchi::hw
