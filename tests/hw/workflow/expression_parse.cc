// What is no expression, and where that is seen.
#include <gtest/gtest.h>

#include "core/random.h"
#include "tests/hw/workflow/expressions.h"

namespace ronchi::hw::workflow {
namespace {

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
    const absl::Status s = e.ok() ? e->EvaluateExactly(KnownNames()).status() : e.status();
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
    good += e->Evaluate(KnownNames()).ok();
  }
  EXPECT_GT(good, 100);
}

}  // namespace
}  // namespace ronchi::hw::workflow
