// Multislice images of a crystal in thermal motion, by the contracted engine: the mean over frozen
// phonons and over the crystal's translations, which has the crystal's period again.
#pragma once

#include <memory>
#include <vector>

#include "core/status.h"
#include "sim/contracted/contracted.h"
#include "sim/image_model.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

struct ContractedModelOptions {
  Specimen cell;  // one period across the beam, the whole thickness along it
  double energy_eV = 200e3;
  double semiangle_rad = 0.024;
  double inner_rad = 0.06, outer_rad = 0.1;  // of the annular detector
  // Boxes of displaced atoms (Atom::rms_A); as every box counts once for each of its cells, few are
  // enough. No atom with an rms: one, at rest.
  int configurations = 2;
  uint64_t phonon_seed = 0;
  // The box holds whole cells and is at least so wide: a probe defocused by 20 nm at 18 mrad is
  // 7 Å across, and its tails must not meet those of its images.
  double least_box_A = 23;
  // Waves reach as far as the detectors, and so far at least: what is scattered further comes back
  // into small angles, too.
  double least_reach_per_A = 0;
};

class ContractedModel final : public ImageModel {
 public:
  struct Ring {
    double inner_rad = 0, outer_rad = 0;
  };
  // Kept for the program's life by what determines it, and on disk. InvalidArgument: an element
  // without scattering factor. ResourceExhausted: more memory than is free. Cancelled: interrupted.
  static absl::StatusOr<std::shared_ptr<const ContractedModel>> Create(
      const ContractedModelOptions& options);
  // One model a ring, prepared together, with the options' own ring not used. Each costs as much to
  // ask as all of them.
  static absl::StatusOr<std::vector<std::shared_ptr<const ContractedModel>>> CreateRings(
      const ContractedModelOptions& options, const std::vector<Ring>& rings);

  ImageHarmonics MakeHarmonics(const Aberrations& aberrations, double source_fwhm_A) const override;
  std::array<double, 2> cell_A() const override { return cell_A_; }

 private:
  ContractedModel() = default;
  std::shared_ptr<const Contracted> engine_;
  BeamOptics beam_;
  std::array<double, 2> cell_A_ = {0, 0};
  std::array<size_t, 2> cells_ = {1, 1};
  size_t value_ = 0;  // of the engine's
};

}  // namespace ronchi::sim
