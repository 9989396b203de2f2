#include "experiments/simulate/fine_multislice.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/random.h"
#include "experiments/loop/recipe.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/amorphous.h"

namespace ronchi {
namespace {

// One configuration's box, with its layers; the crystal's entrance face lies at front_A.
struct Box {
  sim::Specimen atoms;
  double front_A = 0;
  double early_A = 0;  // by which slices act before the crystal's atoms' depths, on the mean
};

absl::Status AddLayer(const hw::AmorphousOptions& layer, double thickness_A, double from_A,
                      uint64_t seed, sim::Specimen* box) {
  if (!(thickness_A > 0)) return absl::OkStatus();
  // As dense as the twin's: MakeAmorphous takes g/cm³; carbon has 12.011 u, and 1 u/Å³ is 1.66054
  // g/cm³. Another element's places are the same.
  RONCHI_ASSIGN_OR_RETURN(
      const sim::Specimen film,
      sim::MakeAmorphous({.element = 6,
                          .density_g_cm3 = layer.atoms_per_A3 * 12.011 * 1.66054,
                          .size_A = {box->cell_A[0], box->cell_A[1]},
                          .thickness_A = thickness_A,
                          .seed = seed}));
  for (sim::Atom a : film.atoms) {
    a.z = layer.element;
    a.z_A += from_A;
    box->atoms.push_back(a);
  }
  return absl::OkStatus();
}

absl::StatusOr<Box> MakeBox(const hw::TwinOptions& o, double thickness_A,
                            const std::array<int, 2>& cells, double slice_A, int configuration,
                            const FineOptions& f) {
  Box box;
  sim::Specimen crystal = o.specimen;
  std::erase_if(crystal.atoms, [&](const sim::Atom& a) { return a.z_A >= thickness_A - 1e-6; });
  crystal.cell_A[2] = thickness_A;
  crystal = crystal.Repeated(cells[0], cells[1], 1);
  if (f.configurations > 0) crystal = crystal.Displaced({}, f.seed, uint64_t(configuration));
  // Layers of whole slices.
  const auto whole = [&](double t) { return std::ceil(t / slice_A - 1e-6) * slice_A; };
  box.front_A = whole(o.amorphous.entrance_A);
  for (sim::Atom& a : crystal.atoms) {
    a.z_A += box.front_A;
    box.early_A +=
        (a.z_A - slice_A * std::floor(a.z_A / slice_A + 1e-6)) / double(crystal.atoms.size());
  }
  crystal.cell_A[2] += box.front_A + whole(o.amorphous.exit_A);
  const auto seed = [&](const char* face) {
    return DeriveSeed(f.seed, std::string(face) + std::to_string(configuration));
  };
  RONCHI_RETURN_IF_ERROR(AddLayer(o.amorphous, o.amorphous.entrance_A, 0, seed("above"), &crystal));
  RONCHI_RETURN_IF_ERROR(AddLayer(o.amorphous, o.amorphous.exit_A, box.front_A + thickness_A,
                                  seed("below"), &crystal));
  box.atoms = std::move(crystal);
  return box;
}

double RingSum(const sim::RealBuffer& intensity, const sim::Grid& g, double wavelength_A,
               const hw::TwinDetector& ring) {
  double sum = 0;
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const double angle = wavelength_A * std::hypot(g.kx_per_A(i), g.ky_per_A(j));
      if (angle >= ring.inner_rad && angle < ring.outer_rad) sum += double(intensity[i * g.ny + j]);
    }
  }
  return sum;
}

// From [visit][place]: two halves of the visits, in which noise is independent.
void Summarise(const std::vector<std::vector<double>>& visits, FineReading* out) {
  const size_t places = visits[0].size(), half = std::max<size_t>(1, visits.size() / 2);
  out->image.assign(places, 0);
  std::vector<double> a(places), b(places), means;
  for (size_t v = 0; v < visits.size(); ++v) {
    means.push_back(0);
    for (size_t p = 0; p < places; ++p) {
      out->image[p] += visits[v][p] / double(visits.size());
      (v < half ? a : b)[p] += visits[v][p] / double(v < half ? half : visits.size() - half);
      means.back() += visits[v][p] / double(places);
    }
  }
  if (visits.size() == 1) b = a;
  for (double v : out->image) out->mean += v / double(places);
  double covariance = 0, noise = 0;
  for (size_t p = 0; p < places; ++p) {
    covariance += (a[p] - out->mean) * (b[p] - out->mean) / double(places);
    noise += std::pow(a[p] - b[p], 2) / 4 * std::pow(out->image[p] - out->mean, 2);
  }
  out->contrast = covariance / (out->mean * out->mean);
  if (visits.size() == 1) return;
  out->contrast_error = 2 * std::sqrt(noise) / double(places) / (out->mean * out->mean);
  for (double m : means) {
    const double n = double(means.size());
    out->mean_error += std::pow(m - out->mean, 2) / (n * (n - 1));
  }
  out->mean_error = std::sqrt(out->mean_error);
}

// Every visit of every place has a configuration and a cell: {visit, place} of this one's.
std::vector<std::array<size_t, 2>> VisitsOf(int configuration, int configurations, size_t visits,
                                            size_t places) {
  std::vector<std::array<size_t, 2>> mine;
  for (size_t v = 0; v < visits; ++v) {
    for (size_t p = 0; p < places; ++p) {
      const size_t whose = (p + v * (places / 4 + 1)) % size_t(configurations);
      if (int(whose) == configuration) mine.push_back({v, p});
    }
  }
  return mine;
}

// Of as many whole cells as fill the box.
sim::Grid GridOfCells(const hw::TwinOptions& o, double box_A, double finest_A,
                      std::array<int, 2>* cells) {
  sim::Grid grid;
  for (size_t a : {0, 1}) {
    (*cells)[a] = int(std::ceil(box_A / o.specimen.cell_A[a] - 1e-9));
    const double length_A = (*cells)[a] * o.specimen.cell_A[a];
    (a ? grid.ly_A : grid.lx_A) = length_A;
    (a ? grid.ny : grid.nx) = sim::FastPixels(1, length_A / finest_A);
  }
  return grid;
}

}  // namespace

size_t ProbesASide(const hw::TwinOptions& o, const FineOptions& f) {
  const double highest_per_A = 2 * o.semiangle_rad / sim::Wavelength_A(o.energy_eV);
  const double cell_A = std::max(o.specimen.cell_A[0], o.specimen.cell_A[1]);
  return std::max(f.probes, size_t(highest_per_A * cell_A) + 1);
}

absl::StatusOr<FineReading> ReadFine(const hw::TwinOptions& o, size_t detector,
                                     const hw::ImageMoment& moment, const FineOptions& f) {
  if (o.film.present) return absl::FailedPreconditionError("a film is not scanned");
  const hw::TwinDetector& ring = o.detectors[detector];
  const double wavelength_A = sim::Wavelength_A(o.energy_eV);
  const double period_A = o.specimen.cell_A[2] / o.layers;
  const double layers =
      moment.thickness_A > 0 ? std::round(moment.thickness_A / period_A) : double(o.layers);
  const double slice_A = period_A / std::ceil(period_A / f.slice_thickness_A - 1e-6);
  const double finest_A = wavelength_A / (3 * f.reach * std::max(ring.outer_rad, o.semiangle_rad));
  std::array<int, 2> cells;
  const sim::Grid grid = GridOfCells(o, f.box_A, finest_A, &cells);
  RONCHI_ASSIGN_OR_RETURN(const auto factors, sim::ScatteringFactors::Load("kirkland"));
  const int configurations = std::max(1, f.configurations);
  const size_t side = ProbesASide(o, f), places = side * side;
  const int count = f.configurations > 0 ? f.visits : 1;
  std::vector<std::vector<double>> visits;
  visits.assign(size_t(count), std::vector<double>(places));
  for (int c = 0; c < configurations; ++c) {
    RONCHI_ASSIGN_OR_RETURN(const Box box, MakeBox(o, layers * period_A, cells, slice_A, c, f));
    RONCHI_ASSIGN_OR_RETURN(const sim::PotentialSlices potential,
                            sim::MakePotential(box.atoms, grid, slice_A * (1 + 1e-9), *factors));
    const sim::Multislice engine(potential, o.energy_eV, {moment.tilt_rad[1], -moment.tilt_rad[0]});
    sim::BeamOptics optics{.energy_eV = o.energy_eV,
                           .semiangle_rad = o.semiangle_rad,
                           .aberrations = moment.aberrations};
    // Depths count from the crystal's face, and slices act in their entrance planes.
    optics.aberrations.a_A[sim::kC10] += box.early_A - box.front_A;
    RONCHI_ASSIGN_OR_RETURN(const sim::ProbeSpectrum probe, sim::MakeProbe(grid, optics));
    const auto mine = VisitsOf(c, configurations, visits.size(), places);
    ParallelFor(mine.size(), 1, [&](size_t begin, size_t end) {
      sim::Multislice::Workspace workspace = engine.MakeWorkspace();
      for (size_t i = begin; i < end; ++i) {
        const auto [v, p] = mine[i];
        RandomStream random({.seed = f.seed, .name = "fine.cell", .step = v * places + p});
        const double x =
            (double(p / side) / double(side) + double(random.Below(uint64_t(cells[0])))) *
            o.specimen.cell_A[0];
        const double y =
            (double(p % side) / double(side) + double(random.Below(uint64_t(cells[1])))) *
            o.specimen.cell_A[1];
        const size_t exit = engine.slices();
        engine.Run(
            probe, x, y, {&exit, 1},
            [&](size_t) {
              visits[v][p] = RingSum(workspace.intensity(), grid, wavelength_A, ring);
            },
            &workspace);
      }
    });
  }
  FineReading out;
  Summarise(visits, &out);
  // What this box's soft aperture makes too sharp.
  const double rim = hw::RimFactor(grid.lx_A, grid.ly_A, o.semiangle_rad, o.energy_eV);
  for (double& v : out.image) v = out.mean + rim * (v - out.mean);
  out.contrast *= rim * rim;
  out.contrast_error *= rim * rim;
  return out;
}

FineReading ReadEngine(const sim::ImageHarmonics& harmonics, size_t probes) {
  std::vector<double> image(probes * probes);
  const auto& cell_A = harmonics.cell_A;
  for (size_t p = 0; p < image.size(); ++p) {
    const double x = double(p / probes) / double(probes), y = double(p % probes) / double(probes);
    harmonics.ComputeImage({{{x * cell_A[0], y * cell_A[1]}}, cell_A[0], 1}, {&image[p], 1});
  }
  FineReading out;
  Summarise({image}, &out);
  return out;
}

}  // namespace ronchi
