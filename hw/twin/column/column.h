// The state of a twin, and how it goes on: everything that its commands act on.
#pragma once

#include <array>
#include <vector>

#include "core/quantity.h"
#include "hw/description.h"
#include "hw/reply.h"
#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/column/camera_patterns.h"
#include "hw/twin/column/image_model.h"
#include "hw/twin/column/optics.h"
#include "hw/twin/column/pink_noise.h"
#include "hw/twin/column/specimen_state.h"
#include "hw/twin/column/stage.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

class Column {
 public:
  // `patterns` is null where there is no camera.
  Column(const TwinOptions& options, DetectorImages images,
         std::shared_ptr<CameraPatterns> patterns);
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

  // One frame from now on. The dose that it puts on the specimen is given, and booked by Book
  // alone.
  struct FrameRequest {
    const Scan* scan = nullptr;
    double line_s = 0;
    double dose_e_per_m2 = 0;
    std::vector<size_t> detectors;  // the number of scanned ones stands for the camera
  };
  struct AcquiredFrame {
    std::vector<std::vector<float>> counts;  // by detector: [lines, samples, of the camera y, x]
    sim::LinearRaster rows;
    std::vector<double> electrons;  // a pixel, by line
    uint64_t frame = 0;
    CameraPatterns::Prepared patterns;
  };
  AcquiredFrame Acquire(const FrameRequest& request);
  // The camera's patterns of a line, which are made as the scan comes to it: they take
  // milliseconds each, and a scan may end early.
  void AcquirePatterns(const FrameRequest& request, size_t line, AcquiredFrame* frame) const;
  // One exposure of the camera from now on, the probe at (x, y) of the scan frame: counts,
  // [pixels/binning, pixels/binning].
  std::vector<float> AcquirePattern(const Expose& expose);
  // Takes the measurement's time; the truth is that of its middle.
  Estimate Measure(const MeasurementInfo& info, double electrons);
  // The mean pattern without beam noise or counting, [y, x].
  std::vector<double> NoiseFreePattern(double x_m, double y_m, double ahead_s);
  // A mean image without beam noise or counting: fractions of the first detector.
  std::vector<double> NoiseFreeFrame(const FrameRequest& request, uint64_t frame) const;
  // Of places in the scan frame: they come down where the coils, which are turned by scan.rotation
  // and not perfect, put them on the specimen.
  void Book(std::span<const Rectangle> where, double dose_e_per_m2);

  const TwinOptions options;
  HiddenNumbers hidden;
  TwinOptics optics;
  TwinStage stage;
  SpecimenState specimen;
  double scan_rotation_rad = 0;
  double time_s = 0;
  bool blanked = true;
  int scans = 0;
  uint64_t ticks = 0;   // Advance so far: the step of its streams
  uint64_t frames = 0;  // likewise
  uint64_t exposures = 0, measurements = 0;

 private:
  // 1/f noise of the probe's place along x and y and of the current.
  struct Wander {
    std::array<PinkNoise, 3> noise;
    double time_s = 0;  // of the episode, up to which it has gone on
    void Archive(StateArchive* a) { a->All(&noise, &time_s); }
  };
  // By line of a frame that begins now; none: empty.
  struct LineNoise {
    std::vector<std::array<double, 2>> place_A;
    std::vector<double> current;  // relative
  };
  LineNoise NextLineNoise(const FrameRequest& request, uint64_t frame, Wander* wander) const;
  SourceProfile Source() const;
  double FocalSpread() const;                                                          // Å
  double Thickness() const { return hidden["thickness_nm"] * kAngstromPerNanometre; }  // Å; 0: all
  // Of images with these aberrations, all else as it is now.
  ImageMoment Imaging(const sim::Aberrations& aberrations) const;
  // What is wrong with measurements in truth (MeasureFlaws).
  void Spoil(Estimate* estimate) const;
  PatternMoment Moment() const;
  sim::LinearRaster Rows(const FrameRequest& request, uint64_t frame,
                         std::vector<std::array<double, 2>> wander_A) const;
  Wander wander_;
  const theory::Prior prior_;
  const DetectorImages images_;
  const std::shared_ptr<CameraPatterns> patterns_;
};

}  // namespace ronchi::hw
