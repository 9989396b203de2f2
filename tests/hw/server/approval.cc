#include "hw/server/approval.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ronchi::hw {
namespace {

struct Shown {
  std::mutex mutex;
  std::vector<std::pair<std::string, std::string>> calls;
  ApprovalDesk::Show By() {
    return [this](const std::string& call, const std::string& code) {
      const std::lock_guard<std::mutex> lock(mutex);
      calls.emplace_back(call, code);
    };
  }
  std::string Code(size_t i) {
    for (;;) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (calls.size() > i) return calls[i].second;
    }
  }
};

TEST(ApprovalDesk, AWordIsForOneCallAlone) {
  Shown shown;
  ApprovalDesk desk(shown.By(), 1000);
  bool first = false, second = true;
  std::thread a([&] { first = desk.Ask("set C10"); });
  const std::string code = shown.Code(0);
  std::thread b([&] { second = desk.Ask("set C10"); });  // the same words, another call
  const std::string other = shown.Code(1);
  EXPECT_NE(code, other);
  EXPECT_FALSE(desk.Hear("yes"));
  EXPECT_FALSE(desk.Hear("yes 0000000"));
  EXPECT_FALSE(desk.Hear("approve " + code));
  EXPECT_FALSE(desk.Hear(code));
  EXPECT_EQ(desk.waiting(), 2u);
  EXPECT_TRUE(desk.Hear("  yes " + code + " \r\n"));
  EXPECT_TRUE(desk.Hear("no " + other));
  a.join();
  b.join();
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_FALSE(desk.Hear("yes " + code));  // used up
}

TEST(ApprovalDesk, NoWordInTimeIsNo) {
  Shown shown;
  EXPECT_FALSE(ApprovalDesk(shown.By(), 0.01).Ask("scan"));
  EXPECT_FALSE(ApprovalDesk(nullptr, 1000).Ask("scan"));  // nobody is there to ask
}

TEST(ApprovalDesk, OfTooManyTheRestAreDenied) {
  Shown shown;
  ApprovalDesk desk(shown.By(), 1000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_FALSE(desk.Ask("scan")); });
  (void)shown.Code(3);
  EXPECT_FALSE(desk.Ask("scan"));
  desk.Close();
  for (std::thread& t : threads) t.join();
  EXPECT_FALSE(desk.Ask("scan"));
}

}  // namespace
}  // namespace ronchi::hw
