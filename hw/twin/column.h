// The state of a twin, and how it goes on: everything that its commands act on.
#pragma once

#include <array>
#include <vector>

#include "hw/twin/hidden.h"
#include "hw/twin/image_model.h"
#include "hw/twin/optics.h"
#include "hw/twin/specimen_state.h"
#include "hw/twin/stage.h"
#include "hw/twin/twin_options.h"

namespace ronchi::hw {

class Column {
 public:
  Column(const TwinOptions& options, DetectorImages images);
  Column(const Column&) = delete;
  // To the start of an episode: the clock at zero, blanked, knobs at zero.
  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode);
  // Time passes: walks, settling.
  void Advance(double seconds);
  // The hidden numbers jump where events say so for the scan to come.
  void BeginScan();

  double Current_A() const;
  // What lies under the scan's origin so many seconds from now, Å.
  std::array<double, 2> UnderOrigin_A(double ahead_s) const;
  sim::Aberrations Optics() const;
  double Contrast(const sim::Aberrations& aberrations) const;
  double BestContrast() const;
  // All that Randomise sets and commands change.
  void Archive(StateArchive* archive);
  // Every hidden number, and what the optics amount to.
  std::map<std::string, double> AllHidden() const;

  // One frame from now on: every detector's counts, [detectors, lines · samples]. The dose that the
  // frame puts on the specimen is given, and booked by Expose alone.
  struct FrameRequest {
    const Scan* scan = nullptr;
    double line_s = 0;
    double dose_e_per_m2 = 0;
    std::vector<size_t> detectors;
  };
  std::vector<std::vector<float>> Acquire(const FrameRequest& request);
  // A mean image without beam noise or counting: fractions of the first detector.
  std::vector<double> NoiseFreeFrame(const FrameRequest& request, uint64_t frame) const;
  void Expose(std::span<const Rectangle> where, double dose_e_per_m2) {
    specimen.Expose(where, dose_e_per_m2, UnderOrigin_A(0));
  }

  const TwinOptions options;
  Hidden hidden;
  TwinOptics optics;
  TwinStage stage;
  SpecimenState specimen;
  double scan_rotation_rad = 0;
  double time_s = 0;
  bool blanked = true;
  int scans = 0;
  uint64_t ticks = 0;   // Advance so far: the step of its streams
  uint64_t frames = 0;  // likewise

 private:
  sim::LinearRaster Rows(const FrameRequest& request, uint64_t frame) const;
  const theory::Prior prior_;
  const DetectorImages images_;
};

}  // namespace ronchi::hw
