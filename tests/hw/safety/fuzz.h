// Commands without sense: every verb, every kind of number, in no order.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "core/random.h"
#include "hw/instrument/command.h"

namespace ronchi::testing_support {

class Fuzz {
 public:
  // `rich`: of an instrument that also has a stage, a camera and measurements.
  explicit Fuzz(uint64_t seed, bool rich = false)
      : random_({.seed = seed, .name = "test.fuzz"}), rich_(rich) {}
  hw::Command Next() {
    switch (random_.Below(12)) {
      case 0:
        return hw::Read{{Name()}};
      case 1:
      case 2:
      case 3:
        return hw::Set{Name(),
                       {Real(1e-8), Kind()},
                       random_.Below(2) == 0,
                       random_.Below(9) ? 0 : Real(1e-9),
                       random_.Below(9) ? 0 : Real(1)};
      case 4:
      case 5:
      case 6:
        return AnyScan();
      case 7:
        return hw::Park{Real(1e-8), Real(1e-8), Real(1e-9)};
      case 8:
        if (rich_) return AnyExposure();
        return hw::Expose{Name(), Real(1), Real(1e-9), Real(1e-9), Count(), Count()};
      case 9:
        return hw::Blank{};
      case 10:
        return random_.Below(8) ? hw::Command(hw::Unblank{}) : hw::Command(hw::Safe{});
      default:
        return random_.Below(2) ? hw::Command(hw::Abort{})
                                : hw::Command(hw::Measure{What(), Real(1e-9), Real(1e-9)});
    }
  }

 private:
  hw::Expose AnyExposure() {
    static constexpr size_t kBinnings[] = {1, 1, 2, 4, 3, 0};
    return {random_.Below(6) ? "camera" : Name(),
            random_.Below(6) ? random_.Uniform(5e-4, 2e-3) : Real(1),
            Real(1e-8),
            Real(1e-8),
            random_.Below(3) ? 1 : Count(),
            kBinnings[random_.Below(std::size(kBinnings))]};
  }
  std::string What() {
    static constexpr const char* kWhat[] = {"defocus", "aberrations", "drift", "current"};
    return rich_ && random_.Below(6) ? kWhat[random_.Below(std::size(kWhat))] : Name();
  }
  double Real(double scale) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInf = std::numeric_limits<double>::infinity();
    static constexpr double kOdd[] = {kNan,  kInf,   -kInf,  0.0,   -0.0,
                                      1e300, -1e300, 5e-324, 1e-30, 1e10};
    if (random_.Below(8) == 0) return kOdd[random_.Below(std::size(kOdd))];
    return scale * random_.Normal() * (random_.Below(4) ? 1 : 5);
  }
  std::string Name() {
    static constexpr const char* kNames[] = {
        "optics.C10",   "optics.C10",  "optics.C12.a", "optics.C12.b",
        "beam.current", "beam.energy", "nonsense",     ""};
    static constexpr const char* kMore[] = {"stage.x",     "stage.alpha",   "optics.C21.a",
                                            "optics.C30",  "scan.rotation", "stage.z",
                                            "stage.gamma", "haadf"};
    if (rich_ && random_.Below(2)) return kMore[random_.Below(std::size(kMore))];
    return kNames[random_.Below(std::size(kNames))];
  }
  Dimension Kind() { return random_.Below(6) ? Dimension::kLength : Dimension(random_.Below(7)); }
  size_t Count() {
    return random_.Below(10) ? 1 + random_.Below(6) : (random_.Below(2) ? 0 : SIZE_MAX);
  }
  hw::Scan AnyScan() {
    const double fov = std::fabs(Real(3e-9));
    hw::Scan s{Real(1e-8),
               Real(1e-8),
               random_.Below(9) ? fov : Real(1e-9),
               fov,
               Count(),
               Count(),
               random_.Below(9) ? random_.Uniform(1e-7, 3e-6) : Real(1e-6),
               Count(),
               {random_.Below(9) ? "haadf" : "bf"}};
    if (rich_ && random_.Below(8) == 0) s.detectors.push_back("camera");
    if (random_.Below(4) == 0) s.rotation_rad = Real(1);
    switch (random_.Below(6)) {
      case 0:
        s.pattern = hw::ScanPattern::kSpiral;
        if (random_.Below(9)) s.pixels_y = 1;
        if (random_.Below(3) == 0) s.turns = Real(3);
        break;
      case 1:
        s.pattern = hw::ScanPattern::kPoints;
        s.dwell_s = random_.Below(9) ? 1e-7 : s.dwell_s;
        for (size_t n = random_.Below(6); n > 0; --n)
          s.points_m.push_back({Real(1e-9), Real(1e-9)});
        break;
      default:
        break;
    }
    return s;
  }
  RandomStream random_;
  bool rich_;
};

}  // namespace ronchi::testing_support
