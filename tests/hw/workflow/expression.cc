// Expressions: what they give, what they refuse and where, and that intervals hold every value.
#include "hw/workflow/expression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "tests/hw/workflow/expressions.h"

namespace ronchi::hw::workflow {
namespace {

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

TEST(Expression, LogicAndComparison) {
  for (const char* yes :
       {"x > 2 and d < 3 nm", "not (x == 4)", "flag or x / 0 > 1", "mode == 'fast'",
        "mode != \"slow\"", "x >= 3 and x <= 3", "not not flag", "flag == true"}) {
    EXPECT_TRUE(ValueOf(yes).IsTrue()) << yes;
  }
  EXPECT_TRUE(ValueOf("false and 1 / 0 > 1").IsFalse());
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
