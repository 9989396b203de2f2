#include "theory/forward/crystal_waves.h"

#include <cmath>
#include <map>
#include <numbers>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "sim/physics/electron.h"

namespace ronchi::theory {
namespace {

using sim::Atom;
using sim::Specimen;

constexpr int kMostCopies = 400;       // that are looked for along an axis
constexpr double kSamePlace_A = 2e-3;  // of structure files with three digits
constexpr double kPlaneSpacing_A = 4;  // at most; a tenth of the shortest extinction distances

// Where an atom stands in a box whose side along `axis` is the given one, on a lattice of
// kSamePlace_A. The offset keeps round fractions of a cell off the lattice's borders.
using PlaceKey = std::tuple<int, long, long, long, long>;
PlaceKey KeyOf(const Atom& atom, const std::array<double, 3>& box_A) {
  const std::array<double, 3> at = {atom.x_A, atom.y_A, atom.z_A};
  std::array<long, 3> index;
  for (size_t a = 0; a < 3; ++a) {
    const double bins = std::max(1.0, std::round(box_A[a] / kSamePlace_A));
    const double part = at[a] / box_A[a];
    index[a] = std::lround(std::floor((part - std::floor(part)) * bins + 0.371)) % long(bins);
  }
  return {atom.z, std::lround(atom.occupancy * 1e4), index[0], index[1], index[2]};
}

bool Repeats(const Specimen& specimen, size_t axis, int copies) {
  if (specimen.atoms.size() % size_t(copies) != 0) return false;
  std::array<double, 3> box = specimen.cell_A;
  box[axis] /= copies;
  std::map<PlaceKey, int> found;
  for (const Atom& atom : specimen.atoms) ++found[KeyOf(atom, box)];
  for (const auto& [key, count] : found) {
    if (count != copies) return false;
  }
  return true;
}

Specimen FirstPart(const Specimen& specimen, size_t axis, int copies) {
  Specimen part = specimen;
  part.cell_A[axis] /= copies;
  part.atoms.clear();
  std::map<PlaceKey, int> seen;
  for (Atom atom : specimen.atoms) {
    if (seen[KeyOf(atom, part.cell_A)]++ > 0) continue;
    double& at = axis == 0 ? atom.x_A : axis == 1 ? atom.y_A : atom.z_A;
    at -= part.cell_A[axis] * std::floor(at / part.cell_A[axis] + 1e-6);
    part.atoms.push_back(atom);
  }
  return part;
}

}  // namespace

CrystalCell FindCell(const Specimen& specimen) {
  CrystalCell out{specimen};
  for (size_t axis = 0; axis < 3; ++axis) {
    const int most = int(std::min<size_t>(kMostCopies, out.cell.atoms.size()));
    for (int copies = most; copies > 1; --copies) {
      if (!Repeats(out.cell, axis, copies)) continue;
      out.cell = FirstPart(out.cell, axis, copies);
      out.copies[axis] = copies;
      break;
    }
  }
  return out;
}

Specimen Smeared(const Specimen& specimen, const std::map<int, double>& rms_A) {
  // Gauss–Hermite of four points for a normal distribution of variance 1 (Abramowitz & Stegun,
  // 25.4.46, times √2).
  constexpr std::array<double, 4> kAt = {-2.3344142183, -0.7419637843, 0.7419637843, 2.3344142183};
  constexpr std::array<double, 4> kShare = {0.0458758548, 0.4541241452, 0.4541241452, 0.0458758548};
  Specimen out = specimen;
  out.atoms.clear();
  for (const Atom& atom : specimen.atoms) {
    const auto given = rms_A.find(atom.z);
    const double rms = given != rms_A.end() ? given->second : atom.rms_A;
    if (!(rms > 0)) {
      out.atoms.push_back(atom);
      continue;
    }
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        Atom part = atom;
        part.x_A += rms * kAt[i];
        part.y_A += rms * kAt[j];
        part.occupancy *= kShare[i] * kShare[j];
        part.rms_A = 0;
        out.atoms.push_back(part);
      }
    }
  }
  return out;
}

absl::StatusOr<CrystalWaves> CrystalWaves::Create(const CrystalWavesOptions& o) {
  const auto& box = o.cell.cell_A;
  const int periods = std::max(1, int(std::ceil(o.depth_A / box[2] - 1e-9)));
  const int slices = std::max(1, int(std::ceil(box[2] / o.slice_thickness_A - 1e-6)));
  CrystalWaves out;
  out.slice_A_ = box[2] / slices;
  out.wavelength_A_ = sim::Wavelength_A(o.energy_eV);
  out.half_ = o.half;
  int step = 1;  // slices between planes: a part of a period
  for (int s = 1; s <= slices; ++s) {
    if (slices % s == 0 && s * out.slice_A_ <= kPlaneSpacing_A) step = s;
  }
  for (int e = step; e <= periods * slices; e += step) out.exits_.push_back(size_t(e));
  sim::Grid grid{.nx = sim::FastPixels(2, box[0] / o.pixel_A),
                 .ny = sim::FastPixels(2, box[1] / o.pixel_A),
                 .lx_A = box[0],
                 .ly_A = box[1]};
  if (size_t(2 * o.half[0]) >= grid.nx || size_t(2 * o.half[1]) >= grid.ny) {
    return absl::InvalidArgumentError(absl::StrCat("crystal waves: the grid of ", o.pixel_A,
                                                   " A a pixel does not hold ", o.half[0], " x ",
                                                   o.half[1], " orders"));
  }
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load(o.parametrization));
  RONCHI_ASSIGN_OR_RETURN(
      const sim::PotentialSlices potential,
      sim::MakePotential(o.cell.Repeated(1, 1, periods), grid, out.slice_A_, *factors,
                         {.projection = o.projection, .placement = o.placement}));
  // Plans are estimated: the same bytes on any run, whatever has been measured before.
  out.upright_ = std::make_shared<const sim::Multislice>(
      potential, o.energy_eV, std::array<double, 2>{0, 0},
      sim::FftEfforts{sim::Fft::Effort::kEstimate, sim::Fft::Effort::kEstimate});
  return out;
}

void CrystalWaves::Scatter(std::array<double, 2> kappa, size_t first, size_t step,
                           std::span<Amplitude> out) const {
  const sim::Multislice engine = upright_->Tilted(
      {std::atan(-wavelength_A_ * kappa[0]), std::atan(-wavelength_A_ * kappa[1])});
  const size_t n = orders(), count = out.size() / n;
  std::vector<size_t> exits;
  for (size_t i = 0; i < count; ++i) exits.push_back(exits_[first + i * step]);
  sim::Multislice::Workspace workspace = engine.MakeWorkspace();
  sim::ComplexBuffer wave;
  sim::ProbeSpectrum along;
  along.beams.push_back({0, 0, {1, 0}});
  const sim::Grid& grid = engine.grid();
  const int nx = int(grid.nx), ny = int(grid.ny);
  // The phase that the propagator leaves out, which differs from wave to wave.
  const double square = kappa[0] * kappa[0] + kappa[1] * kappa[1];
  const auto keep = [&](size_t i) {
    const double depth = double(exits[i] - 1) * slice_A_;
    const auto turn =
        Amplitude(std::polar(1.0, -std::numbers::pi * wavelength_A_ * depth * square));
    Amplitude* to = out.data() + i * n;
    for (int h = -half_[0]; h <= half_[0]; ++h) {
      for (int k = -half_[1]; k <= half_[1]; ++k) {
        const auto& value = wave[size_t((h + nx) % nx) * grid.ny + size_t((k + ny) % ny)];
        *to++ = turn * Amplitude(float(value.real()), float(value.imag()));
      }
    }
  };
  engine.RunToWaves(along, 0, 0, exits, keep, &wave, &workspace);
}

}  // namespace ronchi::theory
