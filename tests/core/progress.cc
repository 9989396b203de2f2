#include "core/progress.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

namespace ronchi {
namespace {

std::string Printed(Progress::Style style, const std::function<void()>& work) {
  Progress::SetStyle(style);
  testing::internal::CaptureStderr();
  work();
  Progress::SetStyle(Progress::Style::kAuto);
  return testing::internal::GetCapturedStderr();
}
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

TEST(Progress, ALineATenth) {
  const auto lines = Lines(Printed(Progress::Style::kLines, [] {
    Progress progress("probes", 20);
    for (int i = 0; i < 20; ++i) progress.Tick(1, i == 19 ? "best 3" : "");
  }));
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines.front(), "probes: 2 of 20");
  EXPECT_EQ(lines.back(), "probes: 20 of 20  best 3");
}

// Whoever comes last prints the end, and no tenth is told twice.
TEST(Progress, ThreadsCountTogether) {
  const auto lines = Lines(Printed(Progress::Style::kLines, [] {
    Progress progress("rows", 4000);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) progress.Tick();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }));
  EXPECT_LE(lines.size(), 10u);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), "rows: 4000 of 4000");
}

TEST(Progress, ABarEndsItsLine) {
  const std::string text = Printed(Progress::Style::kBar, [] {
    Progress progress("probes", 2);
    progress.Tick(1, "a long note");
    progress.Tick(5);  // beyond the end
  });
  EXPECT_EQ(text.back(), '\n');
  const std::string last = text.substr(text.rfind('\r'));
  EXPECT_NE(last.find(" 2/2 "), std::string::npos) << last;
  EXPECT_EQ(last.find("·"), std::string::npos) << last;
  EXPECT_EQ(last.find("note"), std::string::npos) << "what is shorter must overwrite it";
  EXPECT_GE(last.size() - last.find("left"), std::string("left  a long note\n").size());
}

TEST(Progress, MayBeSilent) {
  EXPECT_EQ(Printed(Progress::Style::kOff,
                    [] {
                      Progress progress("probes", 2);
                      progress.Tick(2);
                      Progress::Say("waiting");
                    }),
            "");
  EXPECT_EQ(Printed(Progress::Style::kBar, [] { const Progress progress("nothing", 0); }), "");
}

// Names come from files: their control characters must not reach a terminal.
TEST(Progress, SaysWhatCanBePrinted) {
  const std::string text =
      Printed(Progress::Style::kLines, [] { Progress::Say("waiting for \x1b[2J"); });
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.rfind("waiting for ", 0), 0u);
  EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace ronchi
