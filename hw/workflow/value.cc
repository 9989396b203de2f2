#include "hw/workflow/value.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::hw::workflow {
namespace {

constexpr int kBeyond = 101;  // a power that is no longer told from larger ones

}  // namespace

Exponents Exponents::Of(Dimension dimension) {
  Exponents e;
  if (dimension == Dimension::kNone) return e;
  if (dimension == Dimension::kDose) {
    e.powers_[size_t(Dimension::kLength)] = -2;
  } else if (dimension == Dimension::kSpeed) {
    e.powers_[size_t(Dimension::kLength)] = 1;
    e.powers_[size_t(Dimension::kTime)] = -1;
  } else {
    e.powers_.at(size_t(dimension)) = 1;
  }
  return e;
}

Exponents Exponents::FromPowers(const std::array<int8_t, kBases>& powers) {
  Exponents e;
  e.powers_ = powers;
  return e;
}

Exponents Exponents::Times(const Exponents& other, int sign) const {
  Exponents e = *this;
  for (size_t i = 0; i < kBases; ++i) {
    e.powers_[i] = int8_t(std::clamp(e.powers_[i] + sign * other.powers_[i], -kBeyond, kBeyond));
  }
  return e;
}

Exponents Exponents::Power(int n) const {
  Exponents e = *this;
  for (int8_t& p : e.powers_) p = int8_t(std::clamp(p * n, -kBeyond, kBeyond));
  return e;
}

bool Exponents::IsBeyond() const {
  return std::any_of(powers_.begin(), powers_.end(),
                     [](int8_t p) { return p >= kBeyond || p <= -kBeyond; });
}

bool Exponents::CanHalve() const {
  return std::all_of(powers_.begin(), powers_.end(), [](int8_t p) { return p % 2 == 0; });
}

Exponents Exponents::Half() const {
  Exponents e = *this;
  for (int8_t& p : e.powers_) p = int8_t(p / 2);
  return e;
}

bool Exponents::ToDimension(Dimension* dimension) const {
  for (size_t d = 0; d < kBases; ++d) {
    // A Dimension that does not exist has no name, and no exponents of its own are ever made of it.
    if (d > 0 && DimensionName(Dimension(d)) == "number") continue;
    if (Of(Dimension(d)) == *this) {
      *dimension = Dimension(d);
      return true;
    }
  }
  return false;
}

std::string Exponents::Name() const {
  Dimension dimension;
  if (ToDimension(&dimension)) return std::string(DimensionName(dimension));
  std::string name;
  for (size_t i = 0; i < kBases; ++i) {
    if (powers_[i] == 0) continue;
    absl::StrAppend(&name, name.empty() ? "" : " ", std::string(DimensionName(Dimension(i))), "^",
                    int(powers_[i]));
  }
  return name;
}

Interval Bounds(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kAnything;
  return {std::min(a, b), std::max(a, b)};
}

Interval Bounds(double a, double b, double c, double d) {
  if (std::isnan(a) || std::isnan(b) || std::isnan(c) || std::isnan(d)) return kAnything;
  return {std::min({a, b, c, d}), std::max({a, b, c, d})};
}

Interval Join(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}
bool Includes(const Interval& outer, const Interval& inner) {
  return outer.low <= inner.low && inner.high <= outer.high;
}
Interval operator+(const Interval& a, const Interval& b) {
  return Bounds(a.low + b.low, a.high + b.high);
}
Interval operator-(const Interval& a, const Interval& b) {
  return Bounds(a.low - b.high, a.high - b.low);
}
Interval operator*(const Interval& a, const Interval& b) {
  return Bounds(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high);
}
Interval operator/(const Interval& a, const Interval& b) {
  if (b.Contains(0)) return kAnything;
  return Bounds(a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high);
}

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kBool:
      return "boolean";
    case Type::kText:
      return "text";
    case Type::kImage:
      return "image";
    case Type::kList:
      return "list";
    case Type::kNumber:
      break;
  }
  return "number";
}

Value Value::Range(Interval si, Exponents unit) {
  Value v;
  v.number = si;
  v.unit = unit;
  return v;
}
Value Value::Bool(bool b) {
  Value v;
  v.type = Type::kBool;
  (b ? v.can_be_true : v.can_be_false) = true;
  return v;
}
Value Value::EitherBool() {
  Value v;
  v.type = Type::kBool;
  v.can_be_true = v.can_be_false = true;
  return v;
}
Value Value::Text(std::string text) {
  Value v;
  v.type = Type::kText;
  v.text = std::move(text);
  return v;
}
Value Value::AnyText() {
  Value v = Text("");
  v.text_known = false;
  return v;
}
Value Value::Image(std::shared_ptr<const Images> images) {
  Value v;
  v.type = Type::kImage;
  v.images = std::move(images);
  return v;
}
Value Value::List(std::vector<Interval> items, Exponents unit) {
  Value v;
  v.type = Type::kList;
  v.items = std::move(items);
  v.unit = unit;
  return v;
}

std::string Value::Kind() const {
  if (type == Type::kNumber) return unit.Name();
  if (type == Type::kList) return absl::StrCat("list of ", unit.Name());
  return std::string(TypeName(type));
}

namespace {

std::string ShowNumber(double si, const Exponents& unit) {
  Dimension dimension;
  // As people count it.
  if (unit == Exponents::Of(Dimension::kDose)) return absl::StrFormat("%.4g e/A^2", si * 1e-20);
  if (unit.ToDimension(&dimension)) return Format({si, dimension});
  return absl::StrFormat("%.4g (SI, %s)", si, unit.Name());
}

}  // namespace

std::string Value::Show() const {
  switch (type) {
    case Type::kNumber:
      if (number.exact()) return ShowNumber(number.low, unit);
      return absl::StrCat(ShowNumber(number.low, unit), " … ", ShowNumber(number.high, unit));
    case Type::kBool:
      return IsTrue() ? "true" : IsFalse() ? "false" : "true or false";
    case Type::kText:
      return text_known ? text : "some text";
    case Type::kImage:
      return "an image";
    case Type::kList:
      break;
  }
  std::string all;
  for (const Interval& item : items) {
    absl::StrAppend(&all, all.empty() ? "[" : ", ", Range(item, unit).Show());
  }
  return (all.empty() ? "[" : all) + "]";
}

bool JoinInto(const Value& other, Value* value) {
  if (other.type != value->type) return false;
  value->maybe |= other.maybe;
  switch (value->type) {
    case Type::kNumber:
      if (!(other.unit == value->unit)) return false;
      value->number = Join(value->number, other.number);
      return true;
    case Type::kBool:
      value->can_be_true |= other.can_be_true;
      value->can_be_false |= other.can_be_false;
      if (value->likely != other.likely) value->likely.reset();
      return true;
    case Type::kText:
      value->text_known &= other.text_known && other.text == value->text;
      if (!value->text_known) value->text.clear();
      return true;
    case Type::kImage:
      if (other.images != value->images) value->images = nullptr;
      return true;
    case Type::kList:
      break;
  }
  if (!(other.unit == value->unit) || other.items.size() != value->items.size()) return false;
  for (size_t i = 0; i < value->items.size(); ++i) {
    value->items[i] = Join(value->items[i], other.items[i]);
  }
  return true;
}

bool Includes(const Value& outer, const Value& inner) {
  if (outer.type != inner.type || (inner.maybe && !outer.maybe)) return false;
  switch (outer.type) {
    case Type::kNumber:
      return outer.unit == inner.unit && Includes(outer.number, inner.number);
    case Type::kBool:
      return (outer.can_be_true || !inner.can_be_true) &&
             (outer.can_be_false || !inner.can_be_false);
    case Type::kText:
      return !outer.text_known || (inner.text_known && inner.text == outer.text);
    case Type::kImage:
      return !outer.images || outer.images == inner.images;
    case Type::kList:
      break;
  }
  if (!(outer.unit == inner.unit) || outer.items.size() != inner.items.size()) return false;
  for (size_t i = 0; i < outer.items.size(); ++i) {
    if (!Includes(outer.items[i], inner.items[i])) return false;
  }
  return true;
}

void WidenTo(const Value& next, Value* value) {
  const auto widen = [](const Interval& to, Interval* i) {
    if (to.low < i->low) i->low = -kInfinity;
    if (to.high > i->high) i->high = kInfinity;
  };
  const Value before = *value;
  if (!JoinInto(next, value)) {
    value->maybe = true;  // of two types: using it is the mistake
    return;
  }
  if (value->type == Type::kNumber) {
    value->number = before.number;
    widen(next.number, &value->number);
  }
  for (size_t i = 0; i < value->items.size(); ++i) {
    value->items[i] = before.items[i];
    widen(next.items[i], &value->items[i]);
  }
}

}  // namespace ronchi::hw::workflow
