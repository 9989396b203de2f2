#include "hw/safety/guard_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullDescription;

TEST(GuardOptions, AreReadFromYaml) {
  const auto config = *Config::Parse(R"(
dose_budget_e_per_A2: 400
specimen: lamella 7
ledger_file: dose.ledger
ledger_sync: process
heartbeat_s: 2
limits: {stage.x: {min: -1e-4, max: 1e-4, step: 1e-5, rate: 1e-6}, stage.z: {max: 5e-5}}
coupled:
  - {name: z under tilt, terms: {stage.z: 1, stage.alpha: 2e-4}, at_most: 1e-4,
     when: {holder.type: 0}}
)",
                                     "guard.yaml");
  const auto o = ReadGuardOptions(config, NullDescription());
  ASSERT_TRUE(o.ok()) << o.status();
  EXPECT_EQ(o->dose_budget_e_per_m2, 400e20);
  EXPECT_EQ(o->limits.at("stage.x").max_rate, 1e-6);
  EXPECT_EQ(o->limits.at("stage.z").min, -3e-4);  // the instrument's own
  EXPECT_EQ(o->limits.at("stage.z").max, 5e-5);
  ASSERT_EQ(o->coupled.size(), 1u);
  EXPECT_EQ(o->coupled[0].coefficients.at("stage.alpha"), 2e-4);
  EXPECT_EQ(o->coupled[0].when_property, "holder.type");
  EXPECT_EQ(o->ledger_sync, LedgerSync::kProcess);
  const auto refused = [](const std::string& yaml) {
    const auto s = ReadGuardOptions(*Config::Parse(yaml, "guard.yaml"), NullDescription()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(s)) << yaml;
    return std::string(s.message());
  };
  const std::string budget = "dose_budget_e_per_A2: 1\n";
  EXPECT_THAT(refused("specimen: a"), HasSubstr("dose_budget_e_per_A2"));
  EXPECT_THAT(refused(budget + "limits: {stage.q: {max: 1}}"),
              HasSubstr("guard.yaml:2: limits.stage.q"));
  EXPECT_THAT(refused(budget + "limits: {beam.current: {max: 1}}"), HasSubstr("cannot set"));
  EXPECT_THAT(refused(budget + "limits: {stage.x: {min: 1, max: 0}}"), HasSubstr("stage.x.max"));
  EXPECT_THAT(refused(budget + "coupled: [{name: a, terms: {stage.q: 1}, at_most: 1}]"),
              HasSubstr("stage.q"));
  EXPECT_THAT(refused(budget + "coupled: [{terms: {stage.x: 1}, at_most: 1}]"), HasSubstr("name"));
  EXPECT_THAT(refused(budget + "coupled: [{name: a, at_most: 1}]"), HasSubstr("terms"));
  EXPECT_THAT(refused(budget + "ledger_file: x"), HasSubstr("specimen"));
  EXPECT_THAT(refused(budget + "heartbeat: 3"), HasSubstr("heartbeat_s"));
}

}  // namespace
}  // namespace ronchi::hw
