#include "hw/workflow/tally.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

namespace ronchi::hw::workflow {
namespace {

constexpr double kNoBound = std::numeric_limits<double>::infinity();
constexpr double kMargin_m = 1e-14;  // below any position, above the round-off of adding them

struct Box {
  double x0, y0, x1, y1, dose;
};

Box ToBox(const Tally::Key& k, double dose) {
  return {k[0] + kMargin_m, k[1] + kMargin_m, k[0] + k[2] - kMargin_m, k[1] + k[3] - kMargin_m,
          dose};
}

bool Overlap(const Box& a, const Box& b) {
  return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

// Sums over closed stretches of a line, and the largest of them: a segment tree.
class Line {
 public:
  explicit Line(size_t places) {
    while (leaves_ < places) leaves_ *= 2;
    own_.resize(2 * leaves_);
    largest_.resize(2 * leaves_);
  }
  void Add(size_t first, size_t last, double dose) { Add(1, 0, leaves_ - 1, first, last, dose); }
  double Largest() const { return largest_[1]; }

 private:
  void Add(size_t node, size_t from, size_t to, size_t first, size_t last, double dose) {
    if (last < from || to < first) return;
    if (first <= from && to <= last) {
      own_[node] += dose;
      largest_[node] += dose;
      return;
    }
    const size_t middle = (from + to) / 2;
    Add(2 * node, from, middle, first, last, dose);
    Add(2 * node + 1, middle + 1, to, first, last, dose);
    largest_[node] = own_[node] + std::max(largest_[2 * node], largest_[2 * node + 1]);
  }
  size_t leaves_ = 1;
  std::vector<double> own_, largest_;
};

// The largest sum of doses at any point: a line along y is swept over x, and what begins at an x is
// there before what ends there goes.
double LargestSum(const std::vector<Box>& boxes) {
  std::vector<double> ys;
  struct Event {
    double x;
    bool ends;
    size_t box;
  };
  std::vector<Event> events;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const Box& b = boxes[i];
    if (std::isinf(b.dose)) return kNoBound;
    if (!(b.x0 <= b.x1 && b.y0 <= b.y1)) continue;
    ys.push_back(b.y0);  // a largest sum is found where some box begins
    events.push_back({b.x0, false, i});
    events.push_back({b.x1, true, i});
  }
  if (ys.empty()) return 0;
  std::sort(ys.begin(), ys.end());
  ys.erase(std::unique(ys.begin(), ys.end()), ys.end());
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.x, a.ends, a.box) < std::tie(b.x, b.ends, b.box);
  });
  Line line(ys.size());
  double largest = 0;
  for (const Event& e : events) {
    const Box& b = boxes[e.box];
    const auto first = std::lower_bound(ys.begin(), ys.end(), b.y0) - ys.begin();
    const auto beyond = std::upper_bound(ys.begin(), ys.end(), b.y1) - ys.begin();
    line.Add(size_t(first), size_t(beyond - 1), e.ends ? -b.dose : b.dose);
    if (!e.ends) largest = std::max(largest, line.Largest());
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

double Tally::LargestWith(std::span<const Rectangle> where, double dose) const {
  if (where.empty()) return anywhere_;
  std::vector<Box> boxes;
  Box all = {kNoBound, kNoBound, -kNoBound, -kNoBound, 0};
  for (const Rectangle& r : where) {
    const Box b = ToBox({r.x_m, r.y_m, r.width_m, r.height_m}, dose);
    all = {std::min(all.x0, b.x0), std::min(all.y0, b.y0), std::max(all.x1, b.x1),
           std::max(all.y1, b.y1), 0};
    boxes.push_back(b);
  }
  for (const auto& [key, had] : places_) {
    if (const Box b = ToBox(key, had); Overlap(b, all)) boxes.push_back(b);
  }
  return LargestSum(boxes) + anywhere_;
}

Tally Tally::CappedAt(double most) const {
  if (Largest() <= most || places_.empty()) {
    Tally same = *this;
    same.anywhere_ = std::min(anywhere_, most);
    return same;
  }
  // Two that are true: every rectangle by itself, or what encloses them all.
  Tally each, together;
  std::vector<Rectangle> all;
  double x0 = kNoBound, y0 = kNoBound, x1 = -kNoBound, y1 = -kNoBound;
  for (const auto& [key, dose] : places_) {
    const Rectangle r{key[0], key[1], key[2], key[3]};
    each.Add({&r, 1}, std::min(dose, most));
    x0 = std::min(x0, key[0]), y0 = std::min(y0, key[1]);
    x1 = std::max(x1, key[0] + key[2]), y1 = std::max(y1, key[1] + key[3]);
  }
  each.anywhere_ = std::min(anywhere_, most);
  if (anywhere_ > 0) {
    together.anywhere_ = most;
  } else {
    const Rectangle enclosure{x0, y0, x1 - x0, y1 - y0};
    together.Add({&enclosure, 1}, most);
  }
  return each.Largest() <= most * (1 + 1e-9) ? each : together;
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

std::vector<Rectangle> PlacesOf(const Command& command, std::vector<Rectangle> possible) {
  const auto* scan = std::get_if<Scan>(&command);
  if (!scan || scan->pattern != ScanPattern::kRaster || possible.size() < 2) return possible;
  std::vector<Box> boxes;
  for (const Rectangle& r : possible) {
    boxes.push_back(ToBox({r.x_m, r.y_m, r.width_m, r.height_m}, 0));
  }
  std::ranges::sort(boxes, {}, &Box::x0);
  bool overlap = false;
  for (size_t i = 0; i < boxes.size() && !overlap; ++i) {
    for (size_t k = i + 1; k < boxes.size() && boxes[k].x0 <= boxes[i].x1 && !overlap; ++k) {
      overlap = Overlap(boxes[i], boxes[k]);
    }
  }
  if (!overlap) return possible;
  double x0 = kNoBound, y0 = kNoBound, x1 = -kNoBound, y1 = -kNoBound;
  for (const Rectangle& r : possible) {
    x0 = std::min(x0, r.x_m), y0 = std::min(y0, r.y_m);
    x1 = std::max(x1, r.x_m + r.width_m), y1 = std::max(y1, r.y_m + r.height_m);
  }
  return {{x0, y0, x1 - x0, y1 - y0}};
}

}  // namespace ronchi::hw::workflow
