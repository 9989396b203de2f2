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

std::vector<std::vector<size_t>> PixelsOf(const std::vector<Detector>& detectors) {
  std::vector<std::vector<size_t>> all;
  for (const Detector& d : detectors) {
    for (auto& pixels : d.PixelsByValue()) all.push_back(std::move(pixels));
  }
  return all;
}

// Of one class of one set at a time, and the sums of all.
ContractedBuilder::Cost CostOf(const ContractionOptions& o,
                               const std::vector<std::vector<size_t>>& pixels) {
  const size_t beams = MakeApertureRows(o.grid, o.energy_eV, o.semiangle_rad).beams;
  const double classes = double(o.cells[0] * o.cells[1]), n = double(beams) / classes;
  const double exits = double(std::max<size_t>(1, o.exit_slices.size()));
  ContractedBuilder::Cost cost{.beams = beams};
  for (const auto& value : pixels) {
    const double p = double(value.size()) / double(o.sets[0] * o.sets[1]);
    cost.bytes +=
        exits * (n * p * sizeof(Complex) + classes * n * n * sizeof(std::complex<double>));
    cost.products += exits * classes * n * n * p / 2;
  }
  return cost;
}

}  // namespace

// Beams that a crystal of equal cells does not mix with others: h = rx and k = ry modulo the cells.
struct ContractedBuilder::Impl {
  struct Class {
    int rx, ry;
    std::vector<size_t> beams;
    std::vector<MatrixD> sums;  // by exit and value: lower triangles of M
    int configurations = 0;
  };
  ContractionOptions options;
  ApertureRows rows;
  std::vector<Beam> beams;
  std::vector<std::array<size_t, 2>> place;  // of a beam: class, index there
  std::vector<std::vector<size_t>> pixels;   // of each detector value, offsets in FFT order
  std::vector<Class> classes;

  size_t exits() const { return std::max<size_t>(1, options.exit_slices.size()); }
  // Beams of a class through `engine`, whose box fits so many times into the large one; pixels as
  // it numbers them.
  bool AddClass(const Multislice& engine, std::array<size_t, 2> fits, Class* c,
                Progress* progress) const;
  void Contract(const MatrixC& s, const std::vector<Eigen::Index>& counts,
                std::vector<MatrixD>* sums) const;
  // M_{k'k} for beams k and k' = k − q of one class; the triangle's other half by symmetry.
  std::complex<double> Element(size_t value, size_t k, size_t other) const {
    const auto [which, b] = place[k];
    const Eigen::Index row = Eigen::Index(place[other][1]), column = Eigen::Index(b);
    const MatrixD& m = classes[which].sums[value];
    return row >= column ? m(row, column) : std::conj(m(column, row));
  }
  double LargestElement() const {  // on the diagonals, as |M_{k'k}|² <= M_{kk} M_{k'k'}
    double largest = 0;
    for (const Class& c : classes) {
      for (const MatrixD& m : c.sums) {
        if (m.size()) largest = std::max(largest, m.diagonal().cwiseAbs().maxCoeff());
      }
    }
    return largest;
  }
};

ContractedBuilder::ContractedBuilder(ContractedBuilder&&) noexcept = default;
ContractedBuilder::~ContractedBuilder() = default;

ContractedBuilder::Cost ContractedBuilder::EstimateCost(const ContractionOptions& o,
                                                        const std::vector<Detector>& detectors) {
  return CostOf(o, PixelsOf(detectors));
}

absl::StatusOr<ContractedBuilder> ContractedBuilder::Create(const ContractionOptions& o,
                                                            const std::vector<Detector>& detectors,
                                                            size_t memory_bytes) {
  return Create(o, PixelsOf(detectors), memory_bytes);
}

absl::StatusOr<ContractedBuilder> ContractedBuilder::Create(const ContractionOptions& o,
                                                            std::vector<std::vector<size_t>> pixels,
                                                            size_t memory_bytes) {
  const auto [cx, cy] = o.cells;
  if (cx == 0 || cy == 0 || o.grid.nx % cx || o.grid.ny % cy) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%u × %u cells do not divide a grid of %u × %u pixels", cx, cy, o.grid.nx, o.grid.ny));
  }
  if (o.sets[0] == 0 || o.sets[1] == 0 || cx % o.sets[0] || cy % o.sets[1]) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%u × %u sets do not divide %u × %u cells", o.sets[0], o.sets[1], cx, cy));
  }
  const Cost cost = CostOf(o, pixels);
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
  impl->pixels = std::move(pixels);
  for (size_t rx = 0; rx < cx; ++rx) {
    for (size_t ry = 0; ry < cy; ++ry) impl->classes.push_back({int(rx), int(ry), {}, {}, 0});
  }
  for (size_t b = 0; b < impl->beams.size(); ++b) {
    const size_t which =
        size_t(Remainder(impl->beams[b].h, cx)) * cy + size_t(Remainder(impl->beams[b].k, cy));
    impl->place.push_back({which, impl->classes[which].beams.size()});
    impl->classes[which].beams.push_back(b);
  }
  for (Impl::Class& c : impl->classes) {
    const Eigen::Index n = Eigen::Index(c.beams.size());
    c.sums.assign(impl->exits() * impl->pixels.size(), MatrixD::Zero(n, n));
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

bool ContractedBuilder::Impl::AddClass(const Multislice& engine, std::array<size_t, 2> fits,
                                       Class* c, Progress* progress) const {
  const Grid& grid = engine.grid();
  // From the box's numbers h to the engine's: h = r + fits · g.
  const auto inside = [](int h, int r, size_t times, size_t n) {
    return size_t(Wrap((h - r) / int(times), n));
  };
  const auto [fx, fy] = fits;
  const int rx = Remainder(c->rx, fx), ry = Remainder(c->ry, fy);
  std::vector<std::vector<size_t>> here;  // pixels that the engine has, in its numbers
  size_t all = 0;
  for (const std::vector<size_t>& value : pixels) {
    here.emplace_back();
    for (size_t offset : value) {
      const Grid& box = options.grid;
      const int i = int(offset / box.ny), j = int(offset % box.ny);
      const int h = i < int(box.nx + 1) / 2 ? i : i - int(box.nx);
      const int k = j < int(box.ny + 1) / 2 ? j : j - int(box.ny);
      if (Remainder(h, fx) != rx || Remainder(k, fy) != ry) continue;
      here.back().push_back(inside(h, rx, fx, grid.nx) * grid.ny + inside(k, ry, fy, grid.ny));
    }
    all += here.back().size();
  }
  const std::vector<size_t> whole = {engine.slices()};
  const std::vector<size_t>& at = options.exit_slices.empty() ? whole : options.exit_slices;
  MatrixC s(Eigen::Index(all * exits()), Eigen::Index(c->beams.size()));
  const size_t grain = std::max<size_t>(1, c->beams.size() / (8 * size_t(Threads())));
  ParallelFor(c->beams.size(), grain, [&](size_t begin, size_t end) {
    Multislice::Workspace workspace = engine.MakeWorkspace();
    ComplexBuffer exit;
    for (size_t b = begin; b < end && !Interrupted(); ++b) {
      const Beam& beam = beams[c->beams[b]];
      ProbeSpectrum plane;
      plane.beams = {{uint32_t(inside(beam.h, rx, fx, grid.nx)),
                      uint32_t(inside(beam.k, ry, fy, grid.ny)), 1.0f}};
      Complex* column = s.col(Eigen::Index(b)).data();
      const auto collect = [&](size_t) {
        for (const std::vector<size_t>& value : here) {
          for (size_t offset : value) *column++ = exit[offset];
        }
      };
      engine.RunToWaves(plane, 0, 0, at, collect, &exit, &workspace);
      progress->Tick();
    }
  });
  if (Interrupted()) return false;
  std::vector<Eigen::Index> counts;  // rows of s by exit and value
  for (size_t e = 0; e < exits(); ++e) {
    for (const auto& value : here) counts.push_back(Eigen::Index(value.size()));
  }
  Contract(s, counts, &c->sums);
  ++c->configurations;
  return true;
}

void ContractedBuilder::Impl::Contract(const MatrixC& s, const std::vector<Eigen::Index>& counts,
                                       std::vector<MatrixD>* sums) const {
  struct Tile {
    Eigen::Index first, count, i, j;
    MatrixD* m;
  };
  const Eigen::Index n = s.cols(), tiles = (n + kTile - 1) / kTile;
  std::vector<Tile> lower;
  Eigen::Index first = 0;
  for (size_t v = 0; v < counts.size(); ++v) {
    for (Eigen::Index i = 0; i < tiles; ++i) {
      for (Eigen::Index j = 0; j <= i; ++j) {
        lower.push_back({first, counts[v], i * kTile, j * kTile, &(*sums)[v]});
      }
    }
    first += counts[v];
  }
  ParallelFor(lower.size(), 1, [&](size_t begin, size_t end) {
    for (size_t t = begin; t < end; ++t) {
      ContractTile(s, lower[t].first, lower[t].count, lower[t].i, lower[t].j, lower[t].m);
    }
  });
}

bool ContractedBuilder::Add(const Multislice& engine) {
  Progress progress("plane waves of the image engine", impl_->beams.size());
  for (Impl::Class& c : impl_->classes) {
    if (!impl_->AddClass(engine, {1, 1}, &c, &progress)) return false;
  }
  return true;
}

bool ContractedBuilder::AddSet(std::array<size_t, 2> set, const Multislice& engine,
                               Progress* progress) {
  const auto [sx, sy] = impl_->options.sets;
  for (Impl::Class& c : impl_->classes) {
    if (size_t(c.rx) % sx != set[0] || size_t(c.ry) % sy != set[1]) continue;
    if (!impl_->AddClass(engine, {sx, sy}, &c, progress)) return false;
  }
  return true;
}

bool ContractedBuilder::AddCell(const PotentialSlices& cell, const FftEfforts& efforts) {
  const ContractionOptions& o = impl_->options;
  RONCHI_CHECK(cell.grid == CellGrid(o.grid, o.cells));
  Progress progress("plane waves of the image engine", impl_->beams.size());
  for (Impl::Class& c : impl_->classes) {
    const Multislice engine(cell, o.energy_eV, o.tilt_rad, efforts,
                            {c.rx / o.grid.lx_A, c.ry / o.grid.ly_A});
    if (!impl_->AddClass(engine, o.cells, &c, &progress)) return false;
  }
  return true;
}

Contracted ContractedBuilder::Finish() {
  const int configurations = impl_->classes[0].configurations;
  RONCHI_CHECK(configurations > 0);
  for (const Impl::Class& c : impl_->classes) RONCHI_CHECK_EQ(c.configurations, configurations);
  const auto [cx, cy] = impl_->options.cells;
  Contracted out;
  out.grid_ = impl_->options.grid;
  out.energy_eV_ = impl_->options.energy_eV;
  out.semiangle_rad_ = impl_->options.semiangle_rad;
  out.values_ = impl_->exits() * impl_->pixels.size();
  const double largest = impl_->LargestElement();
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
          most = std::max(most, std::norm(impl_->Element(v, k, other)));
        }
      });
      if (std::sqrt(most) > kForbidden * largest) out.differences_.push_back({dh, dk});
    }
  }
  out.Index();
  auto matrix = std::make_shared<RealBuffer>(2 * out.values_ * out.stride_);
  const double mean = 1.0 / configurations;
  for (size_t v = 0; v < out.values_; ++v) {
    Real *re = matrix->data() + 2 * v * out.stride_, *im = re + out.stride_;
    for (const DifferenceVector& d : out.differences_) {
      rows.ForEachStretch(d.dh, d.dk, [&](size_t k, size_t other, size_t n) {
        for (size_t i = 0; i < n; ++i) {
          const std::complex<double> m = mean * impl_->Element(v, k + i, other + i);
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
