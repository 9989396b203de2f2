#include "sim/engines/linear_engine.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/interrupt.h"
#include "sim/coherence.h"
#include "sim/linear.h"
#include "sim/physics/scattering_factors.h"

namespace ronchi::sim {
namespace {

LinearOptions OptionsOf(const SimulationOptions& o, const DetectorOptions& ring) {
  return {.energy_eV = o.beam.energy_eV,
          .semiangle_rad = o.beam.semiangle_rad,
          .inner_rad = ring.inner_rad,
          .outer_rad = ring.outer_rad};
}

class LinearRun final : public EngineRun {
 public:
  LinearRun(const SimulationOptions& o, const SimulationPlan& plan,
            std::shared_ptr<const ScatteringFactors> factors)
      : o_(o),
        plan_(plan),
        factors_(std::move(factors)),
        optics_(SpreadFocus(o.beam, o.focal_spread_A)) {}

  absl::Status Run(int configuration, Progress* progress, BlockSums* sums) override {
    const Specimen specimen = Moving();
    LinearRaster raster{{}, 0, 1};  // single points
    for (size_t p = 0; p < sums->block.count; ++p) {
      raster.starts_A.push_back(o_.scan.Position(sums->block.first + p));
    }
    for (size_t d = 0; d < plan_.detectors.size() && !Interrupted(); ++d) {
      const DetectorOptions& ring = plan_.detectors[d].options();
      absl::StatusOr<LinearEngine> engine =
          LinearEngine::Create(specimen, OptionsOf(o_, ring), *factors_);
      if (!engine.ok()) return Annotate(engine.status(), "detectors." + ring.name);
      std::vector<double> image(sums->block.count);
      // A run that a signal ended between two detectors has left the first one's image here.
      std::fill(sums->values[d].begin(), sums->values[d].end(), 0.0);
      for (const WeightedOptics& w : optics_) {
        engine->MakeHarmonics(w.optics.aberrations, o_.source_fwhm_A).ComputeImage(raster, image);
        for (size_t p = 0; p < image.size(); ++p) sums->values[d][p] += w.weight * image[p];
      }
    }
    if (Interrupted()) return absl::OkStatus();
    for (int& done : sums->configurations) ++done;
    progress->Tick(sums->block.count);
    return absl::OkStatus();
  }

 private:
  // Thermal motion enters through the displacements' rms, not through configurations.
  Specimen Moving() const {
    Specimen specimen = o_.specimen;
    for (Atom& a : specimen.atoms) {
      const auto element = o_.phonon_rms_A.find(a.z);
      if (!o_.phonons)
        a.rms_A = 0;
      else if (element != o_.phonon_rms_A.end())
        a.rms_A = element->second;
    }
    return specimen;
  }

  const SimulationOptions& o_;
  const SimulationPlan& plan_;
  std::shared_ptr<const ScatteringFactors> factors_;
  std::vector<WeightedOptics> optics_;
};

class LinearCrystal final : public CrystalImages {
 public:
  LinearCrystal(std::vector<std::shared_ptr<const ImageModel>> rings, std::vector<int> exits)
      : rings_(std::move(rings)), exits_(std::move(exits)) {}
  std::shared_ptr<const ImageModel> Look(size_t ring, size_t,
                                         std::array<double, 2>) const override {
    return rings_[ring];
  }
  double Share(size_t exit) const override { return double(exits_[exit]) / double(exits_.back()); }

 private:
  std::vector<std::shared_ptr<const ImageModel>> rings_;
  std::vector<int> exits_;
};

}  // namespace

// The atoms once more, detector by detector; the probes' places and a block's image.
EngineMemory LinearImaging::Memory(const SimulationOptions& o, const SimulationPlan& plan,
                                   int) const {
  EngineMemory need;
  for (const Detector& d : plan.detectors) {
    need.slices =
        std::max(need.slices, LinearEngine::EstimateBytes(o.specimen, OptionsOf(o, d.options())));
  }
  need.slices += double(o.specimen.atoms.size()) * sizeof(Atom);
  for (const auto& block : plan.blocks) {
    need.workspaces = std::max(need.workspaces, double(block.count) * 3 * sizeof(double));
  }
  return need;
}

absl::StatusOr<EngineCost> LinearImaging::Cost(const SimulationOptions& o, const SimulationPlan&,
                                               int) const {
  // 2 multiplications a harmonic and probe, of a thousand harmonics; a guess, it is fast anyway.
  constexpr double kSeconds = 1e-8, kHarmonics = 1e3;
  const double optics = double(SpreadFocus(o.beam, o.focal_spread_A).size());
  return EngineCost{.seconds = kSeconds * double(o.scan.probes()) * optics *
                               double(o.detectors.size()) * kHarmonics};
}

absl::StatusOr<std::unique_ptr<EngineRun>> LinearImaging::Prepare(const SimulationOptions& o,
                                                                  const SimulationPlan& plan,
                                                                  SimulationResult*) const {
  RONCHI_ASSIGN_OR_RETURN(auto factors, ScatteringFactors::Load(o.parametrization));
  return std::make_unique<LinearRun>(o, plan, std::move(factors));
}

std::shared_ptr<const Engine> MakeLinearEngine(ConfigReader*, std::array<size_t, 2>) {
  return std::make_shared<LinearImaging>();
}

std::string LinearRefuses(const DetectorOptions& d, double semiangle_rad) {
  if (d.type == DetectorOptions::Type::kAnnular && d.inner_rad >= semiangle_rad) return "";
  return absl::StrCat("images dark field only; detector '", d.name,
                      "' is not annular with an inner angle of at least the semiangle");
}

absl::StatusOr<std::shared_ptr<const CrystalImages>> MakeLinearCrystal(const CrystalOptions& c) {
  RONCHI_ASSIGN_OR_RETURN(const auto factors, ScatteringFactors::Load("kirkland"));
  std::vector<int> exits = c.exits;
  for (int e = 1; c.exits.empty() && e <= c.periods; ++e) exits.push_back(e);
  std::vector<std::shared_ptr<const ImageModel>> rings;
  for (const CrystalRing& ring : c.rings) {
    RONCHI_ASSIGN_OR_RETURN(LinearEngine engine,
                            LinearEngine::Create(c.cell,
                                                 {.energy_eV = c.energy_eV,
                                                  .semiangle_rad = c.semiangle_rad,
                                                  .inner_rad = ring.inner_rad,
                                                  .outer_rad = ring.outer_rad},
                                                 *factors));
    rings.push_back(std::make_shared<const LinearEngine>(std::move(engine)));
  }
  return std::make_shared<const LinearCrystal>(std::move(rings), std::move(exits));
}

}  // namespace ronchi::sim
