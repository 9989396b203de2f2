#include "sim/contracted/builder.h"

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cmath>

#include "absl/strings/str_format.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "sim/contracted/pair_stretch.h"

namespace ronchi::sim {
namespace {

constexpr Eigen::Index kTile = 192;   // beams along a side of a tile of M
constexpr Eigen::Index kDepth = 512;  // detector pixels that are summed in single precision
// A difference counts as forbidden when no pair of it exceeds this share of M's largest diagonal
// element. In SrTiO3 single precision leaves up to 3e-7 of what translations forbid, and the least
// that they allow is 5e-4.
constexpr double kForbidden = 1e-6;

using MatrixC = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic>;
using MatrixD = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic>;

int Wrap(int i, size_t n) { return i < 0 ? i + int(n) : i; }
int Remainder(int i, size_t n) { return Wrap(i % int(n), n); }

struct Beam {
  int h, k;
};

// Adds the tile at (i, j) of S†S over the rows [first, first + count) of S.
void ContractTile(const MatrixC& s, Eigen::Index first, Eigen::Index count, Eigen::Index i,
                  Eigen::Index j, MatrixD* m) {
  const Eigen::Index ni = std::min(kTile, s.cols() - i), nj = std::min(kTile, s.cols() - j);
  MatrixC part;
  for (Eigen::Index p = 0; p < count; p += kDepth) {
    const Eigen::Index np = std::min(kDepth, count - p);
    part.noalias() = s.block(first + p, i, np, ni).adjoint() * s.block(first + p, j, np, nj);
    m->block(i, j, ni, nj) += part.cast<std::complex<double>>();
  }
}

std::vector<Beam> Beams(const ApertureRows& rows) {
  std::vector<Beam> beams;
  for (const ApertureRows::Row& row : rows.rows) {
    for (int i = 0; i < row.count; ++i) beams.push_back({row.first_h + i, row.k});
  }
  return beams;
}

}  // namespace

// Beams that a crystal of equal cells does not mix with others: h = rx and k = ry modulo the cells.
struct ContractedBuilder::Impl {
  struct Class {
    int rx, ry;
    std::vector<size_t> beams;
    std::vector<MatrixD> sums;  // by value: lower triangles of M
  };
  ContractionOptions options;
  ApertureRows rows;
  std::vector<Beam> beams;
  std::vector<std::array<size_t, 2>> place;  // of a beam: class, index there
  std::vector<std::vector<size_t>> pixels;   // of each detector value, offsets in FFT order
  std::vector<Class> classes;
  int configurations = 0;

  // Beams of a class through `engine`, which may be one cell's; pixels as it numbers them.
  bool AddClass(const Multislice& engine, bool is_cell, Class* c, Progress* progress) const;
  void Contract(const MatrixC& s, Eigen::Index first, Eigen::Index count, MatrixD* m) const;
};

ContractedBuilder::ContractedBuilder(ContractedBuilder&&) noexcept = default;
ContractedBuilder::~ContractedBuilder() = default;

ContractedBuilder::Cost ContractedBuilder::EstimateCost(const ContractionOptions& o,
                                                        const std::vector<Detector>& detectors) {
  const size_t beams = MakeApertureRows(o.grid, o.energy_eV, o.semiangle_rad).beams;
  const double classes = double(o.cells[0] * o.cells[1]), n = double(beams) / classes;
  Cost cost{.beams = beams};
  for (const Detector& d : detectors) {
    for (const auto& pixels : d.PixelsByValue()) {
      const double p = double(pixels.size());
      cost.bytes += n * p * sizeof(Complex) + classes * n * n * sizeof(std::complex<double>);
      cost.products += classes * n * n * p / 2;
    }
  }
  return cost;
}

absl::StatusOr<ContractedBuilder> ContractedBuilder::Create(const ContractionOptions& o,
                                                            const std::vector<Detector>& detectors,
                                                            size_t memory_bytes) {
  const auto [cx, cy] = o.cells;
  if (cx == 0 || cy == 0 || o.grid.nx % cx || o.grid.ny % cy) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%u × %u cells do not divide a grid of %u × %u pixels", cx, cy, o.grid.nx, o.grid.ny));
  }
  const Cost cost = EstimateCost(o, detectors);
  if (cost.bytes > double(memory_bytes)) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the contracted engine needs %.2f GB to prepare %u beams; %.2f GB are allowed; a smaller "
        "box, aperture or detector needs less",
        cost.bytes * 1e-9, cost.beams, double(memory_bytes) * 1e-9));
  }
  auto impl = std::make_unique<Impl>();
  impl->options = o;
  impl->rows = MakeApertureRows(o.grid, o.energy_eV, o.semiangle_rad);
  impl->beams = Beams(impl->rows);
  for (const Detector& d : detectors) {
    for (auto& pixels : d.PixelsByValue()) impl->pixels.push_back(std::move(pixels));
  }
  for (size_t rx = 0; rx < cx; ++rx) {
    for (size_t ry = 0; ry < cy; ++ry) impl->classes.push_back({int(rx), int(ry), {}, {}});
  }
  for (size_t b = 0; b < impl->beams.size(); ++b) {
    const size_t which =
        size_t(Remainder(impl->beams[b].h, cx)) * cy + size_t(Remainder(impl->beams[b].k, cy));
    impl->place.push_back({which, impl->classes[which].beams.size()});
    impl->classes[which].beams.push_back(b);
  }
  for (Impl::Class& c : impl->classes) {
    const Eigen::Index n = Eigen::Index(c.beams.size());
    c.sums.assign(impl->pixels.size(), MatrixD::Zero(n, n));
  }
  ContractedBuilder builder;
  builder.impl_ = std::move(impl);
  return builder;
}

double ContractedBuilder::MeasureProductRate(const ContractionOptions& o) {
  const double classes = double(o.cells[0] * o.cells[1]);
  const double beams = double(MakeApertureRows(o.grid, o.energy_eV, o.semiangle_rad).beams);
  const Eigen::Index n = std::clamp(Eigen::Index(beams / classes), Eigen::Index(1), 2 * kTile);
  const MatrixC s = MatrixC::Constant(kDepth, n, Complex(1, 1));
  MatrixD sum = MatrixD::Zero(n, n);
  double products = 0, seconds = 0;
  const auto start = std::chrono::steady_clock::now();
  do {
    ContractTile(s, 0, kDepth, 0, std::max<Eigen::Index>(0, n - kTile), &sum);
    const double side = double(std::min(n, kTile));
    products += side * side * double(kDepth);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } while (seconds < 0.03);
  return products / seconds;
}

bool ContractedBuilder::Impl::AddClass(const Multislice& engine, bool is_cell, Class* c,
                                       Progress* progress) const {
  const Grid& grid = engine.grid();
  const auto [cx, cy] = is_cell ? options.cells : std::array<size_t, 2>{1, 1};
  // From the box's numbers h to the engine's: h = r + cells · g.
  const auto inside = [](int h, int r, size_t cells, size_t n) {
    return size_t(Wrap((h - r) / int(cells), n));
  };
  const int rx = is_cell ? c->rx : 0, ry = is_cell ? c->ry : 0;
  std::vector<std::vector<size_t>> here;  // pixels of the class, in the engine's numbers
  size_t all = 0;
  for (const std::vector<size_t>& value : pixels) {
    here.emplace_back();
    for (size_t offset : value) {
      const Grid& box = options.grid;
      const int i = int(offset / box.ny), j = int(offset % box.ny);
      const int h = i < int(box.nx + 1) / 2 ? i : i - int(box.nx);
      const int k = j < int(box.ny + 1) / 2 ? j : j - int(box.ny);
      if (Remainder(h, cx) != rx || Remainder(k, cy) != ry) continue;
      here.back().push_back(inside(h, rx, cx, grid.nx) * grid.ny + inside(k, ry, cy, grid.ny));
    }
    all += here.back().size();
  }
  MatrixC s(Eigen::Index(all), Eigen::Index(c->beams.size()));
  const size_t grain = std::max<size_t>(1, c->beams.size() / (8 * size_t(Threads())));
  ParallelFor(c->beams.size(), grain, [&](size_t begin, size_t end) {
    Multislice::Workspace workspace = engine.MakeWorkspace();
    ComplexBuffer exit;
    for (size_t b = begin; b < end && !Interrupted(); ++b) {
      const Beam& beam = beams[c->beams[b]];
      ProbeSpectrum plane;
      plane.beams = {{uint32_t(inside(beam.h, rx, cx, grid.nx)),
                      uint32_t(inside(beam.k, ry, cy, grid.ny)), 1.0f}};
      engine.RunToWave(plane, 0, 0, &exit, &workspace);
      Complex* column = s.col(Eigen::Index(b)).data();
      for (const std::vector<size_t>& value : here) {
        for (size_t offset : value) *column++ = exit[offset];
      }
      progress->Tick();
    }
  });
  if (Interrupted()) return false;
  Eigen::Index first = 0;
  for (size_t v = 0; v < pixels.size(); ++v) {
    Contract(s, first, Eigen::Index(here[v].size()), &c->sums[v]);
    first += Eigen::Index(here[v].size());
  }
  return true;
}

void ContractedBuilder::Impl::Contract(const MatrixC& s, Eigen::Index first, Eigen::Index count,
                                       MatrixD* m) const {
  const Eigen::Index n = s.cols(), tiles = (n + kTile - 1) / kTile;
  std::vector<std::pair<Eigen::Index, Eigen::Index>> lower;
  for (Eigen::Index i = 0; i < tiles; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) lower.emplace_back(i * kTile, j * kTile);
  }
  ParallelFor(lower.size(), 1, [&](size_t begin, size_t end) {
    for (size_t t = begin; t < end; ++t) {
      ContractTile(s, first, count, lower[t].first, lower[t].second, m);
    }
  });
}

bool ContractedBuilder::Add(const Multislice& engine) {
  Progress progress("beams", impl_->beams.size());
  for (Impl::Class& c : impl_->classes) {
    if (!impl_->AddClass(engine, false, &c, &progress)) return false;
  }
  ++impl_->configurations;
  return true;
}

bool ContractedBuilder::AddCell(const PotentialSlices& cell, const FftEfforts& efforts) {
  const ContractionOptions& o = impl_->options;
  RONCHI_CHECK(cell.grid == CellGrid(o.grid, o.cells));
  Progress progress("beams", impl_->beams.size());
  for (Impl::Class& c : impl_->classes) {
    const Multislice engine(cell, o.energy_eV, o.tilt_rad, efforts,
                            {c.rx / o.grid.lx_A, c.ry / o.grid.ly_A});
    if (!impl_->AddClass(engine, true, &c, &progress)) return false;
  }
  ++impl_->configurations;
  return true;
}

Contracted ContractedBuilder::Finish() {
  RONCHI_CHECK(impl_->configurations > 0);
  const auto [cx, cy] = impl_->options.cells;
  Contracted out;
  out.grid_ = impl_->options.grid;
  out.energy_eV_ = impl_->options.energy_eV;
  out.semiangle_rad_ = impl_->options.semiangle_rad;
  out.values_ = impl_->pixels.size();
  // M_{k'k} for beams k and k' = k − q of one class; the triangle's other half by symmetry.
  const auto element = [&](size_t v, size_t k, size_t other) {
    const auto [which, b] = impl_->place[k];
    const Eigen::Index row = Eigen::Index(impl_->place[other][1]), column = Eigen::Index(b);
    const MatrixD& m = impl_->classes[which].sums[v];
    return row >= column ? m(row, column) : std::conj(m(column, row));
  };
  double largest = 0;
  for (const Impl::Class& c : impl_->classes) {
    for (const MatrixD& m : c.sums) {
      if (m.size()) largest = std::max(largest, m.diagonal().cwiseAbs().maxCoeff());
    }
  }
  const ApertureRows& rows = impl_->rows;
  const auto each_pair = [&](const DifferenceVector& d, const auto& use) {
    rows.ForEachStretch(d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
      for (size_t i = 0; i < n; ++i) use(k + i, other + i);
    });
  };
  int reach = 0;
  for (const ApertureRows::Row& row : rows.rows) reach = std::max(reach, row.count);
  for (int dk = 0; dk < int(rows.rows.size()); dk += int(cy)) {
    for (int dh = dk == 0 ? 0 : 1 - reach; dh < reach; ++dh) {
      if (dh % int(cx)) continue;
      double most = 0;
      each_pair({dh, dk}, [&](size_t k, size_t other) {
        for (size_t v = 0; v < out.values_; ++v) {
          most = std::max(most, std::norm(element(v, k, other)));
        }
      });
      if (std::sqrt(most) > kForbidden * largest) out.differences_.push_back({dh, dk});
    }
  }
  out.Index();
  auto matrix = std::make_shared<RealBuffer>(2 * out.values_ * out.stride_);
  const double mean = 1.0 / impl_->configurations;
  for (size_t v = 0; v < out.values_; ++v) {
    Real *re = matrix->data() + 2 * v * out.stride_, *im = re + out.stride_;
    for (const DifferenceVector& d : out.differences_) {
      rows.ForEachStretch(d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
        for (size_t i = 0; i < n; ++i) {
          const std::complex<double> m = mean * element(v, k + i, other + i);
          re[i] = Real(m.real());
          im[i] = Real(m.imag());
        }
        re += PaddedPairs(n);
        im += PaddedPairs(n);
      });
    }
  }
  out.matrix_ = matrix->data();
  out.owner_ = std::move(matrix);
  impl_.reset();
  return out;
}

}  // namespace ronchi::sim
