#include "experiments/record/log.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

// One after the other, as the logger of a name is made once: silent at first.
TEST(VerboseLog, IsSilentUnlessSwitchedOn) {
  testing::internal::CaptureStderr();
  SetVerbose(true);
  Log("what goes on, {} and all");  // braces are text
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("  what goes on, {} and all\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace ronchi
