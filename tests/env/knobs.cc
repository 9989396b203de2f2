#include "env/knobs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

namespace ronchi::env {
namespace {

// Properties that go where they are told, to the next multiple of a step, m.
class Bench {
 public:
  absl::StatusOr<hw::Reply> operator()(const hw::Command& command) {
    hw::Reply reply;
    if (const auto* set = std::get_if<hw::Set>(&command)) {
      ++sets;
      at[set->property] = std::round(set->value.si / step_m) * step_m;
      reply.readings.push_back(
          {.property = set->property, .value = {at[set->property], Dimension::kLength}});
    } else {
      for (const std::string& p : std::get<hw::Read>(command).properties) {
        reply.readings.push_back({.property = p, .value = {at[p], Dimension::kLength}});
      }
    }
    return reply;
  }
  std::map<std::string, double> at = {{"optics.C10", 100e-9}, {"optics.C12.a", -5e-9}};
  double step_m = 1e-12;
  int sets = 0;
};

class KnobsOf : public testing::Test {
 protected:
  KnobsOf() { EXPECT_TRUE(knobs_.Begin(run_).ok()); }
  Bench bench_;
  Knobs::Run run_ = [this](const hw::Command& c) { return bench_(c); };
  Knobs knobs_{{{"optics.C10", 10, "range_nm"}, {"optics.C12.a", 4, "range_nm"}}, kNanometreKnobs};
};

TEST_F(KnobsOf, MoveFromWhereTheyStoodAndAreClippedToTheirRange) {
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{3, -2}, run_).ok());
  EXPECT_NEAR(bench_.at["optics.C10"], 103e-9, 1e-18);
  EXPECT_NEAR(bench_.at["optics.C12.a"], -7e-9, 1e-18);
  EXPECT_NEAR(knobs_.Absolute(0), 103, 1e-9);
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{50, -50}, run_).ok());
  EXPECT_NEAR(bench_.at["optics.C10"], 110e-9, 1e-18);
  EXPECT_NEAR(bench_.at["optics.C12.a"], -9e-9, 1e-18);
  std::vector<float> settings(2);
  knobs_.Fill(settings);
  EXPECT_NEAR(settings[0], 10, 1e-6);
  EXPECT_NEAR(settings[1], -4, 1e-6);
  const int before = bench_.sets;
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{0, 0}, run_).ok());
  EXPECT_EQ(bench_.sets, before) << "what need not move is not set";
}

// An instrument of coarse steps: what is kept is where it went.
TEST_F(KnobsOf, KeepWhatIsReadBack) {
  bench_.step_m = 2e-9;
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{0.7f, 0}, run_).ok());
  EXPECT_NEAR(knobs_.relative()[0], 0, 1e-9);
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{1.3f, 0}, run_).ok());
  EXPECT_NEAR(knobs_.relative()[0], 2, 1e-9);
}

// The instrument goes along, so that the settings read as before.
TEST_F(KnobsOf, AShiftOfTheOriginIsNotSeenInTheSettings) {
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{3, 1}, run_).ok());
  ASSERT_TRUE(knobs_.ShiftOrigin(std::vector<double>{-20}, run_).ok());
  EXPECT_NEAR(bench_.at["optics.C10"], 83e-9, 1e-17);
  EXPECT_NEAR(knobs_.relative()[0], 3, 1e-9);
  EXPECT_NEAR(knobs_.relative()[1], 1, 1e-9);
  EXPECT_EQ(knobs_.ShiftOrigin(std::vector<double>{1, 2, 3}, run_),
            absl::InvalidArgumentError("a shift of 3 knobs; there are 2"));
}

TEST_F(KnobsOf, AreSavedAndRestored) {
  ASSERT_TRUE(knobs_.MoveBy(std::vector<float>{3, 1}, run_).ok());
  Knobs other({{"optics.C10", 10, ""}, {"optics.C12.a", 4, ""}}, kNanometreKnobs);
  other.Restore(nlohmann::json::parse(knobs_.Save().dump()));
  for (size_t i : {0, 1}) {
    EXPECT_EQ(other.Absolute(i), knobs_.Absolute(i));
    EXPECT_EQ(other.relative()[i], knobs_.relative()[i]);
  }
  EXPECT_THROW(other.Restore({{"origin", {1, 2}}}), nlohmann::json::exception);
  EXPECT_EQ(other.Absolute(0), knobs_.Absolute(0));
}

TEST_F(KnobsOf, NeedAnInstrumentThatCanGoSoFar) {
  hw::Description d;
  d.id = "bench";
  d.properties = {{.name = "optics.C10", .min = -15e-9, .max = 15e-9, .writable = true},
                  {.name = "optics.C12.a", .min = -3e-9, .max = 3e-9, .writable = true}};
  EXPECT_EQ(knobs_.Check(d, "Tuning-v0").message(),
            "Tuning-v0: range_nm = 4 of optics.C12.a is not allowed on bench; allowed: above 0, up "
            "to 3");
  d.properties[1].max = 9e-9;  // half of the whole width counts
  EXPECT_TRUE(knobs_.Check(d, "Tuning-v0").ok());
  d.properties[0].writable = false;
  EXPECT_EQ(knobs_.Check(d, "Tuning-v0").message(),
            "Tuning-v0 needs to set optics.C10, which bench cannot");
  d.properties.clear();
  EXPECT_FALSE(knobs_.Check(d, "Tuning-v0").ok());
  EXPECT_EQ(knobs_.Label(1), "C12a nm");
}

}  // namespace
}  // namespace ronchi::env
