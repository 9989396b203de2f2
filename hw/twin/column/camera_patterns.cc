#include "hw/twin/column/camera_patterns.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hw/twin/column/film_planes.h"
#include "sim/contracted/cos_sin.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/slice_faces.h"

namespace ronchi::hw {
namespace {

constexpr double kSliceThickness_A = 2;        // of crystals, as the contracted engine has it
constexpr double kFwhmPerSigma = 2.354820045;  // 2 √(2 ln 2)
// How far waves reach: so many times the camera's edge or the aperture's rim, and a crystal's so
// far at least, for what is scattered further comes back. What tests/hw/twin/column/camera_grid.cc
// measures is what they leave: of 10 nm of SrTiO3, 0.5 % of the electrons in other pixels and 0.9 %
// of those outside the disc; 3 and 14 % with waves to 2.5/Å.
constexpr double kCrystalReach = 1.5, kCrystalReach_per_A = 3.4;
constexpr double kFilmReach = 1.6;
// Tilts are told apart in steps of 0.01 mrad, a tenth of what a stage resolves: a creeping stage
// does not cost a new propagator with every exposure.
constexpr double kTiltStep_rad = 1e-5;

// The plans are estimated: the same bytes on any run, whatever has been measured before.
constexpr sim::FftEfforts kEfforts = {sim::Fft::Effort::kEstimate, sim::Fft::Effort::kEstimate};

constexpr int kTailPasses = 4;

std::array<double, 2> TailPoint(const SourceProfile& source, int pass) {
  const double sign = pass & 1 ? 1 : -1;
  return pass & 2 ? std::array{0.0, sign * source.TailRadius_A(0.75)}
                  : std::array{sign * source.TailRadius_A(0.25), 0.0};
}

// Boxes of displaced atoms. More, and a thicker block of them, cost memory.
constexpr int kConfigurations = 2;
// A thicker crystal repeats the displacements of so many unit cells along the beam.
constexpr int kDisplacedLayers = 16;

// What of a specimen lies above a depth.
sim::Specimen Above(const sim::Specimen& s, double depth_A) {
  sim::Specimen out = s;
  out.cell_A[2] = depth_A;
  std::erase_if(out.atoms, [&](const sim::Atom& a) { return a.z_A >= depth_A - 1e-6; });
  return out;
}

// Whole cells, the least number that is at least so wide.
size_t Cells(double box_A, double cell_A) { return size_t(std::ceil(box_A / cell_A - 1e-9)); }

// A box's pixels along one axis: whole ones in every cell, and a multiple of sixteen, which plans
// that are estimated transform in two thirds of the time of 270 or 360.
size_t PixelsOf(size_t cells, double least) {
  return sim::FastPixels(std::lcm(cells, size_t(16)), least);
}

sim::Grid MakeGrid(const TwinOptions& o, double semiangle_rad, const std::array<size_t, 2>& cells) {
  const double wavelength_A = sim::Wavelength_A(o.energy_eV);
  double reach_rad = std::max(semiangle_rad, o.camera.pixel_rad * double(o.camera.pixels) / 2);
  reach_rad = o.film.present
                  ? kFilmReach * reach_rad
                  : std::max(kCrystalReach * reach_rad, kCrystalReach_per_A * wavelength_A);
  const double finest_A = wavelength_A / (3 * reach_rad);
  sim::Grid grid;
  grid.lx_A = double(cells[0]) * o.specimen.cell_A[0];
  grid.ly_A = double(cells[1]) * o.specimen.cell_A[1];
  grid.nx = PixelsOf(cells[0], grid.lx_A / finest_A);
  grid.ny = PixelsOf(cells[1], grid.ly_A / finest_A);
  return grid;
}

}  // namespace

absl::StatusOr<std::shared_ptr<CameraPatterns>> CameraPatterns::Create(const TwinOptions& o) {
  std::shared_ptr<CameraPatterns> out(new CameraPatterns);
  const double semiangle_rad =
      o.camera.semiangle_rad > 0 ? o.camera.semiangle_rad : o.semiangle_rad;
  const double box_A = o.camera.box_A > 0 ? o.camera.box_A : o.box_A;
  out->pixels_ = o.camera.pixels;
  out->cell_A_ = {o.specimen.cell_A[0], o.specimen.cell_A[1]};
  std::array<size_t, 2> cells = {1, 1};  // of a film, its own box
  for (size_t a = 0; a < 2 && !o.film.present; ++a) cells[a] = Cells(box_A, out->cell_A_[a]);
  const sim::Grid grid = out->grid_ = MakeGrid(o, semiangle_rad, cells);
  const double wavelength_A = sim::Wavelength_A(o.energy_eV);
  out->camera_.emplace(grid, o.energy_eV, out->pixels_, o.camera.pixel_rad);

  RONCHI_ASSIGN_OR_RETURN(out->aperture_, sim::MakeProbe(grid, {.energy_eV = o.energy_eV,
                                                                .semiangle_rad = semiangle_rad}));
  sim::MakeRimEven(&out->aperture_);
  std::vector<std::array<double, 2>> angles;
  for (const auto& beam : out->aperture_.beams) {
    angles.push_back(
        {grid.kx_per_A(beam.ix) * wavelength_A, grid.ky_per_A(beam.iy) * wavelength_A});
  }
  out->basis_ = sim::AberrationBasis(angles, wavelength_A);

  const sim::Specimen box = o.specimen.Repeated(int(cells[0]), int(cells[1]), 1);
  const sim::Specimen block = Above(box, o.film.present || o.layers <= kDisplacedLayers
                                             ? box.cell_A[2]
                                             : box.cell_A[2] / o.layers * kDisplacedLayers);
  const bool moves =
      std::any_of(box.atoms.begin(), box.atoms.end(), [](const auto& a) { return a.rms_A > 0; });
  const int configurations = moves ? std::min(o.phonon_configurations, kConfigurations) : 1;
  out->source_points_ = o.camera.source_points;
  // Every source point as often, every configuration once at least.
  out->passes_ = out->source_points_;
  while (out->passes_ < configurations) out->passes_ += out->source_points_;
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load("kirkland"));
  out->period_A_ = o.specimen.cell_A[2] / o.layers;
  out->slice_A_ = out->period_A_ / std::ceil(out->period_A_ / kSliceThickness_A - 1e-6);
  const int film_slices = FilmSlices(o.film, semiangle_rad, wavelength_A);
  if (o.film.present) out->slice_A_ = o.specimen.cell_A[2] / film_slices;
  // A slice acts in its entrance plane: of a film for what lies about its middle.
  const double off_A = o.film.present ? 0 : sim::OffFaces_A(o.specimen, out->slice_A_);
  out->early_A_ =
      o.film.present ? out->slice_A_ / 2 : sim::EarlyBy_A(o.specimen, out->slice_A_, off_A);
  std::vector<sim::Multislice> stacks;
  for (int c = 0; c < configurations; ++c) {
    sim::Specimen atoms = moves ? block.Displaced({}, o.phonon_seed, uint64_t(c)) : block;
    for (sim::Atom& a : atoms.atoms) a.z_A += off_A;
    if (o.film.present) atoms = SharedAmongSlices(atoms, film_slices, semiangle_rad, wavelength_A);
    RONCHI_ASSIGN_OR_RETURN(sim::PotentialSlices potential,
                            sim::MakePotential(atoms, grid, out->slice_A_ * (1 + 1e-9), *factors));
    const std::vector<size_t> once = potential.order;
    const size_t all = size_t(std::lround(o.specimen.cell_A[2] / out->slice_A_));
    for (size_t s = once.size(); s < all; ++s) potential.order.push_back(once[s % once.size()]);
    stacks.emplace_back(potential, o.energy_eV, std::array<double, 2>{0, 0}, kEfforts);
  }
  out->stacks_ = std::make_shared<const std::vector<sim::Multislice>>(std::move(stacks));
  return out;
}

CameraPatterns::Prepared CameraPatterns::Prepare(const PatternMoment& moment) {
  // What lies deeper by h stands at x + h sin β, y − h sin α (hw/twin/column/stage.cc): the shear
  // of docs/conventions.md.
  const std::array<int64_t, 2> key = {std::llround(moment.tilt_rad[1] / kTiltStep_rad),
                                      std::llround(-moment.tilt_rad[0] / kTiltStep_rad)};
  if (key != tilt_key_) {
    std::vector<sim::Multislice> tilted;
    for (const sim::Multislice& stack : *stacks_) {
      tilted.push_back(
          stack.Tilted({double(key[0]) * kTiltStep_rad, double(key[1]) * kTiltStep_rad}));
    }
    stacks_ = std::make_shared<const std::vector<sim::Multislice>>(std::move(tilted));
    tilt_key_ = key;
  }
  Prepared out;
  out.stacks = stacks_;
  out.source = {moment.source_fwhm_A, moment.source_tail_share, moment.source_tail_fwhm_A};
  const double thickness_A = moment.thickness_A > 0 ? moment.thickness_A : INFINITY;
  out.exit_slice =
      std::min((*stacks_)[0].slices(), size_t(std::llround(std::min(thickness_A, 1e6) / slice_A_)));
  std::vector<double> chi(aperture_.beams.size());
  for (size_t sign : {0, 1}) {
    if (sign == 1 && passes_ == 1) break;
    sim::Aberrations aberrations = moment.aberrations;
    aberrations.a_A[sim::kC10] += early_A_;
    if (passes_ > 1) aberrations.a_A[sim::kC10] += (sign ? 1 : -1) * moment.focal_spread_A;
    basis_.ComputeChi(aberrations, chi);
    out.probes[sign] = aperture_;
    for (size_t i = 0; i < chi.size(); ++i) {
      sim::Real c, s;
      sim::CosSin(chi[i], &c, &s);
      out.probes[sign].beams[i].amplitude *= std::complex<sim::Real>(c, -s);
    }
  }
  return out;
}

void CameraPatterns::Compute(const Prepared& p, double x_A, double y_A,
                             std::span<double> fractions) const {
  std::fill(fractions.begin(), fractions.end(), 0.0);
  sim::Multislice::Workspace workspace = (*p.stacks)[0].MakeWorkspace();
  const double s = source_points_ == 1 ? 0 : p.source.fwhm_A / kFwhmPerSigma;
  const double tail = source_points_ == 1 ? 0 : p.source.tail_share;
  const int tail_passes = tail > 0 ? kTailPasses : 0;
  for (int pass = 0; pass < passes_ + tail_passes; ++pass) {
    // Of two configurations each gets two opposite points of the source.
    const sim::Multislice& stack = (*p.stacks)[size_t(pass + pass / 2) % p.stacks->size()];
    const bool in_tail = pass >= passes_;
    const auto [dx, dy] = in_tail ? TailPoint(p.source, pass - passes_)
                                  : std::array{pass & 1 ? s : -s, pass & 2 ? s : -s};
    const double weight = in_tail ? tail / tail_passes : (1 - tail) / passes_;
    const double x = x_A + dx + pass * cell_A_[0], y = y_A + dy + pass * cell_A_[1];
    const size_t sign = passes_ == 1 ? 0 : size_t((pass ^ (pass >> 1)) & 1);
    stack.Run(
        p.probes[sign], x, y, {&p.exit_slice, 1},
        [&](size_t) { camera_->Accumulate(workspace.intensity(), weight, fractions); }, &workspace);
  }
}

}  // namespace ronchi::hw
