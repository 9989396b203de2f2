#include "sim/engines/configurations.h"

namespace ronchi::sim {

FftEfforts PlanningEfforts(const SimulationOptions& o) {
  return {.waves = Fft::Effort::kMeasure,
          .planes = o.phonons ? Fft::Effort::kMeasure : Fft::Effort::kEstimate};
}

absl::StatusOr<Configurations> Configurations::Create(const SimulationOptions& o,
                                                      const SimulationPlan& plan,
                                                      const FftEfforts& efforts,
                                                      SimulationResult* result) {
  Configurations out;
  out.options_ = &o;
  out.plan_ = &plan;
  out.efforts_ = efforts;
  out.result_ = result;
  RONCHI_ASSIGN_OR_RETURN(out.factors_, ScatteringFactors::Load(o.parametrization));
  return out;
}

bool Configurations::Holds(int configuration) const { return made_ == Number(configuration); }

absl::Status Configurations::Make(int configuration) {
  const SimulationOptions& o = *options_;
  const int number = Number(configuration);
  waves_.reset();
  const Specimen displaced =
      o.phonons ? o.specimen.Displaced(o.phonon_rms_A, o.phonon_seed, uint64_t(number))
                : o.specimen;
  if (!potential_) {
    potential_.emplace(plan_->grid, o.slice_thickness_A, factors_,
                       PotentialOptions{o.projection, o.placement, efforts_.planes});
  }
  RONCHI_ASSIGN_OR_RETURN(const PotentialSlices potential, potential_->Make(displaced));
  waves_ = std::make_unique<Multislice>(potential, o.beam.energy_eV, o.tilt_rad, efforts_);
  result_->slices = waves_->slices();
  result_->distinct_slices = potential.distinct.size();
  result_->slice_thickness_A = potential.thickness_A;
  made_ = number;
  return absl::OkStatus();
}

void ReadPattern(const SimulationPlan& plan, std::span<const Real> intensity, double weight,
                 size_t exit, size_t probe, BlockSums* sums) {
  for (size_t d = 0; d < plan.detectors.size(); ++d) {
    const size_t n = plan.detectors[d].size();
    double* out =
        sums->values[d].data() + (exit * sums->block.count + probe - sums->block.first) * n;
    plan.detectors[d].Accumulate(intensity, weight, {out, n});
  }
}

}  // namespace ronchi::sim
