#include "hw/workflow/tally.h"

#include <algorithm>
#include <vector>

namespace ronchi::hw::workflow {
namespace {

constexpr double kPoint_m = 1e-10;   // docs/conventions.md: a parked probe's electrons on 1 Å²
constexpr double kMargin_m = 1e-14;  // below any position, above the round-off of adding them

struct Box {
  double x0, y0, x1, y1, dose;
};

Box ToBox(const Tally::Key& k, double dose) {
  const double wide = k[2] > 0 ? 0 : kPoint_m / 2, high = k[3] > 0 ? 0 : kPoint_m / 2;
  return {k[0] - wide + kMargin_m, k[1] - high + kMargin_m, k[0] + k[2] + wide - kMargin_m,
          k[1] + k[3] + high - kMargin_m, dose};
}

bool Overlap(const Box& a, const Box& b) {
  return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

// The largest sum of doses at any point: attained where some box begins in x and some in y.
double LargestSum(const std::vector<Box>& boxes) {
  double largest = 0;
  std::vector<std::pair<double, double>> edges;  // y, ± dose
  for (const Box& at : boxes) {
    edges.clear();
    for (const Box& b : boxes) {
      if (!(b.x0 <= at.x0 && at.x0 <= b.x1)) continue;
      edges.emplace_back(b.y0, b.dose);
      edges.emplace_back(b.y1, -b.dose);
    }
    std::sort(edges.begin(), edges.end());
    double sum = 0;
    for (const auto& [y, change] : edges) {
      sum += change;
      largest = std::max(largest, sum);
    }
  }
  return largest;
}

template <class F>
void Combine(std::map<Tally::Key, double>* mine, const std::map<Tally::Key, double>& theirs, F f) {
  for (auto& [key, dose] : *mine) {
    const auto it = theirs.find(key);
    dose = f(dose, it == theirs.end() ? 0.0 : it->second);
  }
  for (const auto& [key, dose] : theirs) {
    if (!mine->contains(key)) (*mine)[key] = f(0.0, dose);
  }
}

double Sum(const std::map<Tally::Key, double>& places) {
  double sum = 0;
  for (const auto& [key, dose] : places) sum += dose;
  return sum;
}

}  // namespace

void Tally::Add(std::span<const Rectangle> where, double dose) {
  if (dose == 0) return;
  for (const Rectangle& r : where) {
    places_[{r.x_m, r.y_m, r.width_m, r.height_m}] += dose;
    sum_ += dose;
  }
}

double Tally::Largest() const {
  std::vector<Box> boxes;
  for (const auto& [key, dose] : places_) boxes.push_back(ToBox(key, dose));
  return LargestSum(boxes) + anywhere_;
}

double Tally::LargestIn(const Rectangle& r) const {
  const Box here = ToBox({r.x_m, r.y_m, r.width_m, r.height_m}, 0);
  std::vector<Box> boxes;
  for (const auto& [key, dose] : places_) {
    Box b = ToBox(key, dose);
    if (!Overlap(b, here)) continue;
    b = {std::max(b.x0, here.x0), std::max(b.y0, here.y0), std::min(b.x1, here.x1),
         std::min(b.y1, here.y1), dose};
    boxes.push_back(b);
  }
  return LargestSum(boxes) + anywhere_;
}

void Tally::JoinLarger(const Tally& other) {
  Combine(&places_, other.places_, [](double a, double b) { return std::max(a, b); });
  anywhere_ = std::max(anywhere_, other.anywhere_);
  sum_ = Sum(places_);
}
void Tally::JoinSmaller(const Tally& other) {
  Combine(&places_, other.places_, [](double a, double b) { return std::min(a, b); });
  anywhere_ = std::min(anywhere_, other.anywhere_);
  sum_ = Sum(places_);
}
void Tally::JoinMean(const Tally& other) {
  Combine(&places_, other.places_, [](double a, double b) { return (a + b) / 2; });
  anywhere_ = (anywhere_ + other.anywhere_) / 2;
  sum_ = Sum(places_);
}

Tally Tally::Since(const Tally& before) const {
  Tally since = *this;
  Combine(&since.places_, before.places_, [](double a, double b) { return a - b; });
  since.anywhere_ -= before.anywhere_;
  since.sum_ = Sum(since.places_);
  return since;
}

void Tally::AddScaled(const Tally& other, double factor) {
  Combine(&places_, other.places_, [factor](double a, double b) { return a + factor * b; });
  anywhere_ += factor * other.anywhere_;
  sum_ = Sum(places_);
}

}  // namespace ronchi::hw::workflow
