// Finite projection against quadratures that use the table of f(k) alone, against the infinite
// projection whose slices it redistributes, and against the curved Ewald sphere.
#include "sim/potential/finite_projection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "core/random.h"
#include "sim/physics/electron.h"
#include "sim/specimen/read_structure.h"
#include "tests/sim/direct_multislice.h"

namespace ronchi::sim {
namespace {

using std::numbers::pi;

const ScatteringFactors& Table(const std::string& name) {
  static std::map<std::string, std::shared_ptr<const ScatteringFactors>> tables;
  if (!tables.contains(name)) tables[name] = *ScatteringFactors::Load(name);
  return *tables[name];
}

class AnyFiniteTable : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Tables, AnyFiniteTable, testing::Values("kirkland", "lobato", "peng"),
                         [](const auto& info) { return std::string(info.param); });

// The potential's shape along z at one lateral frequency is m(z) = ∫ f(√(k² + k_z²)) e^{2πi k_z z}
// dk_z. Seen through a normal window of width s at z0 it is, from f, ∫ f e^{−2π²s²k_z²} cos(2π k_z
// z0) dk_z, and from Beyond, whose derivative is −m, by integration by parts. Both integrands decay
// as a Gaussian; where Beyond has a kink in its slope (at the atom), 10⁴ points leave h² ~ 1e-8 of
// it.
TEST_P(AnyFiniteTable, BeyondIsTheTransformOfTheTable) {
  const ScatteringFactors& table = Table(GetParam());
  for (int z : {1, 8, 38, 79}) {
    for (double k : {0.0, 0.3, 1.0, 4.0}) {
      EXPECT_NEAR(table.Beyond(z, k * k, 0), table.At(z, k * k) / 2, 1e-12 * table.At(z, k * k));
      for (double z0 : {0.0, 0.2, 1.0}) {
        const double s = 0.1;
        double from_table = 0, from_beyond = 0;
        const double dk = 1e-3;
        for (double kz = 0; kz < 10; kz += dk) {  // e^{−2π²s²k_z²} = 3e-9 at 10/Å
          from_table += (kz == 0 ? 1 : 2) * dk * table.At(z, k * k + kz * kz) *
                        std::exp(-2 * std::pow(pi * s * kz, 2)) * std::cos(2 * pi * kz * z0);
        }
        const double h = 12 * s / 1e4;
        for (int i = 0; i <= 10000; ++i) {
          const double u = -6 * s + i * h, at = z0 + u;
          const double below = at >= 0 ? table.Beyond(z, k * k, at)
                                       : table.At(z, k * k) - table.Beyond(z, k * k, -at);
          const double window = std::exp(-u * u / (2 * s * s)) / (s * std::sqrt(2 * pi));
          from_beyond += h * below * -u / (s * s) * window;
        }
        EXPECT_NEAR(from_beyond, from_table, 1e-6 * table.At(z, 0)) << z << " " << k << " " << z0;
      }
    }
  }
}

// Atoms on grid points (of a 24 × 20 grid), at heights of every kind: in the middle of a slice of
// 1 Å, close to a boundary, on one, on a face.
Specimen Few() {
  Specimen s;
  s.cell_A = {6, 5, 4};
  s.atoms = {{.z = 38, .x_A = 1.5, .y_A = 1, .z_A = 1.53},
             {.z = 22, .x_A = 4, .y_A = 2.5, .z_A = 2.02, .occupancy = 0.7},
             {.z = 8, .x_A = 0.25, .y_A = 4, .z_A = 3},
             {.z = 79, .x_A = 3, .y_A = 3.75, .z_A = 0},
             {.z = 79, .x_A = 5, .y_A = 0.5, .z_A = 0.9}};
  return s;
}

// The same potential as a Fourier series in three dimensions over a box 60 Å tall, integrated over
// each slice (the outer ones to half the empty space). Cut at k_z = 50/Å, where terms have fallen
// as k_z⁻³: 1e-5 of V is left.
std::vector<double> SlicesByQuadrature(const Specimen& s, const Grid& g,
                                       const ScatteringFactors& table,
                                       const std::vector<double>& faces) {
  constexpr double kTall_A = 60;
  constexpr int kHighest = 3000;
  const size_t count = faces.size() - 1;
  std::vector<double> slices(count * g.size(), 0.0);
  std::vector<std::complex<double>> share(count);
  for (const Atom& a : s.atoms) {
    for (size_t p = 0; p < g.size(); ++p) {
      const double kx = g.kx_per_A(p / g.ny), ky = g.ky_per_A(p % g.ny);
      std::fill(share.begin(), share.end(), 0.0);
      for (int h = -kHighest; h <= kHighest; ++h) {
        const double kz = h / kTall_A, f = table.At(a.z, kx * kx + ky * ky + kz * kz) / kTall_A;
        // ∫ e^{2πi k_z (z − z_a)} dz between two faces.
        auto edge = [&](double z) {
          return std::polar(1 / (2 * pi * kz), 2 * pi * kz * (z - a.z_A));
        };
        std::complex<double> lower = h ? edge(faces[0]) : faces[0];
        for (size_t n = 0; n < count; ++n) {
          const std::complex<double> upper = h ? edge(faces[n + 1]) : faces[n + 1];
          share[n] += f * (upper - lower) / (h ? std::complex<double>(0, 1) : 1.0);
          lower = upper;
        }
      }
      const double kappa = std::hypot(kx * g.dx_A(), ky * g.dy_A());
      const double sharpened = kappa > 0 ? kappa / std::sin(kappa) : 1;
      for (size_t q = 0; q < g.size(); ++q) {
        const auto wave =
            std::polar(sharpened * a.occupancy * PotentialPerScatteringFactor() / (g.lx_A * g.ly_A),
                       2 * pi *
                           (kx * (double(q / g.ny) * g.dx_A() - a.x_A) +
                            ky * (double(q % g.ny) * g.dy_A() - a.y_A)));
        for (size_t n = 0; n < count; ++n) slices[n * g.size() + q] += (share[n] * wave).real();
      }
    }
  }
  return slices;
}

// Whole slices on one grid, as DirectMultislice wants them.
PotentialOptions Bilinear(Projection projection) {
  return {.projection = projection, .placement = Placement::kBilinear};
}

TEST_P(AnyFiniteTable, SlicesAreTheIntegralsOfTheThreeDimensionalPotential) {
  const ScatteringFactors& table = Table(GetParam());
  const Specimen s = Few();
  const Grid g{24, 20, 6, 5};
  const auto slices = MakePotential(s, g, 1, table, Bilinear(Projection::kFinite));
  ASSERT_TRUE(slices.ok());
  const auto expected = SlicesByQuadrature(s, g, table, {-28, 1, 2, 3, 32});
  const double highest = *std::max_element(expected.begin(), expected.end());
  double worst = 0;
  for (size_t n = 0; n < 4; ++n) {
    for (size_t i = 0; i < g.size(); ++i) {
      worst = std::max(
          worst, std::fabs((*slices->distinct[slices->order[n]])[i] - expected[n * g.size() + i]));
    }
  }
  std::printf("%s: largest error %.2e of the potential's maximum\n", GetParam(), worst / highest);
  EXPECT_LT(worst, 1e-4 * highest);  // what finite_projection.h promises
}

std::vector<double> Total(const PotentialSlices& p) {
  std::vector<double> sum(p.grid.size(), 0.0);
  for (size_t n : p.order) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += (*p.distinct[n])[i];
  }
  return sum;
}

// Nothing is lost or gained: what a slice gets its neighbour gives. Round-off alone, some 20 single
// precision additions of values up to the maximum.
TEST_P(AnyFiniteTable, TheSumOverSlicesIsTheInfiniteProjection) {
  const Specimen s = Few();
  const Grid g{48, 40, 6, 5};
  for (double thickness : {0.13, 0.5, 1.0, 2.0}) {
    const auto finite =
        *MakePotential(s, g, thickness, Table(GetParam()), Bilinear(Projection::kFinite));
    const auto infinite =
        *MakePotential(s, g, thickness, Table(GetParam()), Bilinear(Projection::kInfinite));
    ASSERT_EQ(finite.order.size(), infinite.order.size());
    const std::vector<double> a = Total(finite), b = Total(infinite);
    const double highest = *std::max_element(b.begin(), b.end());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-6 * highest);
  }
  const auto one = *MakePotential(s, g, 4, Table(GetParam()), Bilinear(Projection::kFinite));
  const auto same = *MakePotential(s, g, 4, Table(GetParam()),
                                   {.placement = Placement::kBilinear,
                                    .effort = Fft::Effort::kMeasure});  // as the finite one is made
  EXPECT_EQ(*one.distinct[0], *same.distinct[0]);
}

// Strontium reaches 9.2 Å (1e-5 of f(0)): in a crystal, the slices farther than that from both
// faces repeat with the cell, and are computed once.
TEST(FiniteProjection, SharesTheSlicesOfACrystalsInterior) {
  const Specimen s =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(1, 1, 20);
  const auto p =
      *MakePotential(s, {32, 32, 3.905, 3.905}, 1.9525, Table("kirkland"), {Projection::kFinite});
  ASSERT_EQ(p.order.size(), 40u);
  EXPECT_LE(p.distinct.size(), 12u);  // five at each face, two in between
  for (size_t i = 7; i + 7 < 40; ++i) EXPECT_EQ(p.order[i], p.order[i - 2]);
}

// ---- Physics. A weak atom scatters what lies on the Ewald sphere: by k with f(√(k² + k_z²)),
// k_z = λk²/2 in the paraxial theory. Thin slices of the finite projection must show it; the
// infinite one, a plate, scatters with f(k) however thin its slices are. Slow electrons make it
// large: 10 %.
double Scattered(double thickness_A, Projection projection, size_t beam, double energy_eV) {
  Specimen s;
  s.cell_A = {4, 4, 4};
  s.atoms = {{.z = 14, .z_A = 2, .occupancy = 1e-5}};
  const Grid g{24, 24, 4, 4};
  const PotentialSlices slices =
      *MakePotential(s, g, thickness_A, Table("lobato"), Bilinear(projection));
  ProbeSpectrum plane;
  plane.beams = {{0, 0, 1.0f}};
  const size_t exits[] = {slices.order.size()};
  const auto pattern = DirectMultislice(slices, energy_eV, {0, 0}).Run(plane, 0, 0, exits).back();
  return pattern[beam * g.ny];
}

TEST(FiniteProjection, ThinSlicesScatterOnTheEwaldSphere) {
  const double energy_eV = 2e3;
  for (size_t beam : {4, 6}) {
    const double k = double(beam) / 4, kz = Wavelength_A(energy_eV) * k * k / 2;
    const double ratio =
        std::pow(Table("lobato").At(14, k * k + kz * kz) / Table("lobato").At(14, k * k), 2);
    EXPECT_LT(ratio, 0.98);
    const double plate = Scattered(4, Projection::kInfinite, beam, energy_eV);
    // A slice acts in one plane: a factor sinc²(k_z Δz), of second order, extrapolated away.
    // Sampling the potential in steps of Δz adds f(1/Δz) times that, of fourth order: 1e-3 of the
    // effect here.
    const double coarse = Scattered(0.0625, Projection::kFinite, beam, energy_eV) / plate;
    const double fine = Scattered(0.03125, Projection::kFinite, beam, energy_eV) / plate;
    EXPECT_NEAR(fine + (fine - coarse) / 3, ratio, 2e-3 * (1 - ratio));
    EXPECT_NEAR(Scattered(0.125, Projection::kInfinite, beam, energy_eV) / plate, 1, 1e-5);
  }
}

}  // namespace
}  // namespace ronchi::sim
