#include "hw/safety/dose_ledger.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <vector>

#include "core/random.h"

namespace ronchi::hw {
namespace {

constexpr double kNm = 1e-9;

TEST(DoseLedger, AddsWhereFieldsOverlapAndNotElsewhere) {
  DoseLedger ledger;
  ledger.Add(0, 0, 10 * kNm, 10 * kNm, 5);
  ledger.Add(5 * kNm, 5 * kNm, 10 * kNm, 10 * kNm, 3);
  EXPECT_EQ(ledger.Largest(), 8);
  EXPECT_EQ(ledger.Largest(0, 0, 1 * kNm, 1 * kNm), 5);
  EXPECT_EQ(ledger.Largest(13 * kNm, 13 * kNm, 1 * kNm, 1 * kNm), 3);
  EXPECT_EQ(ledger.Largest(100 * kNm, 0, 1 * kNm, 1 * kNm), 0);
  ledger.Clear();
  EXPECT_EQ(ledger.Largest(), 0);
}

// Against the plain sum over all fields at points: never below it, whatever the sizes.
TEST(DoseLedger, IsNeverBelowTheTrueDose) {
  RandomStream random({.seed = 3, .name = "ledger"});
  struct Field {
    double x, y, w, h, dose;
  };
  std::vector<Field> fields;
  DoseLedger ledger;
  for (int i = 0; i < 60; ++i) {
    const double size = std::pow(10, random.Uniform(-9.5, -5));
    fields.push_back({random.Uniform(-1e-6, 1e-6), random.Uniform(-1e-6, 1e-6), size,
                      size * random.Uniform(0.3, 1), random.Uniform(0, 10)});
    const Field& f = fields.back();
    ledger.Add(f.x, f.y, f.w, f.h, f.dose);
  }
  for (int i = 0; i < 2000; ++i) {
    const double x = random.Uniform(-2e-6, 2e-6), y = random.Uniform(-2e-6, 2e-6);
    double truth = 0;
    for (const Field& f : fields) {
      if (x >= f.x && x <= f.x + f.w && y >= f.y && y <= f.y + f.h) truth += f.dose;
    }
    // Round-off of sums taken in another order.
    EXPECT_GE(ledger.Largest(x, y, 0, 0), truth - 1e-9);
  }
}

// A field of a metre, as a wrong unit asks for, costs no more than one of a hundred nanometres.
TEST(DoseLedger, AnyFieldIsBookedInBoundedTime) {
  DoseLedger ledger;
  const std::clock_t start = std::clock();  // processor time: other programs do not count
  for (double size = 1e-9; size < 1e12; size *= 10) {
    ledger.Add(-size / 2, -size / 2, size, size, 1);
    EXPECT_GE(ledger.Largest(0, 0, size / 2, size / 2), 1);
  }
  // 21 fields of at most 129² cells: milliseconds; on one level it would never end.
  EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace ronchi::hw
