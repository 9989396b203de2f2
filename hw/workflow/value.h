// What expressions of a workflow compute with. A number is an interval: at run time its ends are
// equal and it is the number; when a workflow is checked it holds everything that the number can
// be. One evaluator serves both, so that what was checked is what runs.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/quantity.h"

namespace ronchi::hw::workflow {

// Exponents of the base dimensions: products of quantities have a dimension that no Dimension
// names (nm/s, nm^2). A dose is a length to the power of −2.
class Exponents {
 public:
  Exponents() = default;
  static Exponents Of(Dimension dimension);
  bool operator==(const Exponents&) const = default;
  bool IsNumber() const { return *this == Exponents(); }
  Exponents Times(const Exponents& other, int sign = 1) const;  // sign −1: divided by
  Exponents Power(int n) const;
  // Beyond ±100, where products saturate: it stands for no dimension any more.
  bool IsBeyond() const;
  bool CanHalve() const;  // every exponent is even
  Exponents Half() const;
  // False when no Dimension is this one.
  bool ToDimension(Dimension* dimension) const;
  std::string Name() const;  // "length", "number", "length^1 time^-1"

  static constexpr size_t kBases = 16;  // indexed by Dimension
  const std::array<int8_t, kBases>& powers() const { return powers_; }
  static Exponents FromPowers(const std::array<int8_t, kBases>& powers);

 private:
  std::array<int8_t, kBases> powers_{};
};

// Ends of what a number can be; NaN-free.
struct Interval {
  double low = 0, high = 0;
  bool exact() const { return low == high; }
  bool Contains(double v) const { return low <= v && v <= high; }
  bool operator==(const Interval&) const = default;
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Interval kAnything = {-kInfinity, kInfinity};
// Where a NaN would come out (∞ − ∞, 0 · ∞) anything is possible.
Interval Bounds(double a, double b);
Interval Bounds(double a, double b, double c, double d);
Interval Join(const Interval& a, const Interval& b);
bool Includes(const Interval& outer, const Interval& inner);
// What + − · / of doubles out of two intervals can give, as doubles: rounding to nearest never
// turns the order of two reals round, so the rounded ends bound every rounded result, to the bit.
Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);
Interval operator/(const Interval& a, const Interval& b);  // anything, when b holds 0

// Frames of one detector in one scan, or one camera's exposure. Shared and never changed.
struct Images {
  std::string detector;
  std::vector<Array<float>> frames;
};

enum class Type { kNumber, kBool, kText, kImage, kList };
std::string_view TypeName(Type type);

struct Value {
  Type type = Type::kNumber;
  Exponents unit;                                  // number, list
  Interval number;                                 // number, SI
  bool can_be_true = false, can_be_false = false;  // bool; both: not known before the run
  std::optional<bool> likely;                      // of both: what a forecast takes it for
  std::string text;                                // text
  bool text_known = true;                          // text
  std::shared_ptr<const Images> images;            // image; null: not known before the run
  std::vector<Interval> items;                     // list, SI
  bool maybe = false;  // bound on some of the ways that lead here, but not on all

  bool operator==(const Value&) const = default;
  static Value Number(double si, Exponents unit = {}) { return Range({si, si}, unit); }
  static Value Range(Interval si, Exponents unit = {});
  static Value Of(const Quantity& q) { return Number(q.si, Exponents::Of(q.dimension)); }
  static Value Bool(bool b);
  static Value EitherBool();
  static Value Text(std::string text);
  static Value AnyText();
  static Value Image(std::shared_ptr<const Images> images);
  static Value List(std::vector<Interval> items, Exponents unit);

  bool IsTrue() const { return can_be_true && !can_be_false; }
  bool IsFalse() const { return can_be_false && !can_be_true; }
  std::string Kind() const;  // "length", "boolean", "image", "list of length"
  // For people: "5 nm", "true", "12.5", "2e-09 … 4e-09 m".
  std::string Show() const;
};

// Names and what they stand for, whole and dotted: "frame.haadf", "x", "spent.time".
using Scope = std::map<std::string, Value>;

// What a name can be after either of two ways: false when they are of different types.
bool JoinInto(const Value& other, Value* value);
// Whether all that `inner` can be is among what `outer` can be.
bool Includes(const Value& outer, const Value& inner);
// `next` is what `value` can be after another round. Ends that it moves go to infinity, so that no
// name is widened more than a few times.
void WidenTo(const Value& next, Value* value);

}  // namespace ronchi::hw::workflow
