// M = S†DS: all beams of the aperture through the specimen, then one matrix product a detector
// value, tile by tile of beams.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <mutex>

#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "sim/contracted.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

constexpr Eigen::Index kTile = 192;   // beams along a side of a tile of M
constexpr Eigen::Index kDepth = 512;  // detector pixels that are summed in single precision
// A difference counts as forbidden when no pair of it exceeds this share of M's largest diagonal
// element. In SrTiO3 single precision leaves up to 3e-7 of what translations forbid, and the least
// that they allow is 5e-4.
constexpr double kForbidden = 1e-6;

using MatrixF = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic>;
using MatrixD = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic>;

size_t Wrap(int i, size_t n) { return size_t(i < 0 ? i + int(n) : i); }

}  // namespace

struct ContractedBuilder::Impl {
  Grid grid;
  double energy_eV = 0, semiangle_rad = 0;
  ApertureRows rows;
  std::vector<std::vector<size_t>> pixels;  // of each detector value, offsets in FFT order
  std::vector<MatrixD> sums;                // lower triangles of M
  int configurations = 0;

  void Contract(const MatrixF& s, Eigen::Index first, Eigen::Index count, MatrixD* m) const;
  bool RunBeams(const Multislice& engine, MatrixF* s) const;
};

ContractedBuilder::ContractedBuilder(ContractedBuilder&&) noexcept = default;
ContractedBuilder::~ContractedBuilder() = default;

double ContractedBuilder::EstimateBytes(const ApertureRows& rows,
                                        const std::vector<Detector>& detectors) {
  const double n = double(rows.beams);
  double bytes = 0;
  for (const Detector& d : detectors) {
    for (const auto& pixels : d.PixelsByValue()) {
      bytes += double(pixels.size()) * n * sizeof(Complex) + n * n * sizeof(std::complex<double>);
    }
  }
  return bytes;
}

absl::StatusOr<ContractedBuilder> ContractedBuilder::Create(const Grid& grid, double energy_eV,
                                                            double semiangle_rad,
                                                            const std::vector<Detector>& detectors,
                                                            size_t memory_bytes) {
  auto impl = std::make_unique<Impl>();
  impl->grid = grid;
  impl->energy_eV = energy_eV;
  impl->semiangle_rad = semiangle_rad;
  impl->rows = MakeApertureRows(grid, energy_eV, semiangle_rad);
  const double needed = EstimateBytes(impl->rows, detectors);
  if (needed > double(memory_bytes)) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the contracted engine needs %.2f GB to prepare %u beams; %.2f GB are allowed; a smaller "
        "box, aperture or detector needs less",
        needed * 1e-9, impl->rows.beams, double(memory_bytes) * 1e-9));
  }
  const Eigen::Index n = Eigen::Index(impl->rows.beams);
  for (const Detector& d : detectors) {
    for (auto& pixels : d.PixelsByValue()) {
      impl->pixels.push_back(std::move(pixels));
      impl->sums.push_back(MatrixD::Zero(n, n));
    }
  }
  ContractedBuilder builder;
  builder.impl_ = std::move(impl);
  return builder;
}

// S [detector pixels of all values, beams].
bool ContractedBuilder::Impl::RunBeams(const Multislice& engine, MatrixF* s) const {
  Progress progress("beams", rows.beams);
  std::vector<std::pair<int, int>> beams;
  for (const ApertureRows::Row& row : rows.rows) {
    for (int i = 0; i < row.count; ++i) beams.emplace_back(row.first_h + i, row.k);
  }
  const size_t grain = std::max<size_t>(1, beams.size() / (8 * size_t(Threads())));
  ParallelFor(beams.size(), grain, [&](size_t begin, size_t end) {
    Multislice::Workspace workspace = engine.MakeWorkspace();
    ComplexBuffer exit;
    for (size_t b = begin; b < end && !Interrupted(); ++b) {
      ProbeSpectrum plane;
      plane.beams = {{uint32_t(Wrap(beams[b].first, grid.nx)),
                      uint32_t(Wrap(beams[b].second, grid.ny)), 1.0f}};
      engine.RunToWave(plane, 0, 0, &exit, &workspace);
      Complex* column = s->col(Eigen::Index(b)).data();
      for (const std::vector<size_t>& value : pixels) {
        for (size_t offset : value) *column++ = exit[offset];
      }
      progress.Tick();
    }
  });
  return !Interrupted();
}

void ContractedBuilder::Impl::Contract(const MatrixF& s, Eigen::Index first, Eigen::Index count,
                                       MatrixD* m) const {
  const Eigen::Index n = s.cols(), tiles = (n + kTile - 1) / kTile;
  std::vector<std::pair<Eigen::Index, Eigen::Index>> lower;
  for (Eigen::Index i = 0; i < tiles; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) lower.emplace_back(i * kTile, j * kTile);
  }
  ParallelFor(lower.size(), 1, [&](size_t begin, size_t end) {
    MatrixF part;
    for (size_t t = begin; t < end; ++t) {
      const auto [i, j] = lower[t];
      const Eigen::Index ni = std::min(kTile, n - i), nj = std::min(kTile, n - j);
      for (Eigen::Index p = 0; p < count; p += kDepth) {
        const Eigen::Index np = std::min(kDepth, count - p);
        part.noalias() = s.block(first + p, i, np, ni).adjoint() * s.block(first + p, j, np, nj);
        m->block(i, j, ni, nj) += part.cast<std::complex<double>>();
      }
    }
  });
}

bool ContractedBuilder::Add(const Multislice& engine) {
  size_t all = 0;
  for (const auto& value : impl_->pixels) all += value.size();
  MatrixF s(Eigen::Index(all), Eigen::Index(impl_->rows.beams));
  if (!impl_->RunBeams(engine, &s)) return false;
  Eigen::Index first = 0;
  for (size_t v = 0; v < impl_->pixels.size(); ++v) {
    const Eigen::Index count = Eigen::Index(impl_->pixels[v].size());
    impl_->Contract(s, first, count, &impl_->sums[v]);
    first += count;
  }
  ++impl_->configurations;
  return true;
}

Contracted ContractedBuilder::Finish() {
  RONCHI_CHECK(impl_->configurations > 0);
  Contracted out;
  out.grid_ = impl_->grid;
  out.energy_eV_ = impl_->energy_eV;
  out.semiangle_rad_ = impl_->semiangle_rad;
  out.rows_ = impl_->rows;
  out.matrix_.resize(impl_->sums.size());
  // M_{k'k} for beams k and k' = k − q; the triangle's other half by symmetry.
  const auto element = [&](const MatrixD& m, size_t k, size_t other) {
    const Eigen::Index a = Eigen::Index(other), b = Eigen::Index(k);
    return a >= b ? m(a, b) : std::conj(m(b, a));
  };
  double largest = 0;
  for (const MatrixD& m : impl_->sums)
    largest = std::max(largest, m.diagonal().cwiseAbs().maxCoeff());
  const int rows = int(out.rows_.rows.size());
  int reach = 0;
  for (const ApertureRows::Row& row : out.rows_.rows) reach = std::max(reach, row.count);
  size_t at = 0;
  for (int dk = 0; dk < rows; ++dk) {
    for (int dh = dk == 0 ? 0 : 1 - reach; dh < reach; ++dh) {
      double most = 0;
      size_t pairs = 0;
      const auto each = [&](const auto& use) {
        out.rows_.ForEachStretch(dh, dk, [&](size_t k, size_t other, size_t n) {
          for (size_t i = 0; i < n; ++i) use(k + i, other + i);
        });
      };
      each([&](size_t k, size_t other) {
        ++pairs;
        for (const MatrixD& m : impl_->sums) most = std::max(most, std::norm(element(m, k, other)));
      });
      if (pairs == 0 || std::sqrt(most) <= kForbidden * largest) continue;
      for (size_t v = 0; v < impl_->sums.size(); ++v) {
        each([&](size_t k, size_t other) {
          const auto m = element(impl_->sums[v], k, other) / double(impl_->configurations);
          out.matrix_[v].re.push_back(float(m.real()));
          out.matrix_[v].im.push_back(float(m.imag()));
        });
      }
      out.differences_.push_back({dh, dk, at, pairs});
      at += pairs;
    }
  }
  impl_.reset();
  return out;
}

}  // namespace ronchi::sim
