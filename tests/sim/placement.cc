// Exact placement: no image depends on where atoms stand on the grid, and transmission functions are
// those of atoms on a grid eight times as fine, which is made here in the plain way.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "core/parallel.h"
#include "core/random.h"
#include "sim/detector.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/potential.h"
#include "sim/probe.h"
#include "sim/transmission.h"

namespace ronchi::sim {
namespace {

constexpr double kEnergy_eV = 200e3, kBox_A = 17.22;

const ScatteringFactors& Factors(const char* table = "kirkland") {
  static std::map<std::string, std::shared_ptr<const ScatteringFactors>> loaded;
  auto& factors = loaded[table];
  if (!factors) factors = *ScatteringFactors::Load(table);
  return *factors;
}

// T of one slice by exact phases on a grid `finer` times as fine, cut at the band limit.
ComplexBuffer Plain(const std::vector<Atom>& atoms, const Grid& g, size_t finer,
                    const ScatteringFactors& factors) {
  const Grid f{g.nx * finer, g.ny * finer, g.lx_A, g.ly_A};
  ComplexBuffer v(f.size());
  for (const Atom& a : atoms) {
    std::vector<std::complex<double>> px(f.nx), py(f.ny);
    for (size_t i = 0; i < f.nx; ++i) {
      px[i] = std::polar(1.0, -2 * std::numbers::pi * f.kx_per_A(i) * a.x_A);
    }
    for (size_t j = 0; j < f.ny; ++j) {
      py[j] = std::polar(1.0, -2 * std::numbers::pi * f.ky_per_A(j) * a.y_A);
    }
    const double scale = a.occupancy * PotentialPerScatteringFactor() / (f.lx_A * f.ly_A);
    for (size_t i = 0; i < f.nx; ++i) {
      for (size_t j = 0; j < f.ny; ++j) {
        const double k2 = std::pow(f.kx_per_A(i), 2) + std::pow(f.ky_per_A(j), 2);
        v[i * f.ny + j] += Complex(scale * factors.At(a.z, k2) * px[i] * py[j]);
      }
    }
  }
  const auto plane = [](const Grid& on, Fft::Direction d) {
    return Fft::Plane(int(on.nx), int(on.ny), d, Fft::Effort::kEstimate);
  };
  plane(f, Fft::Direction::kInverse).Execute(v.data());
  const double sigma = InteractionConstant(kEnergy_eV);
  for (Complex& value : v) value = Complex(std::polar(1.0, sigma * double(value.real())));
  plane(f, Fft::Direction::kForward).Execute(v.data());
  ComplexBuffer t(g.size());
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      const size_t a = i < (g.nx + 1) / 2 ? i : i + f.nx - g.nx;
      const size_t b = j < (g.ny + 1) / 2 ? j : j + f.ny - g.ny;
      t[i * g.ny + j] = v[a * f.ny + b] * Real(BandLimitAperture(g, std::hypot(g.kx_per_A(i), g.ky_per_A(j))) / double(f.size()));
    }
  }
  plane(g, Fft::Direction::kInverse).Execute(t.data());
  return t;
}

PotentialSlices Slice(const std::vector<Atom>& atoms, const Grid& g,
                      const ScatteringFactors& factors, PotentialOptions options = {}) {
  Specimen s;
  s.cell_A = {g.lx_A, g.ly_A, 2};
  s.atoms = atoms;
  return *MakePotential(s, g, 2, factors, options);
}

// rms difference over rms of 1 − T.
double Difference(const ComplexBuffer& t, const ComplexBuffer& plain) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < t.size(); ++i) {
    difference += std::norm(std::complex<double>(t[i] - plain[i]));
    size += std::norm(std::complex<double>(plain[i]) - 1.0);
  }
  return std::sqrt(difference / size);
}

double Error(const std::vector<Atom>& atoms, const Grid& g, size_t finer,
             const ScatteringFactors& factors) {
  const auto slices = Slice(atoms, g, factors);
  const Transmission transmission(slices, InteractionConstant(kEnergy_eV), Fft::Effort::kEstimate);
  return Difference(transmission.Make(0), Plain(atoms, g, finer, factors));
}

TEST(Placement, Dev) {
  for (size_t n : {144, 240, 288}) {
    const Grid g{n, n, kBox_A, kBox_A};
    for (int z : {6, 38, 79, 98}) {
      const double x = 8.0 + 0.37 * g.dx_A(), y = 8.3 + 0.2 * g.dy_A();
      std::printf("n %zu Z %d: bilinear? exact vs 4x %.2e 8x %.2e", n, z,
                  Error({{z, x, y, 1}}, g, 4, Factors()), Error({{z, x, y, 1}}, g, 8, Factors()));
      for (double apart : {0.05, 0.1, 0.2, 0.5, 1.0}) {
        std::printf("  pair %.2f: %.2e", apart, Error({{z, x, y, 1}, {6, x + apart, y + 0.3 * apart, 1}}, g, 8, Factors()));
      }
      std::printf("\n");
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
