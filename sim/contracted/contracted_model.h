// Multislice images of a crystal in thermal motion, by the contracted engine: the mean over frozen
// phonons and over the crystal's translations, which has the crystal's period again.
#pragma once

#include <memory>

#include "sim/contracted/contracted_crystal.h"
#include "sim/image_model.h"

namespace ronchi::sim {

class ContractedModel final : public ImageModel {
 public:
  // Of one ring, thickness and tilt, as ContractedCrystal::Look has them.
  ContractedModel(const ContractedCrystal& crystal, size_t ring, size_t exit,
                  std::array<double, 2> tilt_rad = {0, 0});

  ImageHarmonics MakeHarmonics(const Aberrations& aberrations, double source_fwhm_A,
                               double focal_spread_A = 0) const override;
  ImageHarmonics MakeDerivatives(const Aberrations& aberrations, double source_fwhm_A,
                                 double focal_spread_A, std::span<const OpticsVariation> directions,
                                 std::vector<ImageHarmonics>* derivatives) const override;
  std::array<double, 2> cell_A() const override { return cell_A_; }

 private:
  Contracted::Setting SettingOf(const Aberrations& aberrations, double source_fwhm_A,
                                double focal_spread_A) const;
  // From the engine's coefficients by difference vector.
  ImageHarmonics ToHarmonics(const double* re, const double* im) const;
  std::shared_ptr<const Contracted> engine_;
  BeamOptics beam_;
  std::array<double, 2> cell_A_ = {0, 0};
  std::array<size_t, 2> cells_ = {1, 1};
  double early_A_ = 0;
};

}  // namespace ronchi::sim
