// Expressions: what they give, what they refuse and where, and that intervals hold every value.
#include "hw/workflow/expression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi::hw::workflow {
namespace {

const Exponents kLength = Exponents::Of(Dimension::kLength);

Value Image(std::vector<std::vector<float>> frames, size_t width) {
  auto images = std::make_shared<Images>();
  images->detector = "haadf";
  for (auto& f : frames) {
    const size_t height = f.size() / width;
    images->frames.emplace_back(std::vector<size_t>{height, width}, std::move(f));
  }
  return Value::Image(images);
}

Scope Names() {
  Scope s;
  s["x"] = Value::Number(3);
  s["d"] = Value::Of(Nanometres(2));
  s["flag"] = Value::Bool(true);
  s["mode"] = Value::Text("fast");
  s["list"] = Value::List({{1, 1}, {5, 5}, {3, 3}}, {});
  s["frame.haadf"] = Image({{1, 2, 3, 4}, {1, 2, 3, 4}}, 2);
  s["r.optics.C12.a"] = Value::Of(Nanometres(-7));
  s["half"] = Value::Number(1);
  s["half"].maybe = true;
  return s;
}

Value Of(const std::string& text) {
  const auto e = Expression::Parse(text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status();
  if (!e.ok()) return {};
  const auto v = e->EvaluateExactly(Names());
  EXPECT_TRUE(v.ok()) << text << ": " << v.status();
  return v.ok() ? *v : Value();
}

void ExpectNumber(const std::string& text, double si, Exponents unit = {}) {
  const Value v = Of(text);
  EXPECT_EQ(v.type, Type::kNumber) << text;
  // Both sides are computed in doubles: a few units in the last place.
  EXPECT_NEAR(v.number.low, si, 4e-15 * std::fabs(si)) << text;
  EXPECT_EQ(v.unit, unit) << text << " is a " << v.Kind();
}

TEST(Expression, NumbersUnitsAndPrecedence) {
  ExpectNumber("1 + 2 * 3", 7);
  ExpectNumber("(1 + 2) * 3", 9);
  ExpectNumber("-2 ^ 2", -4);
  ExpectNumber("2 - 3 - 4", -5);
  ExpectNumber("12 / 3 / 2", 2);
  ExpectNumber("5 nm", 5e-9, kLength);
  ExpectNumber("5nm + 3 pm", 5.003e-9, kLength);
  ExpectNumber("1e3 pm", 1e-9, kLength);
  ExpectNumber("2 e/A^2", 2e20, kLength.Power(-2));
  ExpectNumber("2 1/m^2", 2, kLength.Power(-2));
  ExpectNumber("2 Å", 2e-10, kLength);
  ExpectNumber("6 nm / 2", 3e-9, kLength);
  ExpectNumber("6 nm / 2 nm", 3);
  ExpectNumber("d * d", 4e-18, kLength.Power(2));
  ExpectNumber("sqrt(d * d)", 2e-9, kLength);
  ExpectNumber("d ^ 2 / d", 2e-9, kLength);
  ExpectNumber("1 / d ^ 2", 0.25e18, kLength.Power(-2));
  ExpectNumber("3 nm / (2 s)", 1.5e-9, kLength.Times(Exponents::Of(Dimension::kTime), -1));
  ExpectNumber("10 pA * 1 s / elementary_charge", 1e-11 / kElementaryCharge_C);
  ExpectNumber("r.optics.C12.a", -7e-9, kLength);
  ExpectNumber("-abs(-d)", -2e-9, kLength);
  ExpectNumber("--d", 2e-9, kLength);
}

TEST(Expression, FunctionsAndLists) {
  ExpectNumber("max(1, x, 2)", 3);
  ExpectNumber("min(d, 1 nm)", 1e-9, kLength);
  ExpectNumber("clamp(9 nm, -d, d)", 2e-9, kLength);
  ExpectNumber("list[1] + list[0]", 6);
  ExpectNumber("length(list)", 3);
  ExpectNumber("sum(list)", 9);
  ExpectNumber("mean([1 nm, 3 nm])", 2e-9, kLength);
  ExpectNumber("linspace(-4 nm, 4 nm, 5)[3]", 2e-9, kLength);
  ExpectNumber("linspace(1, 3, 1)[0]", 1);
  ExpectNumber("range(4)[3]", 3);
  ExpectNumber("sin(30 deg)", 0.5);
  ExpectNumber("exp(log(x))", 3);
  ExpectNumber("round(2.6) + floor(2.6) + ceil(2.2)", 8);
}

TEST(Expression, Images) {
  ExpectNumber("mean(frame.haadf)", 2.5);
  ExpectNumber("sum(frame.haadf)", 20);
  ExpectNumber("max(frame.haadf) - min(frame.haadf)", 3);
  ExpectNumber("std(frame.haadf)", std::sqrt(1.25));
  ExpectNumber("frames(frame.haadf)", 2);
  ExpectNumber("contrast(frame.haadf)", 1.25 / 6.25);
  ExpectNumber("contrast(frame.haadf, 0.5)", 1.25 / 4);
}

// A smooth scene moved by 3 and −2 pixels, with the parabola's third of a pixel at most off.
TEST(Expression, ShiftOfAScene) {
  constexpr size_t kSize = 64;
  const auto scene = [](double dx, double dy) {
    std::vector<float> v;
    for (size_t y = 0; y < kSize; ++y) {
      for (size_t x = 0; x < kSize; ++x) {
        const double u = double(x) - dx, w = double(y) - dy;
        v.push_back(float(std::sin(0.11 * u) + std::cos(0.17 * w) + std::sin(0.05 * u * w / 8)));
      }
    }
    return Image({v}, kSize);
  };
  Scope s;
  s["a"] = scene(0, 0);
  s["b"] = scene(3, -2);
  const auto dx = Expression::Parse("shift_x(a, b)")->EvaluateExactly(s);
  const auto dy = Expression::Parse("shift_y(a, b)")->EvaluateExactly(s);
  EXPECT_NEAR(dx->number.low, 3, 0.05);  // whole pixels: the parabola is symmetric but for the rim
  EXPECT_NEAR(dy->number.low, -2, 0.05);
}

TEST(Expression, LogicAndComparison) {
  for (const char* yes :
       {"x > 2 and d < 3 nm", "not (x == 4)", "flag or x / 0 > 1", "mode == 'fast'",
        "mode != \"slow\"", "x >= 3 and x <= 3", "not not flag", "flag == true"}) {
    EXPECT_TRUE(Of(yes).IsTrue()) << yes;
  }
  EXPECT_TRUE(Of("false and 1 / 0 > 1").IsFalse());
}

struct Bad {
  const char* text;
  const char* message;  // its beginning and a part of it
};

TEST(Expression, MistakesAreNamedWithTheirColumn) {
  const Bad bad[] = {
      {"", "column 1: expected a number"},
      {"1 +", "column 4: expected a number"},
      {"1 + * 2", "column 5: expected a number"},
      {"(1 + 2", "column 7: expected ')'"},
      {"1 2", "column 3: expected an operator"},
      {"5 furlong", "column 3: unknown unit 'furlong'; known: m, mm"},
      {"cosh(1)", "column 1: no function 'cosh'; there are: abs"},
      {"mean", "column 1: mean is a function"},
      {"1 < x < 3", "column 7: comparisons do not chain"},
      {"x ^ 1.5", "column 6: expected an operator"},
      {"x ^ 99", "column 5: expected a whole power"},
      {"'open", "column 1: a quote"},
      {"y + 1", "column 1: nothing is called 'y' here; known: d, flag"},
      {"half", "column 1: 'half' is bound on some of the ways"},
      {"1 + d", "column 3: cannot add a number a length"},
      {"d - 1 s", "column 3: cannot take from a length a time"},
      {"d < 3", "column 3: a length and a number cannot be compared"},
      {"x and flag", "column 3: 'and' needs true or false"},
      {"not x", "column 1: 'not' needs true or false, got a number"},
      {"frame.haadf + 1", "column 13: '+' needs numbers, got a image"},
      {"x / 0", "column 3: division by zero"},
      {"sqrt(-x)", "column 1: sqrt: the square root of a negative"},
      {"sqrt(d)", "column 1: sqrt: no square root of a length"},
      {"exp(d)", "column 1: exp: expected a number without dimension"},
      {"abs(1, 2)", "column 1: abs takes 1 argument, not 2"},
      {"list[3]", "column 5: no item 3; items are 0 … 2"},
      {"[1, 2 nm]", "column 5: a list holds numbers of one dimension"},
      {"Å + 1", "column 1: expected a number"},
      {"x + ü", "column 5: expected a number"},
      {"exp(1000)", "column 1: 'exp(1000)' has no finite value"},
  };
  for (const Bad& b : bad) {
    const auto e = Expression::Parse(b.text);
    const absl::Status s = e.ok() ? e->EvaluateExactly(Names()).status() : e.status();
    EXPECT_EQ(s.code(), absl::StatusCode::kInvalidArgument) << b.text;
    EXPECT_EQ(std::string(s.message()).rfind(b.message, 0), 0u)
        << b.text << ":\n  " << s.message() << "\n  " << b.message;
  }
}

TEST(Expression, NoTextIsTooLongOrTooDeep) {
  EXPECT_FALSE(Expression::Parse(std::string(3000, '1')).ok());
  EXPECT_FALSE(Expression::Parse(std::string(100, '(') + "1" + std::string(100, ')')).ok());
  EXPECT_FALSE(Expression::Parse("abs(" + std::string(1900, '(')).ok());
  std::string minuses(1500, '-');
  EXPECT_TRUE(Expression::Parse(minuses + "1").ok());
  std::string sum = "1";
  while (sum.size() < 1990) sum += "+1";
  ExpectNumber(sum, double(sum.size() + 1) / 2);
}

// Whatever bytes come: an answer or a message, never more.
TEST(Expression, RandomTextNeverHurts) {
  RandomStream random({.seed = 5, .name = "test.text"});
  const std::string pieces[] = {"1",    "2 nm", "x",    "d",   "+", "-",   "*",    "/",    "(", ")",
                                "[",    "]",    ",",    "min", "<", "and", "not ", "mean", "^", "3",
                                "\xC3", "'",    "list", ".",   "e", "==",  "true", " "};
  int good = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint64_t n = random.Below(12); n > 0; --n) text += pieces[random.Below(std::size(pieces))];
    const auto e = Expression::Parse(text);
    if (!e.ok()) continue;
    good += e->Evaluate(Names()).ok();
  }
  EXPECT_GT(good, 100);
}

// With intervals for the names, the answer holds what any values inside give.
TEST(Expression, IntervalsHoldEveryValue) {
  RandomStream random({.seed = 6, .name = "test.intervals"});
  const char* const texts[] = {"a + b * a",
                               "a - b",
                               "a * b - b ^ 2",
                               "abs(a) + a ^ 3",
                               "min(a, b) * max(a, -b)",
                               "clamp(a, -1, b + 2)",
                               "a / (abs(b) + 1)",
                               "exp(a / 4)",
                               "sqrt(abs(a))",
                               "sin(a) + b",
                               "a / b"};
  for (const char* text : texts) {
    const auto e = *Expression::Parse(text);
    for (int i = 0; i < 300; ++i) {
      Scope wide, exact;
      for (const char* name : {"a", "b"}) {
        const double low = random.Uniform(-3, 3), high = low + random.Uniform(0, 2);
        wide[name] = Value::Range({low, high});
        exact[name] = Value::Number(random.Uniform(low, high));
      }
      const auto range = e.Evaluate(wide);
      const auto value = e.Evaluate(exact);
      ASSERT_TRUE(range.ok() && value.ok()) << text;
      const double slack = 1e-12 * (1 + std::fabs(value->number.low));  // round-off
      EXPECT_GE(value->number.low, range->number.low - slack) << text;
      EXPECT_LE(value->number.low, range->number.high + slack) << text;
    }
  }
  Scope s;
  s["a"] = Value::Range({1, 2});
  EXPECT_TRUE(Expression::Parse("a > 0")->Evaluate(s)->IsTrue());
  EXPECT_TRUE(Expression::Parse("a > 3")->Evaluate(s)->IsFalse());
  const Value open = *Expression::Parse("a > 1.5")->Evaluate(s);
  EXPECT_TRUE(open.can_be_true && open.can_be_false);
}

}  // namespace
}  // namespace ronchi::hw::workflow
