#include "hw/workflow/value.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi::hw::workflow {
namespace {

const Exponents kMetre = Exponents::Of(Dimension::kLength),
                kSecond = Exponents::Of(Dimension::kTime);

TEST(ExponentsOf, MultiplyAndDivide) {
  EXPECT_EQ(kMetre.Times(kSecond, -1), Exponents::Of(Dimension::kSpeed));
  EXPECT_EQ(kMetre.Power(-2), Exponents::Of(Dimension::kDose));
  EXPECT_TRUE(kMetre.Times(kMetre, -1).IsNumber());
  EXPECT_EQ(kMetre.Name(), "length");
  EXPECT_EQ(kMetre.Times(kSecond, -1).Times(kSecond, -1).Name(), "length^1 time^-2");
  EXPECT_EQ(Exponents().Name(), "number");
  EXPECT_TRUE(kMetre.Power(4).CanHalve());
  EXPECT_EQ(kMetre.Power(4).Half(), kMetre.Power(2));
  EXPECT_FALSE(kMetre.Power(2).Times(kSecond).CanHalve());
  Dimension dimension = Dimension::kTime;
  EXPECT_FALSE(kMetre.Power(3).ToDimension(&dimension));
  EXPECT_EQ(dimension, Dimension::kTime);
  EXPECT_TRUE(Exponents().ToDimension(&dimension));
  EXPECT_EQ(dimension, Dimension::kNone);
  EXPECT_EQ(Exponents::FromPowers(kMetre.Power(7).powers()), kMetre.Power(7));
}

// An exponent is eight bits: products saturate where they mean nothing any more, and stay there.
TEST(ExponentsOf, SaturateBeyondAHundred) {
  EXPECT_FALSE(kMetre.Power(100).IsBeyond());
  EXPECT_TRUE(kMetre.Power(101).IsBeyond());
  EXPECT_TRUE(kMetre.Power(-101).IsBeyond());
  EXPECT_TRUE(kMetre.Power(100).Power(100).IsBeyond());
  EXPECT_EQ(kMetre.Power(100).Power(100), kMetre.Power(100).Times(kMetre));
}

// What any two numbers inside give lies inside, to the bit.
TEST(IntervalsOf, HoldWhatNumbersInsideGive) {
  RandomStream random({.seed = 2, .name = "test.intervals"});
  for (int i = 0; i < 2000; ++i) {
    Interval a{random.Uniform(-3, 3)}, b{random.Uniform(-3, 3)};
    a.high = a.low + random.Uniform(0, 2), b.high = b.low + random.Uniform(0, 2);
    const double x = random.Uniform(a.low, a.high), y = random.Uniform(b.low, b.high);
    ASSERT_TRUE((a + b).Contains(x + y));
    ASSERT_TRUE((a - b).Contains(x - y));
    ASSERT_TRUE((a * b).Contains(x * y));
    ASSERT_TRUE((a / b).Contains(x / y));
    ASSERT_TRUE(Includes(Join(a, b), a) && Includes(Join(a, b), b));
  }
  EXPECT_EQ((Interval{1, 2} - Interval{1, 2}), (Interval{-1, 1}));  // two names, not one
  EXPECT_EQ((Interval{-1, 2} * Interval{-3, 1}), (Interval{-6, 3}));
}

TEST(IntervalsOf, WhereNothingIsKnownAnythingIsPossible) {
  EXPECT_EQ((Interval{1, 1} / Interval{-1, 1}), kAnything);
  EXPECT_EQ((Interval{1, 1} / Interval{0, 1}), kAnything);
  EXPECT_EQ((kAnything - kAnything), kAnything);
  EXPECT_EQ((Interval{0, 0} * kAnything), kAnything);  // 0 · ∞
  EXPECT_EQ(Bounds(NAN, 1), kAnything);
  EXPECT_TRUE(Includes(kAnything, {-1e308, kInfinity}));
  EXPECT_FALSE(Includes({0, 1}, {0, 1.5}));
  EXPECT_TRUE((Interval{2, 2}).exact());
}

TEST(ValuesOf, AreShownAsPeopleCount) {
  EXPECT_EQ(Value::Of(Nanometres(5)).Show(), "5 nm");
  EXPECT_EQ(Value::Range({2e-9, 4e-9}, kMetre).Show(), "2 nm … 4 nm");
  EXPECT_EQ(Value::Number(12.5).Show(), "12.5");
  EXPECT_EQ(Value::Number(3e20, kMetre.Power(-2)).Show(), "3 e/A^2");
  EXPECT_EQ(Value::Number(2, kMetre.Power(3)).Show(), "2 (SI, length^3)");
  EXPECT_EQ(Value::Bool(true).Show(), "true");
  EXPECT_EQ(Value::EitherBool().Show(), "true or false");
  EXPECT_EQ(Value::AnyText().Show(), "some text");
  EXPECT_EQ(Value::List({{1, 1}, {2, 3}}, {}).Show(), "[1, 2 … 3]");
  EXPECT_EQ(Value::List({}, {}).Show(), "[]");
  EXPECT_EQ(Value::List({}, kMetre).Kind(), "list of length");
  EXPECT_EQ(Value::Bool(false).Kind(), "boolean");
}

// After either of two ways a name is what it is after one or the other.
TEST(ValuesOf, JoinedHoldBoth) {
  Value v = Value::Number(1, kMetre);
  EXPECT_TRUE(JoinInto(Value::Number(3, kMetre), &v));
  EXPECT_EQ(v.number, (Interval{1, 3}));
  EXPECT_FALSE(JoinInto(Value::Number(3, kSecond), &v));
  EXPECT_FALSE(JoinInto(Value::Bool(true), &v));
  Value b = Value::Bool(true);
  EXPECT_TRUE(JoinInto(Value::Bool(false), &b));
  EXPECT_FALSE(b.IsTrue() || b.IsFalse());
  Value t = Value::Text("a");
  EXPECT_TRUE(JoinInto(Value::Text("a"), &t));
  EXPECT_TRUE(t.text_known);
  EXPECT_TRUE(JoinInto(Value::Text("b"), &t));
  EXPECT_FALSE(t.text_known);
  for (const Value& one : {Value::Number(1, kMetre), Value::Bool(true), Value::Text("a")}) {
    Value joined = one;
    Value other = one;
    other.maybe = true;
    EXPECT_TRUE(JoinInto(other, &joined));
    EXPECT_TRUE(joined.maybe) << "on one of the ways it may not be bound";
    EXPECT_TRUE(Includes(joined, one));
  }
}

// A counter does not take a billion rounds to be bounded: the end that moves goes to infinity.
TEST(ValuesOf, WidenedEndsThatMoveHaveNoBound) {
  Value v = Value::Range({0, 1});
  WidenTo(Value::Range({0, 2}), &v);
  EXPECT_EQ(v.number, (Interval{0, kInfinity}));
  WidenTo(Value::Range({0, 9}), &v);
  EXPECT_EQ(v.number, (Interval{0, kInfinity}));
  WidenTo(Value::Range({-1, 9}), &v);
  EXPECT_EQ(v.number, kAnything);
  Value still = Value::Range({0, 1});
  WidenTo(Value::Range({0.25, 0.5}), &still);
  EXPECT_TRUE(Includes(still, Value::Range({0, 1})));
  EXPECT_LT(still.number.high, kInfinity);
}

}  // namespace
}  // namespace ronchi::hw::workflow
