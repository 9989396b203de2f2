// What the id of an older version of an environment is answered.
#include "env/versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ronchi::env {
namespace {

using testing::HasSubstr;

TEST(Versions, OlderOnesFindTheirPresentOne) {
  const std::vector<std::string> ids = {"AtomMove-v0", "DriftLock-v10", "Drift-v3"};
  EXPECT_EQ(LaterVersion("DriftLock-v9", ids), "DriftLock-v10");  // by number, not by letter
  EXPECT_EQ(LaterVersion("DriftLock-v0", ids), "DriftLock-v10");
  EXPECT_EQ(LaterVersion("Drift-v2", ids), "Drift-v3");
  for (const char* none : {"DriftLock-v10", "DriftLock-v11", "DriftLock", "AtomMove-v0",
                           "AtomMove-v", "-v0", "", "Lock-v0", "driftlock-v0", "DriftLock-v-1x"}) {
    EXPECT_EQ(LaterVersion(none, ids), "") << none;
  }
}

absl::Status Read(const std::string& yaml) {
  const auto config = Config::Parse(yaml, "task.yaml");
  ConfigReader r(*config);
  ReadId(&r, "DriftLock-v1");
  return r.Done();
}

TEST(Versions, TheKeyOfAConfig) {
  EXPECT_TRUE(Read("{}").ok());
  EXPECT_TRUE(Read("{id: DriftLock-v1}").ok());
  const std::string older(Read("{id: DriftLock-v0}").message());
  EXPECT_THAT(older, HasSubstr("task.yaml:1"));
  EXPECT_THAT(older, HasSubstr("'DriftLock-v0' is now 'DriftLock-v1'"));
  EXPECT_THAT(older, HasSubstr("environments.md#versions"));
  EXPECT_THAT(older, testing::Not(HasSubstr("\n")));
  for (const char* other : {"{id: DriftLock-v2}", "{id: AtomMove-v0}"}) {
    EXPECT_THAT(std::string(Read(other).message()), HasSubstr("allowed: DriftLock-v1")) << other;
  }
  EXPECT_FALSE(Read("{id: [DriftLock-v1]}").ok());
}

}  // namespace
}  // namespace ronchi::env
