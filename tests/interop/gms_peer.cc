// What a bridge of GMS' that others run (check_gms.py) is seen to have through Ronchi's driver:
//   interop_gms_peer ADDRESS FIELD_AT_MAGNIFICATION_1 FIELD_M
// moves the stage, scans, exposes; prints a line each.
#include <cstdio>
#include <iostream>

#include "hw/drivers/gms/gms.h"

namespace ronchi::hw {
namespace {

absl::Status Drive(const std::vector<std::string>& words) {
  gms::GmsOptions o;
  RONCHI_ASSIGN_OR_RETURN(o.address, wire::ParseAddress(words[0]));
  o.answer_s = o.move_s = 60;
  o.field_at_magnification_1_m = std::stod(words[1]);
  o.camera_pixels_x = o.camera_pixels_y = 2048;
  o.stage_m = {-1e-4, 1e-4};
  o.tilt_rad = {-0.5, 0.5};
  RONCHI_ASSIGN_OR_RETURN(const auto gms, gms::MakeGms(o));
  for (const auto& [property, value] : {std::pair{"stage.x", Metres(3e-6)},
                                        {"stage.y", Metres(-2e-6)},
                                        {"stage.alpha", Radians(0.1)}}) {
    RONCHI_ASSIGN_OR_RETURN(const Reply set,
                            gms->Execute(Set{.property = property, .value = value}));
    std::printf("%s %.9g\n", property, set.readings[0].value.si);
  }
  RONCHI_ASSIGN_OR_RETURN(const Reply stage,
                          gms->Execute(Read{{"stage.x", "stage.y", "stage.alpha"}}));
  for (const Reading& r : stage.readings) {
    std::printf("read %s %.9g\n", r.property.c_str(), r.value.si);
  }
  const double field_m = std::stod(words[2]);
  Scan scan{.fov_x_m = field_m, .fov_y_m = field_m, .pixels_x = 96, .pixels_y = 96};
  scan.dwell_s = 2e-6;
  scan.detectors = {"haadf"};
  RONCHI_ASSIGN_OR_RETURN(const Reply image, gms->Execute(scan));
  RONCHI_ASSIGN_OR_RETURN(const Reply frame,
                          gms->Execute(Expose{.camera = "gatan", .time_s = 0.05, .binning = 8}));
  for (const auto& [what, reply] : {std::pair{"scan", &image}, {"expose", &frame}}) {
    const Array<float>& counts = reply->frames[0].counts;
    double sum = 0;
    for (const float c : counts.values()) sum += c;
    std::printf("%s %zu %zu %.9g\n", what, counts.shape()[0], counts.shape()[1],
                sum / double(counts.size()));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace ronchi::hw

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 3) return 2;
  const absl::Status s = ronchi::hw::Drive(words);
  if (!s.ok()) std::cerr << s << "\n";
  return s.ok() ? 0 : 1;
}
