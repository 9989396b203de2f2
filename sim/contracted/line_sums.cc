#include "sim/contracted/line_sums.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/angle.h"

namespace ronchi::sim {
namespace {

// Lines that are worked on together, side by side in every table.
constexpr size_t kLines = 64;

// Tables [2 · reach + 1, 2, width]: e^{−2πi n x_l}, n from −reach; real parts, then imaginary.
// `first` fills the row of n = 1.
template <class First>
void Powers(int reach, size_t width, const First& first, std::vector<double>* table) {
  table->resize(size_t(2 * reach + 1) * 2 * width);
  const auto row = [&](int n) { return table->data() + size_t(n + reach) * 2 * width; };
  std::fill_n(row(0), width, 1.0);
  std::fill_n(row(0) + width, width, 0.0);
  if (reach == 0) return;
  first(row(1), row(1) + width);
  const double *one_re = row(1), *one_im = row(1) + width;
  for (int n = 2; n <= reach; ++n) {
    const double *re = row(n - 1), *im = row(n - 1) + width;
    double *to_re = row(n), *to_im = row(n) + width;
    for (size_t l = 0; l < width; ++l) {
      to_re[l] = re[l] * one_re[l] - im[l] * one_im[l];
      to_im[l] = re[l] * one_im[l] + im[l] * one_re[l];
    }
  }
  for (int n = 1; n <= reach; ++n) {
    const double* from = row(n);
    double* to = row(-n);
    for (size_t l = 0; l < width; ++l) to[l] = from[l];
    for (size_t l = width; l < 2 * width; ++l) to[l] = -from[l];
  }
}

struct Wave {
  double re, im;
};

// Σ_p w(p) e(p), eight sums side by side.
Wave WeightedSum(size_t n, const double* __restrict w, const double* __restrict re,
                 const double* __restrict im) {
  constexpr size_t kLanes = 8;
  double lane_re[kLanes] = {}, lane_im[kLanes] = {};
  size_t p = 0;
  for (; p + kLanes <= n; p += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) {
      lane_re[j] += w[p + j] * re[p + j];
      lane_im[j] += w[p + j] * im[p + j];
    }
  }
  Wave sum{0, 0};
  for (; p < n; ++p) sum.re += w[p] * re[p], sum.im += w[p] * im[p];
  for (size_t j = 0; j < kLanes; ++j) sum.re += lane_re[j], sum.im += lane_im[j];
  return sum;
}

// Re and im of Σ_l (a b)_l over kLines, eight sums side by side.
void DotProduct(const double* __restrict ar, const double* __restrict ai,
                const double* __restrict br, const double* __restrict bi, double* re, double* im) {
  constexpr size_t kLanes = 8;
  double lane_re[kLanes] = {}, lane_im[kLanes] = {};
  for (size_t l = 0; l < kLines; l += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) {
      lane_re[j] += ar[l + j] * br[l + j] - ai[l + j] * bi[l + j];
      lane_im[j] += ar[l + j] * bi[l + j] + ai[l + j] * br[l + j];
    }
  }
  for (size_t j = 0; j < kLanes; ++j) *re += lane_re[j], *im += lane_im[j];
}

}  // namespace

LineSums::LineSums(std::span<const DifferenceVector> differences, double lx_A, double ly_A)
    : lx_A_(lx_A), ly_A_(ly_A) {
  for (const DifferenceVector& d : differences) {
    reach_h_ = std::max(reach_h_, std::abs(d.dh));
    reach_k_ = std::max(reach_k_, std::abs(d.dk));
  }
  for (const DifferenceVector& d : differences) {
    h_.push_back(d.dh + reach_h_);
    k_.push_back(d.dk + reach_k_);
  }
  const auto used = [](std::vector<int> indices) {
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    return indices;
  };
  used_h_ = used(h_);
  used_k_ = used(k_);
}

// Up to kLines lines, with the tables of their starts; lines that are not there stand at 0.
struct LineSums::Chunk {
  size_t first, count;
  bool along_x, along_y;  // neither: oblique
  size_t pixels;
  const double *x, *y;            // [reach, 2, kLines]
  const double *step_x, *step_y;  // [reach, 2, pixels]; along an axis, only its own

  // e^{−2πi q·s} of the line's start.
  Wave Start(int h, int k, size_t l) const {
    const double *a = x + size_t(h) * 2 * kLines, *b = y + size_t(k) * 2 * kLines;
    return {a[l] * b[l] - a[kLines + l] * b[kLines + l],
            a[l] * b[kLines + l] + a[kLines + l] * b[l]};
  }
  // The same of p steps, for the pixels of an oblique line.
  void AlongLine(int h, int k, double* re, double* im) const {
    const double *a = step_x + size_t(h) * 2 * pixels, *b = step_y + size_t(k) * 2 * pixels;
    for (size_t p = 0; p < pixels; ++p) {
      re[p] = a[p] * b[p] - a[pixels + p] * b[pixels + p];
      im[p] = a[p] * b[pixels + p] + a[pixels + p] * b[p];
    }
  }
};

template <class Work>
void LineSums::ForEachChunk(const ScanLines& lines, const ScanTransform& transform, Scratch* s,
                            const Work& work) const {
  const auto step = transform.Turn(lines.step_A);
  Chunk c{};
  c.pixels = lines.pixels;
  c.along_y = step[0] == 0;
  c.along_x = !c.along_y && step[1] == 0;
  const auto steps = [&](double by, double length) {
    return [=, n = c.pixels](double* re, double* im) {
      for (size_t p = 0; p < n; ++p) {
        re[p] = std::cos(kTwoPi * double(p) * by / length);
        im[p] = -std::sin(kTwoPi * double(p) * by / length);
      }
    };
  };
  if (!c.along_y) Powers(reach_h_, c.pixels, steps(step[0], lx_A_), &s->step);
  if (!c.along_x) Powers(reach_k_, c.pixels, steps(step[1], ly_A_), &s->step_y);
  c.step_x = s->step.data();
  c.step_y = s->step_y.data();
  s->sums.resize(size_t(2 * std::max(reach_h_, reach_k_) + 1) * 2 * kLines);
  s->lane.resize(2 * c.pixels);
  for (c.first = 0; c.first < lines.starts_A.size(); c.first += kLines) {
    c.count = std::min(kLines, lines.starts_A.size() - c.first);
    const auto starts = [&](size_t axis, double length) {
      return [&, axis, length](double* re, double* im) {
        for (size_t l = 0; l < kLines; ++l) {
          const double at = l < c.count ? transform.Place(lines.starts_A[c.first + l])[axis] : 0.0;
          re[l] = std::cos(kTwoPi * at / length);
          im[l] = -std::sin(kTwoPi * at / length);
        }
      };
    };
    Powers(reach_h_, kLines, starts(0, lx_A_), &s->x);
    Powers(reach_k_, kLines, starts(1, ly_A_), &s->y);
    c.x = s->x.data();
    c.y = s->y.data();
    work(c);
  }
}

void LineSums::Compute(const ScanLines& lines, const ScanTransform& transform,
                       std::span<const Image> images, Scratch* s) const {
  ForEachChunk(lines, transform, s, [&](const Chunk& c) {
    const size_t n = c.pixels;
    const std::vector<int>&outer = c.along_y ? k_ : h_, &inner = c.along_y ? h_ : k_;
    const std::vector<int>& rows = c.along_y ? used_k_ : used_h_;
    const double *outer_table = c.along_y ? c.y : c.x, *inner_table = c.along_y ? c.x : c.y;
    const double* steps = c.along_y ? c.step_y : c.step_x;
    for (const Image& image : images) {
      double* out = image.pixels + c.first * n;
      std::fill_n(out, c.count * n, 0.0);
      if (!c.along_x && !c.along_y) {
        double *wave_re = s->lane.data(), *wave_im = wave_re + n;
        for (size_t i = 0; i < h_.size(); ++i) {
          c.AlongLine(h_[i], k_[i], wave_re, wave_im);
          for (size_t l = 0; l < c.count; ++l) {
            const Wave at = c.Start(h_[i], k_[i], l);
            const double re = at.re * image.re[i] - at.im * image.im[i];
            const double im = at.re * image.im[i] + at.im * image.re[i];
            double* row = out + l * n;
            for (size_t p = 0; p < n; ++p) row[p] += re * wave_re[p] - im * wave_im[p];
          }
        }
        continue;
      }
      std::fill(s->sums.begin(), s->sums.end(), 0.0);
      for (size_t i = 0; i < h_.size(); ++i) {
        const double* __restrict table = inner_table + size_t(inner[i]) * 2 * kLines;
        double* __restrict sum = s->sums.data() + size_t(outer[i]) * 2 * kLines;
        const double gr = image.re[i], gi = image.im[i];
        for (size_t l = 0; l < kLines; ++l) {
          sum[l] += gr * table[l] - gi * table[kLines + l];
          sum[kLines + l] += gr * table[kLines + l] + gi * table[l];
        }
      }
      for (size_t l = 0; l < c.count; ++l) {
        double* __restrict row = out + l * n;
        for (const int r : rows) {
          const double *sum = s->sums.data() + size_t(r) * 2 * kLines,
                       *start = outer_table + size_t(r) * 2 * kLines;
          const double re = sum[l] * start[l] - sum[kLines + l] * start[kLines + l];
          const double im = sum[l] * start[kLines + l] + sum[kLines + l] * start[l];
          const double* __restrict step = steps + size_t(r) * 2 * n;
          for (size_t p = 0; p < n; ++p) row[p] += re * step[p] - im * step[n + p];
        }
      }
    }
  });
}

void LineSums::ComputeAdjoint(const ScanLines& lines, const ScanTransform& transform,
                              std::span<const Image> images, Scratch* s) const {
  for (const Image& image : images) {
    std::fill_n(image.re, h_.size(), 0.0);
    std::fill_n(image.im, h_.size(), 0.0);
  }
  ForEachChunk(lines, transform, s, [&](const Chunk& c) {
    const size_t n = c.pixels;
    const std::vector<int>&outer = c.along_y ? k_ : h_, &inner = c.along_y ? h_ : k_;
    const std::vector<int>& rows = c.along_y ? used_k_ : used_h_;
    const double *outer_table = c.along_y ? c.y : c.x, *inner_table = c.along_y ? c.x : c.y;
    const double* steps = c.along_y ? c.step_y : c.step_x;
    for (const Image& image : images) {
      const double* weights = image.pixels + c.first * n;
      if (!c.along_x && !c.along_y) {
        double *wave_re = s->lane.data(), *wave_im = wave_re + n;
        for (size_t i = 0; i < h_.size(); ++i) {
          c.AlongLine(h_[i], k_[i], wave_re, wave_im);
          for (size_t l = 0; l < c.count; ++l) {
            const Wave at = c.Start(h_[i], k_[i], l);
            const auto [wr, wi] = WeightedSum(n, weights + l * n, wave_re, wave_im);
            image.re[i] += at.re * wr - at.im * wi;
            image.im[i] += at.re * wi + at.im * wr;
          }
        }
        continue;
      }
      std::fill(s->sums.begin(), s->sums.end(), 0.0);
      for (size_t l = 0; l < c.count; ++l) {
        for (const int r : rows) {
          const double* step = steps + size_t(r) * 2 * n;
          const auto [wr, wi] = WeightedSum(n, weights + l * n, step, step + n);
          double* sum = s->sums.data() + size_t(r) * 2 * kLines;
          const double* start = outer_table + size_t(r) * 2 * kLines;
          sum[l] = wr * start[l] - wi * start[kLines + l];
          sum[kLines + l] = wr * start[kLines + l] + wi * start[l];
        }
      }
      for (size_t i = 0; i < h_.size(); ++i) {
        const double *sum = s->sums.data() + size_t(outer[i]) * 2 * kLines,
                     *table = inner_table + size_t(inner[i]) * 2 * kLines;
        DotProduct(sum, sum + kLines, table, table + kLines, &image.re[i], &image.im[i]);
      }
    }
  });
}

}  // namespace ronchi::sim
