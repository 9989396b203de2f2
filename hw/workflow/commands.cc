#include "hw/workflow/commands.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::workflow {
namespace {

// The number that an interval is taken for on one side.
double Pick(const Interval& i, Side side, bool more_is_worse = true) {
  if (i.exact()) return i.low;
  if (side != kExpected) return (side == kWorst) == more_is_worse ? i.high : i.low;
  if (std::isinf(i.low) && std::isinf(i.high)) return 0;
  return std::isinf(i.low) ? i.high : std::isinf(i.high) ? i.low : (i.low + i.high) / 2;
}

size_t Count(const Interval& i, Side side) {
  constexpr double kMost = 1e9;  // beyond what any instrument allows: CheckCommand refuses it
  return size_t(std::clamp(std::round(Pick(i, side)), 0.0, kMost));
}

double Place(const Interval& i, bool* known) {
  if (!i.exact()) *known = false;
  const double middle = Pick(i, kExpected);
  return std::isfinite(middle) ? middle : 0;
}

absl::StatusOr<Interval> PositiveNumber(const Formula& f, const Scope& scope, Dimension dimension) {
  RONCHI_ASSIGN_OR_RETURN(Interval i, Number(f, scope, dimension));
  if (i.high <= 0) return At(f, "must be above 0");
  return Interval{std::max(0.0, i.low), i.high};
}

absl::StatusOr<CommandRange> Make(const ReadStep& s, const Scope&) {
  const Command c = Read{s.properties};
  return CommandRange{{c, c, c}};
}

absl::StatusOr<CommandRange> Make(const SetStep& s, const Scope& scope) {
  RONCHI_ASSIGN_OR_RETURN(const Value v, Evaluate(s.value, scope));
  Dimension dimension;
  if (v.type != Type::kNumber || !v.unit.ToDimension(&dimension)) {
    return At(s.value,
              absl::StrCat("expected a number with the property's unit, got a ", v.Kind()));
  }
  Set set{.property = s.property, .relative = s.relative};
  if (s.tolerance) {
    RONCHI_ASSIGN_OR_RETURN(const Interval t, Number(*s.tolerance, scope, dimension));
    if (!t.exact() || t.low < 0)
      return At(*s.tolerance, "must be known beforehand and not below 0");
    set.tolerance = t.low;
  }
  if (s.timeout) {
    RONCHI_ASSIGN_OR_RETURN(const Interval t, Number(*s.timeout, scope, Dimension::kTime));
    if (!t.exact() || t.low < 0) return At(*s.timeout, "must be known beforehand and not below 0");
    set.timeout_s = t.low;
  }
  CommandRange range{.exact = v.number.exact(), .value = v.number};
  for (size_t i = 0; i < kSides; ++i) {
    set.value = {Pick(v.number, Side(i)), dimension};
    range.sides[i] = set;
  }
  return range;
}

absl::Status ReadPoints(const ScanStep& s, const Scope& scope, Scan* scan, bool* exact,
                        std::vector<Reach>* reach) {
  RONCHI_ASSIGN_OR_RETURN(const Value x, Evaluate(*s.points_x, scope));
  RONCHI_ASSIGN_OR_RETURN(const Value y, Evaluate(*s.points_y, scope));
  for (const auto& [v, f] : {std::pair(&x, &*s.points_x), std::pair(&y, &*s.points_y)}) {
    if (v->type != Type::kList || !(v->unit == Exponents::Of(Dimension::kLength))) {
      return At(*f, absl::StrCat("expected a list of lengths, got a ", v->Kind()));
    }
  }
  if (x.items.size() != y.items.size()) {
    return At(*s.points_y,
              absl::StrCat("points_x has ", x.items.size(), " items, points_y ", y.items.size()));
  }
  for (size_t i = 0; i < x.items.size(); ++i) {
    *exact &= x.items[i].exact() && y.items[i].exact();
    scan->points_m.push_back({Pick(x.items[i], kExpected), Pick(y.items[i], kExpected)});
    reach->push_back({x.items[i], y.items[i]});
  }
  return absl::OkStatus();
}

absl::StatusOr<CommandRange> Make(const ScanStep& s, const Scope& scope) {
  CommandRange range;
  Scan scan{.detectors = s.detectors};
  std::array<Interval, 2> fov{}, pixels{}, center{};
  Interval frames = {1, 1};
  if (s.pattern == "points") {
    scan.pattern = ScanPattern::kPoints;
    RONCHI_RETURN_IF_ERROR(ReadPoints(s, scope, &scan, &range.place_known, &range.reach));
  } else {
    const bool spiral = s.pattern == "spiral";
    if (spiral) scan.pattern = ScanPattern::kSpiral;
    RONCHI_ASSIGN_OR_RETURN(fov, Pair(*s.fov, scope, Dimension::kLength, true));
    if (fov[0].high <= 0 || fov[1].high <= 0) return At(*s.fov, "must be above 0");
    RONCHI_ASSIGN_OR_RETURN(pixels, Pair(*s.pixels, scope, Dimension::kNone, true));
    for (const Interval& n : pixels) {
      if (n.high < 1 || (n.exact() && n.low != std::floor(n.low))) {
        return At(*s.pixels, "expected whole numbers of 1 or more");
      }
    }
    if (spiral) pixels[1] = {1, 1};
  }
  if (s.center) {
    RONCHI_ASSIGN_OR_RETURN(center, Pair(*s.center, scope, Dimension::kLength, false));
  }
  RONCHI_ASSIGN_OR_RETURN(const Interval dwell, PositiveNumber(s.dwell, scope, Dimension::kTime));
  if (s.frames) {
    RONCHI_ASSIGN_OR_RETURN(frames, Whole(*s.frames, scope, 1, 1e6));
  }
  scan.center_x_m = Place(center[0], &range.place_known);
  scan.center_y_m = Place(center[1], &range.place_known);
  for (const Interval& i : {fov[0], fov[1], pixels[0], pixels[1], dwell, frames}) {
    range.exact &= i.exact();
  }
  if (!fov[0].exact() || !fov[1].exact()) range.place_known = false;
  range.exact &= range.place_known;
  if (s.pattern != "points") {
    // A raster may be turned by Scan::rotation_rad, of which workflows have none.
    const auto half = [](const Interval& f) { return Interval{-f.high / 2, f.high / 2}; };
    range.reach = {{half(fov[0]), half(fov[1])}};
  }
  for (Reach& r : range.reach) r = {center[0] + r.x, center[1] + r.y};
  for (size_t i = 0; i < kSides; ++i) {
    const Side side = Side(i);
    scan.fov_x_m = Pick(fov[0], side, false);
    scan.fov_y_m = Pick(fov[1], side, false);
    scan.pixels_x = Count(pixels[0], side);
    scan.pixels_y = Count(pixels[1], side);
    scan.dwell_s = Pick(dwell, side);
    scan.frames = Count(frames, side);
    range.sides[i] = scan;
  }
  return range;
}

// [x, y] of a formula that may be absent, in metres.
absl::StatusOr<std::array<double, 2>> Position(const std::optional<Formula>& f, const Scope& scope,
                                               CommandRange* range) {
  if (!f) {
    range->reach = {{{0, 0}, {0, 0}}};
    return std::array<double, 2>{0, 0};
  }
  RONCHI_ASSIGN_OR_RETURN(const auto at, Pair(*f, scope, Dimension::kLength, false));
  const std::array<double, 2> place = {Place(at[0], &range->place_known),
                                       Place(at[1], &range->place_known)};
  range->reach = {{at[0], at[1]}};
  range->exact &= range->place_known;
  return place;
}

absl::StatusOr<CommandRange> Make(const ExposeStep& s, const Scope& scope) {
  CommandRange range;
  RONCHI_ASSIGN_OR_RETURN(const auto at, Position(s.at, scope, &range));
  RONCHI_ASSIGN_OR_RETURN(const Interval time, PositiveNumber(s.time, scope, Dimension::kTime));
  Interval frames = {1, 1}, binning = {1, 1};
  if (s.frames) {
    RONCHI_ASSIGN_OR_RETURN(frames, Whole(*s.frames, scope, 1, 1e6));
  }
  if (s.binning) {
    RONCHI_ASSIGN_OR_RETURN(binning, Whole(*s.binning, scope, 1, 1e4));
  }
  range.exact &= time.exact() && frames.exact() && binning.exact();
  for (size_t i = 0; i < kSides; ++i) {
    range.sides[i] = Expose{.camera = s.camera,
                            .time_s = Pick(time, Side(i)),
                            .x_m = at[0],
                            .y_m = at[1],
                            .frames = Count(frames, Side(i)),
                            .binning = Count(binning, Side(i))};
  }
  return range;
}

absl::StatusOr<CommandRange> Make(const ParkStep& s, const Scope& scope) {
  CommandRange range;
  RONCHI_ASSIGN_OR_RETURN(const auto at, Position(s.at, scope, &range));
  RONCHI_ASSIGN_OR_RETURN(const Interval time, PositiveNumber(s.time, scope, Dimension::kTime));
  range.exact &= time.exact();
  for (size_t i = 0; i < kSides; ++i) {
    range.sides[i] = Park{at[0], at[1], Pick(time, Side(i))};
  }
  return range;
}

absl::StatusOr<CommandRange> Make(const MeasureStep& s, const Scope& scope) {
  CommandRange range;
  RONCHI_ASSIGN_OR_RETURN(const auto at, Position(s.center, scope, &range));
  const Command c = Measure{s.what, at[0], at[1]};
  range.sides = {c, c, c};
  return range;
}

absl::StatusOr<CommandRange> Make(const PlainStep& s, const Scope&) {
  const Command c = s.verb == "blank"     ? Command(Blank{})
                    : s.verb == "unblank" ? Command(Unblank{})
                    : s.verb == "safe"    ? Command(Safe{})
                                          : Command(Abort{});
  return CommandRange{{c, c, c}};
}

template <class Other>
absl::StatusOr<CommandRange> Make(const Other&, const Scope&) {
  return absl::InternalError("not a command");
}

}  // namespace

bool IsCommand(const Step& step) { return step.body.index() <= 6; }

absl::StatusOr<CommandRange> MakeCommand(const Step& step, const Scope& scope) {
  return std::visit([&](const auto& body) { return Make(body, scope); }, step.body);
}

absl::Status At(const Formula& f, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(f.where, ": '", f.text(), "': ", std::string(what)));
}

namespace {
thread_local Doubts* listening = nullptr;
}  // namespace

Doubts::Doubts(Listener listener) : listener_(std::move(listener)), outer_(listening) {
  listening = this;
}
Doubts::~Doubts() { listening = outer_; }

absl::StatusOr<Value> Evaluate(const Formula& f, const Scope& scope) {
  std::vector<std::string> doubts;
  absl::StatusOr<Value> v = f.expression.Evaluate(scope, listening ? &doubts : nullptr);
  if (!v.ok()) return At(f, std::string(v.status().message()));
  for (const std::string& doubt : doubts) {
    listening->listener_(f.where, absl::StrCat("'", f.text(), "': ", doubt));
  }
  return v;
}

absl::StatusOr<Value> EvaluateExactly(const Formula& f, const Scope& scope) {
  absl::StatusOr<Value> v = f.expression.EvaluateExactly(scope);
  if (!v.ok()) return At(f, std::string(v.status().message()));
  return v;
}

absl::StatusOr<Interval> Number(const Formula& f, const Scope& scope, Dimension dimension) {
  RONCHI_ASSIGN_OR_RETURN(const Value v, Evaluate(f, scope));
  if (v.type == Type::kNumber && v.unit == Exponents::Of(dimension)) return v.number;
  const std::string unit(UnitName(dimension));
  return At(f, absl::StrCat("expected a ", std::string(DimensionName(dimension)),
                            unit.empty() ? "" : absl::StrCat(" (in ", unit, " or alike)"),
                            ", got a ", v.Kind()));
}

absl::StatusOr<Interval> Whole(const Formula& f, const Scope& scope, double low, double high) {
  RONCHI_ASSIGN_OR_RETURN(const Interval i, Number(f, scope, Dimension::kNone));
  if (i.high < low || i.low > high || (i.exact() && i.low != std::floor(i.low))) {
    return At(f, absl::StrCat("expected a whole number of ", low, " … ", high));
  }
  return i;
}

absl::StatusOr<std::array<Interval, 2>> Pair(const Formula& f, const Scope& scope,
                                             Dimension dimension, bool one_will_do) {
  RONCHI_ASSIGN_OR_RETURN(const Value v, Evaluate(f, scope));
  const bool fits = v.unit == Exponents::Of(dimension);
  if (fits && one_will_do && v.type == Type::kNumber) return std::array{v.number, v.number};
  if (fits && v.type == Type::kList && v.items.size() == 2)
    return std::array{v.items[0], v.items[1]};
  return At(f, absl::StrCat(
                   "expected ", one_will_do ? "one or " : "", "two of dimension ",
                   std::string(DimensionName(dimension)), ", as in [x, y]; got a ", v.Kind(),
                   v.type == Type::kList ? absl::StrCat(" with ", v.items.size(), " items") : ""));
}

absl::StatusOr<bool> Truth(const Formula& f, const Scope& scope) {
  RONCHI_ASSIGN_OR_RETURN(const Value v, EvaluateExactly(f, scope));
  if (v.type != Type::kBool) return At(f, absl::StrCat("expected true or false, got a ", v.Kind()));
  return v.IsTrue();
}

absl::StatusOr<std::string> Fill(const Words& words, const Scope& scope) {
  std::string text;
  for (const Words::Piece& piece : words.pieces) {
    text += piece.plain;
    if (!piece.formula) continue;
    RONCHI_ASSIGN_OR_RETURN(const Value v, Evaluate(*piece.formula, scope));
    text += v.Show();
  }
  return text;
}

}  // namespace ronchi::hw::workflow
