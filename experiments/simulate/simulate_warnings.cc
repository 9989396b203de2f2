#include "experiments/simulate/simulate_warnings.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/engine.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/structure_summary.h"

namespace ronchi {
namespace {

// Independent tables agree to some per cent; where one is off by more than a quarter, its fit has
// ended.
constexpr double kLeastRatio = 0.8, kMostRatio = 1.25;
constexpr double kStep_per_A = 0.1;

using DetectorType = sim::DetectorOptions::Type;

// Peng's five Gaussians fall off where atoms fall with k⁻²: for some elements well before 12/Å, the
// end of the range that they are published for.
void CheckScatteringFactors(const sim::SimulationOptions& o, std::vector<std::string>* out) {
  if (o.parametrization != "peng") return;
  const auto peng = sim::ScatteringFactors::Load("peng");
  const auto other = sim::ScatteringFactors::Load("lobato");
  if (!peng.ok() || !other.ok()) return;
  const double wavelength = sim::Wavelength_A(o.beam.energy_eV);
  double reach_rad = o.beam.semiangle_rad;
  for (const sim::DetectorOptions& d : o.detectors) {
    const double outer = d.type == DetectorType::kPixelated ? d.max_rad : d.outer_rad;
    reach_rad = std::max(reach_rad, outer > 0 ? outer : o.grid().band_limit_per_A() * wavelength);
  }
  std::set<int> elements;
  for (const sim::Atom& a : o.specimen.atoms) elements.insert(a.z);
  for (int z : elements) {
    if (!(*peng)->Has(z) || !(*other)->Has(z)) continue;
    for (double k = 0; k <= reach_rad / wavelength; k += kStep_per_A) {
      const double ratio = (*peng)->At(z, k * k) / (*other)->At(z, k * k);
      if (ratio > kLeastRatio && ratio < kMostRatio) continue;
      out->push_back(absl::StrFormat(
          "Peng's scattering factor of %s is %.2g of Lobato's at %.2g/Å (%.3g mrad), and the "
          "detectors reach %.3g mrad; use parametrization: lobato or kirkland",
          (*peng)->Symbol(z), ratio, k, k * wavelength * 1e3, reach_rad * 1e3));
      break;
    }
  }
}

}  // namespace

std::vector<std::string> SimulationWarnings(const sim::SimulationOptions& o) {
  std::vector<std::string> out;
  if (o.specimen.summary) {
    for (const std::string& w : o.specimen.summary->warnings) {
      out.push_back(absl::StrCat(o.specimen.summary->file, ": ", w));
    }
  }
  const auto partly = std::count_if(o.specimen.atoms.begin(), o.specimen.atoms.end(),
                                    [](const sim::Atom& a) { return a.occupancy < 1; });
  if (partly > 0 && !o.phonons && !o.engine->Plan(o).incoherent) {
    out.push_back(absl::StrCat(
        partly,
        " atoms are partly occupied, and nothing moves: each potential is scaled by its "
        "occupancy, an average structure, whose scattering to high angles is too weak; with "
        "phonons.configurations each site is drawn"));
  }
  CheckScatteringFactors(o, &out);
  for (const sim::DetectorOptions& d : o.detectors) {
    if (d.type == DetectorType::kIntegratedDpc && d.outer_rad > 0) {
      out.push_back(absl::StrCat("detectors.", d.name,
                                 ": the integrated DPC of segments is not the phase σV, nor linear "
                                 "in it; without outer_mrad, from the centre of mass, it is"));
    }
  }
  return out;
}

}  // namespace ronchi
