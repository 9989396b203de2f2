// AtomMove-v0 by its id: configs, levels, errors with their line.
#include <gtest/gtest.h>

#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

std::string Error(const std::string& yaml) {
  const auto made = MakeEnvironment("AtomMove-v0", yaml);
  return made.ok() ? "" : std::string(made.status().message());
}

TEST(AtomMoveConfig, EveryLevelAndLawRuns) {
  for (const char* yaml :
       {"", "{task: {level: 1}}", "{task: {level: 2}}", "{task: {level: 3}}",
        "{instrument: {level: 3, rates: mixture}}", "{instrument: {rates: simple}}",
        "{instrument: {rates: knock_on, energy_keV: 80, isotope: 13}}",
        "{task: {observation: image, image_pixels: 16}}", "{task: {dwell: action}}"}) {
    const auto env = MakeEnvironment("AtomMove-v0", yaml);
    ASSERT_TRUE(env.ok()) << yaml << env.status();
    ASSERT_TRUE((*env)->Reset(1).ok()) << yaml;
    std::vector<float> action((*env)->spec().action_space.size(), 1);
    EXPECT_TRUE((*env)->Step(action).ok()) << yaml;
  }
}

TEST(AtomMoveConfig, TheTasksLevelIsTheInstrumentsDefault) {
  // Only from level 2 on does anything move of itself.
  const auto at = [](const std::string& yaml) {
    auto env = *MakeEnvironment("AtomMove-v0", yaml);
    const auto reset = *env->Reset(1);
    return reset.info.at("time_s");
  };
  EXPECT_EQ(at("{task: {level: 1}}"), 2);
  EXPECT_GT(at("{task: {level: 2}}"), 2);
  EXPECT_EQ(at("{task: {level: 2}, instrument: {prior: {image_s: [2, 2]}}}"), 2);
  EXPECT_EQ(at("{task: {level: 2}, instrument: {level: 1}}"), 2);
}

TEST(AtomMoveConfig, MistakesAreNamedWithTheirPlace) {
  EXPECT_EQ(Error("instrument:\n  energy_keV: 5\n"),
            "environment:2: instrument.energy_keV: 5 is not allowed; allowed: 20 … 300");
  EXPECT_EQ(Error("task:\n  dwell_s: -1\n"),
            "environment:2: task.dwell_s: -1 is not allowed; allowed: 0.01 … 600");
  EXPECT_NE(Error("task: {dwel_s: 1}").find("dwell_s"), std::string::npos);
  EXPECT_NE(Error("instrument: {prior: {drift: [0, 1]}}").find("instrument.prior.drift"),
            std::string::npos);
}

}  // namespace
}  // namespace ronchi
