#include "hw/workflow/functions.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "hw/workflow/image_functions.h"

namespace ronchi::hw::workflow {
namespace {

using Arguments = std::vector<Value>;

constexpr double kMostItems = 100000;  // of a list

absl::Status Error(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::Status Expect(const Value& v, Type type, const char* what) {
  if (v.type == type) return absl::OkStatus();
  return Error(absl::StrCat("expected ", what, ", got a ", v.Kind()));
}

absl::Status ExpectNumber(const Value& v) { return Expect(v, Type::kNumber, "a number"); }

absl::Status ExpectPlain(const Value& v) {
  RONCHI_RETURN_IF_ERROR(ExpectNumber(v));
  if (v.unit.IsNumber()) return absl::OkStatus();
  return Error(absl::StrCat("expected a number without dimension, got a ", v.Kind(),
                            "; divide by a unit, as in x / (1 nm)"));
}

// Of a function that grows or falls throughout, as floor, ceil and round do to the bit.
Value Monotone(const Value& v, Exponents unit, double (*f)(double)) {
  return Value::Range(Bounds(f(v.number.low), f(v.number.high)), unit);
}

// The C library's exp and log are off by less than one unit in the last place (glibc manual, Known
// Maximum Errors), and need not grow from one double to the next: two units outwards hold them.
Interval Outward(const Interval& i) {
  if (i.exact()) return i;
  const auto out = [](double v, double to) { return std::nextafter(std::nextafter(v, to), to); };
  return {out(i.low, -kInfinity), out(i.high, kInfinity)};
}

absl::StatusOr<Value> Abs(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectNumber(a[0]));
  const Interval x = a[0].number;
  Interval y = Bounds(std::fabs(x.low), std::fabs(x.high));
  if (x.Contains(0)) y.low = 0;
  return Value::Range(y, a[0].unit);
}

absl::StatusOr<Value> Sqrt(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectNumber(a[0]));
  if (!a[0].unit.CanHalve()) {
    return Error(absl::StrCat("no square root of a ", a[0].Kind()));
  }
  if (a[0].number.high < 0) return Error("the square root of a negative number");
  return Value::Range(
      Bounds(std::sqrt(std::max(0.0, a[0].number.low)), std::sqrt(a[0].number.high)),
      a[0].unit.Half());
}

absl::StatusOr<Value> Log(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectPlain(a[0]));
  if (a[0].number.high <= 0) return Error("the logarithm of a number that is not above zero");
  return Value::Range(Outward(Bounds(a[0].number.low > 0 ? std::log(a[0].number.low) : -kInfinity,
                                     std::log(a[0].number.high))));
}

absl::StatusOr<Value> Exp(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectPlain(a[0]));
  Interval e = Outward(Bounds(std::exp(a[0].number.low), std::exp(a[0].number.high)));
  e.low = std::max(0.0, e.low);
  return Value::Range(e);
}

template <double (*F)(double)>
absl::StatusOr<Value> Plain(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectPlain(a[0]));
  return Monotone(a[0], {}, F);
}

// Sine, cosine: of an angle. Between exact ends anything up to 1 is taken as possible.
template <double (*F)(double)>
absl::StatusOr<Value> Wave(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectNumber(a[0]));
  if (!(a[0].unit == Exponents::Of(Dimension::kAngle)) && !a[0].unit.IsNumber()) {
    return Error(absl::StrCat("expected an angle, got a ", a[0].Kind()));
  }
  if (a[0].number.exact()) return Value::Number(F(a[0].number.low));
  return Value::Range({-1, 1});
}

absl::Status ExpectSame(const Arguments& a) {
  for (const Value& v : a) {
    RONCHI_RETURN_IF_ERROR(ExpectNumber(v));
    if (!(v.unit == a[0].unit)) {
      return Error(absl::StrCat("a ", a[0].Kind(), " and a ", v.Kind(), " do not go together"));
    }
  }
  return absl::OkStatus();
}

Interval Extreme(const std::vector<Interval>& items, bool largest) {
  Interval e = items[0];
  for (const Interval& x : items) {
    e = largest ? Interval{std::max(e.low, x.low), std::max(e.high, x.high)}
                : Interval{std::min(e.low, x.low), std::min(e.high, x.high)};
  }
  return e;
}

// Of numbers, of a list, or of an image.
absl::StatusOr<Value> Extreme(const Arguments& a, bool largest) {
  if (a.size() == 1 && a[0].type == Type::kImage) return ImageExtreme(a[0], largest);
  if (a.size() == 1 && a[0].type == Type::kList) {
    if (a[0].items.empty()) return Error("an empty list has neither largest nor smallest");
    return Value::Range(Extreme(a[0].items, largest), a[0].unit);
  }
  RONCHI_RETURN_IF_ERROR(ExpectSame(a));
  std::vector<Interval> items;
  for (const Value& v : a) items.push_back(v.number);
  return Value::Range(Extreme(items, largest), a[0].unit);
}
absl::StatusOr<Value> Min(const Arguments& a) { return Extreme(a, false); }
absl::StatusOr<Value> Max(const Arguments& a) { return Extreme(a, true); }

absl::StatusOr<Value> Clamp(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectSame(a));
  if (a[1].number.low > a[2].number.high) return Error("clamp(x, low, high): low is above high");
  const auto clip = [&](double v) {
    return Interval{std::min(std::max(v, a[1].number.low), a[2].number.low),
                    std::min(std::max(v, a[1].number.high), a[2].number.high)};
  };
  return Value::Range(Join(clip(a[0].number.low), clip(a[0].number.high)), a[0].unit);
}

absl::StatusOr<Value> Linspace(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectSame({a[0], a[1]}));
  RONCHI_RETURN_IF_ERROR(ExpectPlain(a[2]));
  const double n = a[2].number.low;
  if (!a[2].number.exact() || n != std::floor(n) || n < 1 || n > kMostItems) {
    return Error("linspace(first, last, n): n is a whole number of 1 … 100000, known beforehand");
  }
  std::vector<Interval> items;
  for (double i = 0; i < n; ++i) {
    // Both ends exactly as written.
    const double w = n > 1 ? i / (n - 1) : 0;
    const Interval part = Interval{1 - w, 1 - w} * a[0].number + Interval{w, w} * a[1].number;
    items.push_back(i == 0 ? a[0].number : i == n - 1 ? a[1].number : part);
  }
  return Value::List(std::move(items), a[0].unit);
}

absl::StatusOr<Value> Range(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(ExpectPlain(a[0]));
  const double n = a[0].number.low;
  if (!a[0].number.exact() || n != std::floor(n) || n < 1 || n > kMostItems) {
    return Error("range(n): n is a whole number of 1 … 100000, known beforehand");
  }
  std::vector<Interval> items;
  for (double i = 0; i < n; ++i) items.push_back({i, i});
  return Value::List(std::move(items), {});
}

absl::StatusOr<Value> Length(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(Expect(a[0], Type::kList, "a list"));
  return Value::Number(double(a[0].items.size()));
}

absl::StatusOr<Value> Sum(const Arguments& a) {
  if (a[0].type == Type::kImage) return ImageSum(a[0]);
  RONCHI_RETURN_IF_ERROR(Expect(a[0], Type::kList, "a list or an image"));
  Interval sum;
  for (const Interval& x : a[0].items) sum = sum + x;
  return Value::Range(sum, a[0].unit);
}

absl::StatusOr<Value> Mean(const Arguments& a) {
  if (a[0].type == Type::kImage) return ImageMean(a[0]);
  RONCHI_ASSIGN_OR_RETURN(Value sum, Sum(a));
  if (a[0].items.empty()) return Error("an empty list has no mean");
  const double n = double(a[0].items.size());
  sum.number = sum.number / Interval{n, n};
  return sum;
}

absl::StatusOr<Value> Contrast(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(Expect(a[0], Type::kImage, "an image"));
  if (a.size() > 1) RONCHI_RETURN_IF_ERROR(ExpectPlain(a[1]));
  return ImageContrast(a[0], a.size() > 1 ? a[1].number : Interval{0, 0});
}

template <absl::StatusOr<Value> (*F)(const Value&)>
absl::StatusOr<Value> OfImage(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(Expect(a[0], Type::kImage, "an image"));
  return F(a[0]);
}

template <bool kAlongX>
absl::StatusOr<Value> Shift(const Arguments& a) {
  RONCHI_RETURN_IF_ERROR(Expect(a[0], Type::kImage, "an image"));
  RONCHI_RETURN_IF_ERROR(Expect(a[1], Type::kImage, "an image"));
  return ImageShift(a[0], a[1], kAlongX);
}

struct Function {
  const char* name;
  size_t least, most;  // arguments
  absl::StatusOr<Value> (*call)(const Arguments&);
};

constexpr size_t kAny = 1000;
constexpr Function kFunctions[] = {
    {"abs", 1, 1, Abs},
    {"ceil", 1, 1, Plain<std::ceil>},
    {"clamp", 3, 3, Clamp},
    {"contrast", 1, 2, Contrast},
    {"cos", 1, 1, Wave<std::cos>},
    {"exp", 1, 1, Exp},
    {"floor", 1, 1, Plain<std::floor>},
    {"frames", 1, 1, OfImage<ImageFrames>},
    {"length", 1, 1, Length},
    {"linspace", 3, 3, Linspace},
    {"log", 1, 1, Log},
    {"max", 1, kAny, Max},
    {"mean", 1, 1, Mean},
    {"min", 1, kAny, Min},
    {"range", 1, 1, Range},
    {"round", 1, 1, Plain<std::round>},
    {"shift_x", 2, 2, Shift<true>},
    {"shift_y", 2, 2, Shift<false>},
    {"sin", 1, 1, Wave<std::sin>},
    {"sqrt", 1, 1, Sqrt},
    {"std", 1, 1, OfImage<ImageStd>},
    {"sum", 1, 1, Sum},
};

const Function* Find(std::string_view name) {
  for (const Function& f : kFunctions) {
    if (name == f.name) return &f;
  }
  return nullptr;
}

}  // namespace

bool IsFunction(std::string_view name) { return Find(name) != nullptr; }

std::string FunctionNames() {
  std::string all;
  for (const Function& f : kFunctions) absl::StrAppend(&all, all.empty() ? "" : ", ", f.name);
  return all;
}

absl::StatusOr<Value> CallFunction(const std::string& name, const std::vector<Value>& arguments) {
  const Function* f = Find(name);
  if (!f) return Error(absl::StrCat("no function '", name, "'; there are: ", FunctionNames()));
  if (arguments.size() < f->least || arguments.size() > f->most) {
    const std::string most = f->most == kAny       ? " or more"
                             : f->most == f->least ? ""
                                                   : absl::StrCat(" … ", f->most);
    return Error(absl::StrCat(name, " takes ", f->least, most, " argument",
                              f->least == 1 && most.empty() ? "" : "s", ", not ",
                              arguments.size()));
  }
  absl::StatusOr<Value> value = f->call(arguments);
  if (!value.ok()) return Annotate(value.status(), name);
  return value;
}

}  // namespace ronchi::hw::workflow
