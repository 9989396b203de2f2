#include "experiments/loop/ending.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(Endings, HaveANameAndAnExitStatusEach) {
  const std::tuple<Ending, std::string, int> all[] = {{Ending::kDone, "done", 0},
                                                      {Ending::kEarly, "early", 3},
                                                      {Ending::kInterrupted, "interrupted", 130},
                                                      {Ending::kFault, "fault", 1}};
  for (const auto& [ending, name, status] : all) {
    EXPECT_EQ(EndingName(ending), name);
    EXPECT_EQ(EndingFromName(name), ending);
    EXPECT_EQ(ExitStatus(ending), status);
  }
  EXPECT_EQ(EndingFromName("finished"), std::nullopt);
  EXPECT_EQ(EndingFromName(""), std::nullopt);
}

// A refusal after which nothing has happened is an end in order; all else is a fault.
TEST(Endings, OfErrors) {
  EXPECT_EQ(EndingOf(absl::OkStatus()), Ending::kDone);
  EXPECT_EQ(EndingOf(absl::FailedPreconditionError("refused by the guard: dose")), Ending::kEarly);
  EXPECT_EQ(EndingOf(absl::UnavailableError("link lost")), Ending::kFault);
  EXPECT_EQ(EndingOf(absl::ResourceExhaustedError("the disk is full")), Ending::kFault);
}

}  // namespace
}  // namespace ronchi
