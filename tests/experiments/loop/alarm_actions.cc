#include "experiments/loop/alarm_actions.h"

#include <gmock/gmock.h>

#include <set>

namespace ronchi {
namespace {

// Writes down what it is told to do.
class Site final : public AlarmSite {
 public:
  absl::Status EstimateAnew() override { return Did("estimate"); }
  absl::Status Recentre() override { return Did("recentre"); }
  absl::Status RestartAgent() override { return Did("restart"); }
  absl::Status AskPerson() override { return Did("ask"); }
  absl::Status MakeSafe() override { return Did("safe"); }
  void Stop() override { done.push_back("stop"); }
  std::vector<std::string> done;

 private:
  absl::Status Did(const std::string& what) {
    done.push_back(what);
    return absl::OkStatus();
  }
};

TEST(AlarmActions, EachDoesOneThingOfItsOwn) {
  std::set<std::string> names, deeds;
  for (const AlarmAction& action : AlarmActions()) {
    Site site;
    EXPECT_TRUE(action.act(&site).ok()) << action.name;
    ASSERT_EQ(site.done.size(), 1u) << action.name;
    EXPECT_TRUE(deeds.insert(site.done[0]).second) << action.name << " does what another does";
    EXPECT_TRUE(names.insert(action.name).second) << action.name;
    EXPECT_FALSE(action.summary.empty()) << action.name;
    EXPECT_EQ((*FindAlarmAction(action.name))->name, action.name);
  }
  EXPECT_EQ(deeds.size(), 6u);
  EXPECT_THAT(std::string(FindAlarmAction("recenter").status().message()),
              ::testing::HasSubstr("allowed: re_estimate, recentre, restart_agent"));
}

}  // namespace
}  // namespace ronchi
