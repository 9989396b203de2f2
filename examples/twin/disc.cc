// The twin of disc_twin.h at work: whether it keeps an instrument's promises, and an image.
//
//   cmake --build --preset release --target example_disc && build/release/examples/example_disc
#include <cstdio>

#include "examples/twin/disc_twin.h"
#include "hw/conformance/conformance.h"

int main() {
  using namespace ronchi::hw;
  const auto twin = MakeDiscTwin({}, /*seed=*/1);
  std::printf("%s", ConformanceReport(CheckConformance(twin.get())).c_str());
  Scan scan;
  scan.fov_x_m = scan.fov_y_m = 20e-9;
  scan.pixels_x = scan.pixels_y = 24;
  scan.dwell_s = 1e-5;
  scan.detectors = {"bf"};
  if (!twin->Execute(Unblank{}).ok()) return 1;
  const auto reply = twin->Execute(scan);
  if (!reply.ok()) {
    std::fprintf(stderr, "%s\n", std::string(reply.status().message()).c_str());
    return 1;
  }
  const auto& counts = reply->frames.at(0).counts;
  for (size_t y = 0; y < 24; ++y) {
    for (size_t x = 0; x < 24; ++x) std::printf("%5.0f", double(counts[y * 24 + x]));
    std::printf("\n");
  }
  return 0;
}
