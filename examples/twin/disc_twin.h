// A twin to copy: a hole in a dark foil, which drifts; a knob that blurs its edge, a stage that
// carries it along. What every twin does (clock, beam, lines, doses, hidden numbers, save and
// restore) comes from hw/twin/base; here is physics alone, and what there is to set and to see.
#pragma once

#include <cmath>
#include <memory>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "hw/twin/base/beam.h"
#include "hw/twin/base/common_options.h"
#include "hw/twin/base/twin_base.h"

namespace ronchi::hw {

struct DiscOptions : CommonOptions {
  double energy_eV = 100e3, semiangle_rad = 0.02, nominal_current_A = 10e-12;
  DiscOptions() {
    prior = theory::Prior({{"radius_nm", {4, 6}},
                           {"x_nm", {-1, 1}},
                           {"drift_nm_per_s", {0.1, 0.2}},
                           {"current_ratio", {0.9, 1.1}},
                           {"current_decay_per_h", {0, 0}}});
  }
};

inline Description DescribeDisc(const DiscOptions& o) {
  using Group = PropertyGroup;
  Description d;
  d.id = "disc:" + o.name;
  d.model = "a hole in a foil";
  d.simulated = true;
  d.properties = {{.name = "optics.C10",
                   .dimension = Dimension::kLength,
                   .min = -1e-6,
                   .max = 1e-6,
                   .max_step = 2e-6,
                   .writable = true,
                   .meaning = "blurs the edge",
                   .unit = "nm",
                   .resolution = 1e-10,
                   .settling_s = 0.05,
                   .group = Group::kOptics},
                  {.name = "stage.x",
                   .dimension = Dimension::kLength,
                   .min = -1e-6,
                   .max = 1e-6,
                   .max_step = 2e-6,
                   .writable = true,
                   .meaning = "carries the foil along",
                   .unit = "nm",
                   .resolution = 1e-10,
                   .max_rate = 1e-8,
                   .settling_s = 0.5,
                   .group = Group::kStage},
                  {.name = "beam.current",
                   .dimension = Dimension::kCurrent,
                   .min = 0,
                   .max = 1e-6,
                   .meaning = "measured",
                   .unit = "pA",
                   .group = Group::kBeam},
                  {.name = "scan.count",
                   .min = 0,
                   .max = 1e18,
                   .meaning = "scans so far",
                   .group = Group::kScan},
                  {.name = "dose.max",
                   .dimension = Dimension::kDose,
                   .min = 0,
                   .max = 1e40,
                   .meaning = "largest dose on any square nanometre",
                   .unit = "e/A^2",
                   .group = Group::kBeam}};
  d.min_dwell_s = 1e-7;
  d.max_dwell_s = 1;
  d.detectors = {{.name = "bf",
                  .outer_rad = o.semiangle_rad,
                  .min_dwell_s = d.min_dwell_s,
                  .max_dwell_s = d.max_dwell_s}};
  d.max_fov_m = 1e-6;
  d.probe_m = LeastProbe_m(o.energy_eV, o.semiangle_rad);
  d.cannot = {"scan.camera", "expose", "measure"};
  d.read_s = 1e-3;
  d.blank_s = 1e-4;
  d.flyback_s = 1e-4;
  d.frame_overhead_s = 0.01;
  return d;
}

class DiscTwin final : public TwinBase {
 public:
  DiscTwin(const DiscOptions& o, uint64_t seed)
      : TwinBase({.description = DescribeDisc(o),
                  .prior = o.prior,
                  .events = o.events,
                  .energy_eV = o.energy_eV,
                  .semiangle_rad = o.semiangle_rad,
                  .nominal_current_A = o.nominal_current_A,
                  .real_time = o.real_time}),
        semiangle_rad_(o.semiangle_rad) {
    Randomise(seed, 0, 0);
  }

 private:
  void BeginEpisode() override {
    c10_m_ = stage_m_ = drift_m_ = 0;
    frames_ = 0;
  }
  void ArchivePhysics(StateArchive* a) override { a->All(&c10_m_, &stage_m_, &drift_m_, &frames_); }
  std::string MadeFrom() const override { return "disc"; }
  void AddDerived(std::map<std::string, double>* hidden) const override {
    (*hidden)["center_x_m"] = Center_m();
  }

  void Evolve(double seconds) override { drift_m_ += hidden()["drift_nm_per_s"] * 1e-9 * seconds; }
  double Stands(const std::string& name) const override {
    return name == "stage.x" ? stage_m_ : c10_m_;
  }
  double Drive(const std::string& name, double target) override {
    const double stands = std::round(target / 1e-10) * 1e-10;
    return (name == "stage.x" ? stage_m_ : c10_m_) = stands;
  }
  // The foil is carried along, and a dose stays where it fell on it.
  Rectangle OnSpecimen(const Rectangle& r) const override {
    return {r.x_m - stage_m_ - drift_m_, r.y_m, r.width_m, r.height_m};
  }

  double Center_m() const { return hidden()["x_nm"] * 1e-9 + stage_m_ + drift_m_; }
  // Of the electrons, at a place of the scan frame: an edge that is blurred as by a disc of C10 α.
  double Fraction(const std::array<double, 2>& at_m) const {
    const double blur_m = std::hypot(2e-10, c10_m_ * semiangle_rad_ / 2);
    const double out_m = std::hypot(at_m[0] - Center_m(), at_m[1]) - hidden()["radius_nm"] * 1e-9;
    return std::erfc(out_m / (std::numbers::sqrt2 * blur_m)) / 2;
  }
  // A frame is made as a whole, with the foil where it is at its beginning.
  std::unique_ptr<TwinFrame> BeginFrame(const FrameRequest& request) override {
    const auto [lines, samples] = ScanShape(*request.scan);
    const auto path = ScanPositions(*request.scan);
    RandomStream random = hidden().Stream("disc.counts", frames_++);
    const double electrons = Current_A() * request.scan->dwell_s / kElementaryCharge_C;
    auto frame = std::make_unique<TwinFrame>();
    Array<float>& counts = frame->counts.emplace_back(std::vector<size_t>{lines, samples});
    for (size_t i = 0; i < path.size(); ++i) {
      counts[i] = float(random.Poisson(electrons * Fraction(path[i])));
    }
    return frame;
  }

  const double semiangle_rad_;
  double c10_m_ = 0, stage_m_ = 0, drift_m_ = 0;
  uint64_t frames_ = 0;  // so far: the step of their stream
};

inline std::unique_ptr<Instrument> MakeDiscTwin(const DiscOptions& options, uint64_t seed) {
  return WithFaults(std::make_unique<DiscTwin>(options, seed), options.faults, seed);
}

}  // namespace ronchi::hw
