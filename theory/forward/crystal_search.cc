#include "theory/forward/crystal_search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/angle.h"
#include "core/parallel.h"

namespace ronchi::theory {
namespace {

// What is predicted dark is not impossible: a share of the mean.
constexpr double kDarkShare = 1e-3;

// The library and the pixels at which tilts are compared.
class TiltLibrary {
 public:
  TiltLibrary(const CrystalPattern& model, std::span<const double> frame,
              const PatternState& optics, const CrystalSearchOptions& options)
      : model_(model), counts_(model.OntoLattice(frame, optics)) {
    const CrystalWaves& waves = model.waves();
    const double spacing = waves.spacing_A();
    plane_step_ = spacing < 3 ? 2 : 1;
    first_ = size_t(std::max(0.0, std::floor(options.thickness_A[0] / spacing) - 1));
    const size_t last = std::min(waves.planes() - 1, size_t(options.thickness_A[1] / spacing));
    planes_ = last >= first_ ? (last - first_) / plane_step_ + 1 : 1;
    for (size_t a : {size_t(0), size_t(1)}) {
      const double step = model.wavelength_A() / model.box_A()[a];
      // κ₀ = −tan τ/λ.
      low_[a] = int(std::floor(-std::tan(options.tilt_rad[a][1]) / step + 1e-9));
      high_[a] = int(std::ceil(-std::tan(options.tilt_rad[a][0]) / step - 1e-9));
    }
    ChooseStride(options);
    ChooseBeams(model.Amplitudes(optics));
    FillLibrary();
  }

  std::vector<CrystalStart> Nodes() const {
    std::vector<std::array<int, 2>> nodes;
    for (int i = Up(low_[0]); i <= high_[0]; i += stride_) {
      for (int j = Up(low_[1]); j <= high_[1]; j += stride_) nodes.push_back({i, j});
    }
    std::vector<CrystalStart> starts(nodes.size());
    ParallelFor(nodes.size(), 1, [&](size_t begin, size_t end) {
      for (size_t n = begin; n < end; ++n) starts[n] = BestThickness(nodes[n]);
    });
    return starts;
  }

 private:
  struct Chosen {
    int i, j;
    std::complex<float> amplitude;
  };
  // The multiple of the stride at or above n, less one stride: the range's ends are within.
  int Up(int n) const { return int(std::floor(double(n) / stride_)) * stride_; }

  double Span(size_t a, int stride) const { return double(high_[a] - low_[a]) / stride + 2; }

  void ChooseStride(const CrystalSearchOptions& o) {
    const int common = std::gcd(model_.options().copies[0], model_.options().copies[1]);
    const double beams = double(model_.beams().size());
    for (int s = 1; s <= common; ++s) {
      if (common % s != 0) continue;
      // A disc of beams, dilated by the rectangle of tilts.
      const double disc = beams / (s * s), side = 2 * std::sqrt(disc / kPi);
      const double waves = (side + Span(0, s)) * (side + Span(1, s));
      const double orders = double(model_.waves().orders() * planes_);
      const bool enough = disc < 30;  // further apart the pattern would no longer be one
      if (s > 1 && enough) break;
      stride_ = s;
      const bool fits = waves * orders * 8 < o.most_bytes && waves < o.most_waves &&
                        disc * orders * Span(0, s) * Span(1, s) < o.most_sums;
      if (fits) break;
    }
  }

  void ChooseBeams(const std::vector<std::complex<float>>& amplitudes) {
    for (size_t b = 0; b < amplitudes.size(); ++b) {
      const CrystalPattern::Beam& beam = model_.beams()[b];
      if (beam.i % stride_ == 0 && beam.j % stride_ == 0) {
        beams_.push_back({beam.i, beam.j, amplitudes[b]});
      }
    }
  }

  void FillLibrary() {
    for (int i = Up(low_[0]); i <= high_[0]; i += stride_) {
      for (int j = Up(low_[1]); j <= high_[1]; j += stride_) {
        for (const Chosen& b : beams_) slots_.emplace(std::array{b.i + i, b.j + j}, 0);
      }
    }
    size_t n = 0;
    std::vector<std::array<int, 2>> list;
    for (auto& [at, slot] : slots_) {
      slot = n++;
      list.push_back(at);
    }
    size_ = planes_ * model_.waves().orders();
    library_.resize(n * size_);
    ParallelFor(n, 8, [&](size_t begin, size_t end) {
      for (size_t w = begin; w < end; ++w) {
        model_.waves().Scatter({list[w][0] / model_.box_A()[0], list[w][1] / model_.box_A()[1]},
                               first_, plane_step_, {library_.data() + w * size_, size_});
      }
    });
  }

  // Adds what a beam makes of all planes' points: intensities or waves.
  template <class Value, class Add>
  void Gather(const std::array<int, 2>& node, std::vector<Value>* points, const Add& add) const {
    const auto [rx, ry] = model_.reach();
    const auto [hx, hy] = model_.waves().half();
    const size_t ny = size_t(2 * ry + 1), area = size_t(2 * rx + 1) * ny;
    points->assign(area * planes_, Value{});
    for (const Chosen& b : beams_) {
      const auto* s = library_.data() + slots_.at({b.i + node[0], b.j + node[1]}) * size_;
      for (size_t p = 0; p < planes_; ++p) {
        for (int h = -hx; h <= hx; ++h) {
          const int i = b.i + h * model_.options().copies[0] + rx;
          for (int k = -hy; k <= hy; ++k, ++s) {
            const int j = b.j + k * model_.options().copies[1] + ry;
            if (i < 0 || i > 2 * rx || j < 0 || j > 2 * ry) continue;
            add(&(*points)[p * area + size_t(i) * ny + size_t(j)], *s, b.amplitude);
          }
        }
      }
    }
  }

  CrystalStart BestThickness(const std::array<int, 2>& node) const {
    thread_local std::vector<float> points;
    if (model_.options().averaged) {
      Gather(node, &points, [](float* to, std::complex<float> s, std::complex<float> a) {
        *to += std::norm(s) * std::norm(a);
      });
    } else {
      thread_local std::vector<std::complex<float>> waves;
      Gather(node, &waves,
             [](std::complex<float>* to, std::complex<float> s, std::complex<float> a) {
               *to += s * a;
             });
      points.resize(waves.size());
      for (size_t i = 0; i < waves.size(); ++i) points[i] = std::norm(waves[i]);
    }
    CrystalStart best{.log_likelihood = -1e300};
    for (size_t a : {size_t(0), size_t(1)}) {
      best.tilt_rad[a] = std::atan(-node[a] * model_.wavelength_A() / model_.box_A()[a]);
    }
    const size_t area = points.size() / planes_;
    for (size_t p = 0; p < planes_; ++p) {
      const double score = Score({points.data() + p * area, area});
      if (score <= best.log_likelihood) continue;
      best.log_likelihood = score;
      best.thickness_A = model_.waves().depth_A(first_ + p * plane_step_);
    }
    return best;
  }

  double Score(std::span<const float> points) const {
    const auto [rx, ry] = model_.reach();
    double sum = 0, n = 0;
    const auto each = [&](const auto& act) {
      size_t at = 0;
      for (int i = -rx; i <= rx; ++i) {
        for (int j = -ry; j <= ry; ++j, ++at) {
          if (i % stride_ == 0 && j % stride_ == 0 && counts_[at] >= 0) act(at);
        }
      }
    };
    each([&](size_t at) {
      sum += double(points[at]);
      ++n;
    });
    const double floor = kDarkShare * sum / std::max(1.0, n);
    double score = 0;
    each([&](size_t at) {
      if (counts_[at] > 0) {
        score += counts_[at] * std::log((double(points[at]) + floor) / (sum + floor * n));
      }
    });
    return score;
  }

  const CrystalPattern& model_;
  std::vector<double> counts_;  // on the lattice; below 0 where the camera does not reach
  size_t first_ = 0, plane_step_ = 1, planes_ = 0, size_ = 0;
  std::array<int, 2> low_ = {0, 0}, high_ = {0, 0};  // of the tilts, on the lattice
  int stride_ = 1;
  std::vector<Chosen> beams_;
  std::map<std::array<int, 2>, size_t> slots_;
  std::vector<CrystalWaves::Amplitude> library_;
};

}  // namespace

std::vector<CrystalStart> SearchCrystal(const CrystalPattern& model, std::span<const double> frame,
                                        const PatternState& optics,
                                        const CrystalSearchOptions& options) {
  std::vector<CrystalStart> starts = TiltLibrary(model, frame, optics, options).Nodes();
  std::stable_sort(starts.begin(), starts.end(), [](const CrystalStart& a, const CrystalStart& b) {
    return a.log_likelihood > b.log_likelihood;
  });
  if (starts.size() > options.count) starts.resize(options.count);
  for (CrystalStart& s : starts) {
    s.thickness_A = std::clamp(s.thickness_A, options.thickness_A[0], options.thickness_A[1]);
    for (size_t a : {size_t(0), size_t(1)}) {
      s.tilt_rad[a] = std::clamp(s.tilt_rad[a], options.tilt_rad[a][0], options.tilt_rad[a][1]);
    }
  }
  return starts;
}

}  // namespace ronchi::theory
