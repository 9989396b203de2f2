#include "hw/workflow/functions.h"

#include <gtest/gtest.h>

#include "tests/hw/workflow/expressions.h"

namespace ronchi::hw::workflow {
namespace {

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

}  // namespace
}  // namespace ronchi::hw::workflow
