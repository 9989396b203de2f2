#include "hw/wire/haider.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <set>

#include "core/random.h"
#include "sim/physics/aberrations.h"

namespace ronchi::hw::wire {
namespace {

using Complex = std::complex<double>;

// χ λ/2π = share · Re{ω̄^p ω^q c}, docs/conventions.md.
struct Form {
  std::string_view name;
  double share;
  int p, q;
};
constexpr Form kForms[] = {{"C1", 1.0 / 2, 1, 1}, {"A1", 1.0 / 2, 2, 0}, {"B2", 1, 2, 1},
                           {"A2", 1.0 / 3, 3, 0}, {"C3", 1.0 / 4, 2, 2}, {"S3", 1, 3, 1},
                           {"A3", 1.0 / 4, 4, 0}, {"B4", 1, 3, 2},       {"D4", 1, 4, 1},
                           {"A4", 1.0 / 5, 5, 0}, {"C5", 1.0 / 6, 3, 3}, {"S5", 1, 4, 2},
                           {"R5", 1, 5, 1},       {"A5", 1.0 / 6, 6, 0}};

size_t IndexInSim(std::string_view krivanek) {
  size_t i = 0;
  while (i < sim::kAberrationTerms.size() && sim::kAberrationTerms[i].name != krivanek) ++i;
  return i;
}

TEST(Haider, FactorsAndSignsAreThoseOfTheAberrationFunction) {
  std::set<std::string_view> seen;
  for (const Form& f : kForms) {
    const HaiderTerm& term = kHaiderTerms.at(HaiderIndex(f.name));
    const size_t t = IndexInSim(term.krivanek);
    ASSERT_LT(t, sim::kAberrationTerms.size()) << f.name;
    seen.insert(term.krivanek);
    EXPECT_EQ(sim::kHaiderTerms[t].name, f.name);
    EXPECT_EQ(sim::kHaiderTerms[t].factor, term.factor);
    EXPECT_EQ(sim::kAberrationTerms[t].m == 0, term.round);
    const Complex c(3.1, term.round ? 0 : -1.7);
    sim::Aberrations a;
    a.a_A[t] = ToKrivanek(term, c.real());
    a.b_A[t] = ToKrivanek(term, c.imag());
    for (const Complex& w : {Complex(0.01, 0.02), Complex(-0.03, 0.004), Complex(0.02, -0.05)}) {
      const double path_A = f.share * (std::pow(std::conj(w), f.p) * std::pow(w, f.q) * c).real();
      // Chi of a wavelength of 2π is the path itself; 1e-12: round-off of some twenty operations.
      const double scale = std::abs(c) * std::pow(std::abs(w), f.p + f.q);
      EXPECT_NEAR(a.Chi(w.real(), w.imag(), 2 * std::numbers::pi), path_A, 1e-12 * scale) << f.name;
    }
  }
  EXPECT_EQ(seen.size(), kHaiderTerms.size());
}

TEST(Haider, ThereAndBackIsTheSameDoubleOrANeighbourThatStays) {
  RandomStream random({.seed = 7});
  int off = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double magnitude = std::pow(10, random.Uniform(-15, -1));
    const double k = magnitude * random.Uniform(-1, 1);
    for (const HaiderTerm& term : kHaiderTerms) {
      const double back = ToKrivanek(term, ToHaider(term, k));
      const bool exact = term.factor == 1 || term.factor == 4;
      off += back != k;
      ASSERT_TRUE(back == k ||
                  (!exact && (back == std::nextafter(k, 1) || back == std::nextafter(k, -1))))
          << term.name << " " << k;
      ASSERT_EQ(ToKrivanek(term, ToHaider(term, back)), back) << term.name << " " << k;
    }
  }
  EXPECT_GT(off, 0);  // else it could be promised
}

TEST(Haider, NamesAreThoseOfTheTwins) {
  EXPECT_EQ(PropertyOf(kHaiderTerms[HaiderIndex("C1")], 0), "optics.C10");
  EXPECT_EQ(PropertyOf(kHaiderTerms[HaiderIndex("B2")], 0), "optics.C21.a");
  EXPECT_EQ(PropertyOf(kHaiderTerms[HaiderIndex("A1")], 1), "optics.C12.b");
  EXPECT_EQ(HaiderIndex("WD"), kHaiderTerms.size());
  EXPECT_EQ(HaiderIndex(""), kHaiderTerms.size());
}

}  // namespace
}  // namespace ronchi::hw::wire
