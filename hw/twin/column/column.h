// The column twin's physics: aberrations that drift, a stage, a crystal or a film that the beam
// changes, detectors, a camera, measurements. What every twin does is hw/twin/base.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/quantity.h"
#include "hw/twin/base/twin_base.h"
#include "hw/twin/column/camera_patterns.h"
#include "hw/twin/column/image_model.h"
#include "hw/twin/column/optics.h"
#include "hw/twin/column/pink_noise.h"
#include "hw/twin/column/specimen_state.h"
#include "hw/twin/column/stage.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi::hw {

class ColumnTwin final : public TwinBase {
 public:
  // `patterns` is null where there is no camera.
  ColumnTwin(const TwinOptions& options, DetectorImages images,
             std::shared_ptr<CameraPatterns> patterns, uint64_t seed);
  absl::StatusOr<double> Figure(const std::string& name) const override {
    if (name == "contrast") return Contrast(Optics());
    return name == "best_contrast" ? BestContrast() : TwinBase::Figure(name);
  }

 private:
  double BestContrast() const;
  class Frame;
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

  void BeginEpisode() override;
  void ArchivePhysics(StateArchive* archive) override;
  std::string MadeFrom() const override;
  // What the optics, the stage and the beam amount to.
  void AddDerived(std::map<std::string, double>* hidden) const override;
  void HiddenJumped(const std::string& name, double by) override;
  void Evolve(double seconds) override;
  double Stands(const std::string& property) const override;
  double Drive(const std::string& property, double target) override;
  absl::Status CheckScan(const Scan& scan) const override;
  absl::Status CheckExpose(const Expose& expose) const override;
  std::unique_ptr<TwinFrame> BeginFrame(const FrameRequest& request) override;
  Array<float> AcquireExposure(const Expose& expose) override;
  // The truth is that of the middle of the measurement's time.
  void TakeMeasurement(const MeasureRequest& request, Reply* reply) override;
  // Electrons come down where the coils, which are turned by scan.rotation and not perfect, put
  // them.
  Rectangle OnSpecimen(const Rectangle& place) const override;

  // What lies under the scan's origin so many seconds from now, Å.
  std::array<double, 2> UnderOrigin_A(double ahead_s) const;
  sim::Aberrations Optics() const;
  double Contrast(const sim::Aberrations& aberrations) const;
  // Into the options' detectors; their number stands for the camera.
  size_t DetectorIndex(const std::string& name) const;
  // The camera's patterns of a line, which are made as the scan comes to it: they take
  // milliseconds each, and a scan may end early.
  void AcquirePatterns(size_t line, Frame* frame) const;
  // The mean pattern without beam noise or counting, [y, x].
  std::vector<double> NoiseFreePattern(double x_m, double y_m, double ahead_s) const;
  Estimate MeasureNow(const MeasureRequest& request);
  LineNoise NextLineNoise(const FrameRequest& request, uint64_t frame);
  SourceProfile Source() const;
  double FocalSpread() const;  // Å
  double Thickness() const {
    return hidden()["thickness_nm"] * kAngstromPerNanometre;
  }  // Å; 0: all
  // Of images with these aberrations, all else as it is now.
  ImageMoment Imaging(const sim::Aberrations& aberrations) const;
  PatternMoment Moment() const;
  // What is wrong with measurements in truth (MeasureFlaws).
  void Spoil(Estimate* estimate) const;
  sim::LinearRaster Rows(const FrameRequest& request, uint64_t frame,
                         std::vector<std::array<double, 2>> wander_A) const;

  const TwinOptions options_;
  const DetectorImages images_;
  const std::shared_ptr<CameraPatterns> patterns_;
  TwinOptics optics_;
  TwinStage stage_;
  SpecimenState specimen_;
  double scan_rotation_rad_ = 0;
  uint64_t frames_ = 0, exposures_ = 0, measurements_ = 0;  // so far: the steps of their streams
  Wander wander_;
};

}  // namespace ronchi::hw
