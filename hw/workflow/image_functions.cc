#include "hw/workflow/image_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ronchi::hw::workflow {
namespace {

template <class F>
void ForEachPixel(const Images& images, F f) {
  for (const Array<float>& frame : images.frames) {
    for (float v : frame) f(double(v));
  }
}

size_t Pixels(const Images& images) {
  size_t n = 0;
  for (const Array<float>& frame : images.frames) n += frame.size();
  return n;
}

double Mean(const Array<float>& frame) {
  double sum = 0;
  for (float v : frame) sum += v;
  return sum / double(frame.size());
}

// Counts are floats, and finite: what a detector did not reach ends the run
// (hw/instrument/reply.h).
constexpr double kMostCounts = std::numeric_limits<float>::max();
constexpr Interval kCounts = {-kMostCounts, kMostCounts};
constexpr double kMostFramesHeld = 1e4;  // kMostFrames of hw/instrument/validate.h
// Sums of as many counts as there can be, and ratios of their products.
constexpr Interval kSums = {-1e60, 1e60}, kRatios = {-1e250, 1e250};

// A number out of pixels; anything where pixels are missing (NaN), so that it is no value.
Value OfPixels(double v) { return std::isfinite(v) ? Value::Number(v) : Value::Range(kAnything); }

absl::Status Empty() { return absl::InvalidArgumentError("the image has no pixels"); }

absl::Status ExpectImage(const Value& v) {
  if (v.type == Type::kImage) return absl::OkStatus();
  return absl::InvalidArgumentError("expected an image, got a " + v.Kind());
}

// The mean of all frames.
absl::StatusOr<Array<float>> Flatten(const Images& images) {
  if (Pixels(images) == 0 || images.frames[0].rank() != 2) {
    return absl::InvalidArgumentError("expected a scanned image with rows and columns");
  }
  Array<float> mean(images.frames[0].shape());
  for (const Array<float>& frame : images.frames) {
    if (frame.shape() != mean.shape()) return absl::InvalidArgumentError("frames of unlike shape");
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += frame[i] / float(images.frames.size());
  }
  return mean;
}

// Pearson's correlation of what two frames have in common when `to` is moved back by (dx, dy).
double Correlation(const Array<float>& from, const Array<float>& to, long dx, long dy) {
  const long h = long(from.shape()[0]), w = long(from.shape()[1]);
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (long y = std::max(0L, -dy); y < std::min(h, h - dy); ++y) {
    for (long x = std::max(0L, -dx); x < std::min(w, w - dx); ++x) {
      const double p = from(size_t(y), size_t(x)), q = to(size_t(y + dy), size_t(x + dx));
      n += 1;
      a += p;
      b += q;
      aa += p * p;
      bb += q * q;
      ab += p * q;
    }
  }
  const double va = aa - a * a / n, vb = bb - b * b / n;
  return va > 0 && vb > 0 ? (ab - a * b / n) / std::sqrt(va * vb) : 0;
}

// Where the parabola through three equally spaced values has its top, from the middle one.
double Vertex(double before, double at, double after) {
  const double curvature = before - 2 * at + after;
  return curvature < 0 ? std::clamp(0.5 * (before - after) / curvature, -0.5, 0.5) : 0;
}

}  // namespace

absl::StatusOr<Value> ImageSum(const Value& image) {
  RONCHI_RETURN_IF_ERROR(ExpectImage(image));
  if (!image.images) return Value::Range(kSums);
  double sum = 0;
  ForEachPixel(*image.images, [&](double v) { sum += v; });
  return OfPixels(sum);
}

absl::StatusOr<Value> ImageMean(const Value& image) {
  RONCHI_RETURN_IF_ERROR(ExpectImage(image));
  if (!image.images) return Value::Range(kCounts);
  if (Pixels(*image.images) == 0) return Empty();
  double sum = 0;
  ForEachPixel(*image.images, [&](double v) { sum += v; });
  return OfPixels(sum / double(Pixels(*image.images)));
}

absl::StatusOr<Value> ImageStd(const Value& image) {
  if (!image.images) return Value::Range({0, kSums.high});
  RONCHI_ASSIGN_OR_RETURN(const Value mean, ImageMean(image));
  double squares = 0;
  ForEachPixel(*image.images,
               [&](double v) { squares += (v - mean.number.low) * (v - mean.number.low); });
  return OfPixels(std::sqrt(squares / double(Pixels(*image.images))));
}

absl::StatusOr<Value> ImageExtreme(const Value& image, bool largest) {
  if (!image.images) return Value::Range(kCounts);
  if (Pixels(*image.images) == 0) return Empty();
  double extreme = largest ? -kInfinity : kInfinity;
  bool missing = false;
  ForEachPixel(*image.images, [&](double v) {
    extreme = largest ? std::max(extreme, v) : std::min(extreme, v);
    missing |= std::isnan(v);
  });
  return OfPixels(missing ? std::nan("") : extreme);
}

absl::StatusOr<Value> ImageFrames(const Value& image) {
  if (!image.images) return Value::Range({1, kMostFramesHeld});
  return Value::Number(double(image.images->frames.size()));
}

absl::StatusOr<Value> ImageContrast(const Value& image, const Interval& dark) {
  if (!image.images) return Value::Range(kRatios);
  const std::vector<Array<float>>& frames = image.images->frames;
  if (frames.empty() || frames[0].empty()) return Empty();
  const Array<float>& a = frames[0];
  const Array<float>& b = frames.size() > 1 ? frames[1] : frames[0];
  if (a.size() != b.size()) return absl::InvalidArgumentError("frames of unlike shape");
  const double mean_a = Mean(a), mean_b = Mean(b);
  double covariance = 0;
  for (size_t i = 0; i < a.size(); ++i) covariance += (a[i] - mean_a) * (b[i] - mean_b);
  covariance /= double(a.size());
  const double product = (mean_a - dark.low) * (mean_b - dark.low);
  // Without light there is no contrast; a workflow must be able to go on.
  return OfPixels(mean_a > dark.low && mean_b > dark.low ? covariance / product : 0);
}

absl::StatusOr<Value> ImageShift(const Value& from, const Value& to, bool along_x) {
  if (!from.images || !to.images) return Value::Range(kAnything);
  RONCHI_ASSIGN_OR_RETURN(const Array<float> a, Flatten(*from.images));
  RONCHI_ASSIGN_OR_RETURN(const Array<float> b, Flatten(*to.images));
  if (a.shape() != b.shape()) return absl::InvalidArgumentError("the images differ in shape");
  const long reach_y = long(a.shape()[0]) / 8, reach_x = long(a.shape()[1]) / 8;
  long best_x = 0, best_y = 0;
  double best = -kInfinity;
  for (long dy = -reach_y; dy <= reach_y; ++dy) {
    for (long dx = -reach_x; dx <= reach_x; ++dx) {
      const double c = Correlation(a, b, dx, dy);
      if (c > best) {
        best = c;
        best_x = dx;
        best_y = dy;
      }
    }
  }
  const long ux = along_x ? 1 : 0, uy = along_x ? 0 : 1;
  const double fine = Vertex(Correlation(a, b, best_x - ux, best_y - uy), best,
                             Correlation(a, b, best_x + ux, best_y + uy));
  return Value::Number(double(along_x ? best_x : best_y) + fine);
}

}  // namespace ronchi::hw::workflow
