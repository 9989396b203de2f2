#include "hw/record/replayed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "hw/record/recorded.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"
namespace ronchi::hw {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::SameReply;
using testing_support::SmallScan;
using testing_support::TwinFromYaml;

class ReplayedTest : public testing::Test {
 protected:
  ReplayedTest() : folder_(testing::TempDir() + "replayed") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    auto recorded =
        MakeRecorded(*MakeTwin(TwinFromYaml(), 3), "deploy", *EventLog::Create(folder_));
    commands_ = {SmallScan(),
                 Unblank{},
                 Read{{"beam.current"}},
                 Set{"optics.C10", Nanometres(2)},
                 SmallScan(),
                 Park{0, 0, 1e-6},
                 SmallScan()};
    for (const Command& c : commands_) said_.push_back(recorded->Execute(c));
  }
  ~ReplayedTest() override { fs::remove_all(folder_); }
  std::string folder_;
  std::vector<Command> commands_;
  std::vector<absl::StatusOr<Reply>> said_;
};

TEST_F(ReplayedTest, TheSameCommandsGetTheSameReplies) {
  auto replayed = OpenReplayed(folder_, "deploy");
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ((*replayed)->description().id, "twin:corrected_200kV");
  for (size_t i = 0; i < commands_.size(); ++i) {
    std::vector<float> streamed;
    ExecuteOptions options;
    options.on_line = [&](const ScanLine& l) {
      streamed.insert(streamed.end(), l.counts.begin(), l.counts.end());
    };
    const auto reply = (*replayed)->Execute(commands_[i], options);
    ASSERT_EQ(reply.status(), said_[i].status()) << i;
    if (!reply.ok()) continue;
    EXPECT_TRUE(SameReply(*reply, *said_[i])) << i;
    EXPECT_EQ(streamed.size(), reply->frames.empty() ? 0u : reply->frames[0].counts.size());
  }
  EXPECT_TRUE(absl::IsOutOfRange((*replayed)->Execute(Read{{"beam.current"}}).status()));
  EXPECT_TRUE((*replayed)->Execute(Safe{})->blanked);
  EXPECT_TRUE(absl::IsNotFound(OpenReplayed(folder_, "tune").status()));
}

TEST_F(ReplayedTest, AnotherCommandIsToldByEventAndDifference) {
  auto replayed = *OpenReplayed(folder_, "deploy");
  ASSERT_EQ(replayed->Execute(commands_[0]).status(), said_[0].status());
  const absl::Status s = replayed->Execute(Set{"optics.C10", Nanometres(2)}).status();
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware);
  EXPECT_FALSE(MayHaveHappened(s));
  EXPECT_THAT(std::string(s.message()),
              HasSubstr("event 2: the log has 'unblank', asked was 'set optics.C10 to 2 nm'"));
  // Whoever guards it can always blank, and the clock does not run back.
  const auto safe = replayed->Execute(Safe{});
  ASSERT_TRUE(safe.ok()) << safe.status();
  EXPECT_TRUE(safe->blanked);
  EXPECT_TRUE(replayed->Execute(commands_[1]).ok()) << "the right one still goes";
  ASSERT_TRUE(replayed->Execute(commands_[2]).ok());
  EXPECT_EQ(replayed->Execute(Blank{})->time_s, said_[2]->time_s);
  const absl::Status last_bit =
      replayed->Execute(Set{"optics.C10", {std::nextafter(2e-9, 1), Dimension::kLength}}).status();
  EXPECT_THAT(std::string(last_bit.message()), HasSubstr("event 4: the log has …"));
}

}  // namespace
}  // namespace ronchi::hw
