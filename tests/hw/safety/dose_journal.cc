// The dose ledger on disk: what survives a restart, a kill, a torn line; what is refused.
#include "hw/safety/dose_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/files.h"
#include "core/random.h"
#include "core/sealed_text.h"
#include "hw/safety/guarded.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;

class DoseJournalTest : public testing::Test {
 protected:
  DoseJournalTest()
      : path_(testing::TempDir() + "journal_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::replace(path_.begin() + std::ptrdiff_t(testing::TempDir().size()), path_.end(), '/', '_');
    fs::remove(path_);
  }
  ~DoseJournalTest() override { fs::remove(path_); }
  std::unique_ptr<DoseJournal> Open(const std::string& specimen = "s") {
    auto journal = DoseJournal::Open(path_, specimen, LedgerSync::kProcess);
    RONCHI_CHECK(journal.ok());
    return std::move(*journal);
  }
  void Put(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string Get() const { return *ReadFile(path_); }
  const Rectangle here_{0, 0, 4e-9, 4e-9}, there_{50e-9, 0, 4e-9, 4e-9};
  std::string path_;
};

TEST_F(DoseJournalTest, SurvivesARestart) {
  {
    auto j = Open();
    EXPECT_EQ(j->uncertain(), "");
    EXPECT_TRUE(j->Close(*j->Book({here_}, 10), 10).ok());
    EXPECT_TRUE(j->Close(*j->Book({here_}, 5), 7).ok());    // more than was foretold
    EXPECT_TRUE(j->Close(*j->Book({here_}, 100), 0).ok());  // never happened
    EXPECT_TRUE(j->Close(*j->Book({here_, there_}, 1), 1).ok());
    EXPECT_DOUBLE_EQ(j->Largest(here_), 18);
  }
  auto j = Open();
  EXPECT_EQ(j->uncertain(), "");
  EXPECT_DOUBLE_EQ(j->Largest(here_), 18);
  EXPECT_DOUBLE_EQ(j->Largest(there_), 1);
  EXPECT_EQ(j->Largest({100e-9, 0, 1e-9, 1e-9}), 0);
}

TEST_F(DoseJournalTest, AnOpenBookingCountsInFullAndIsUncertain) {
  std::string bytes;
  {
    auto j = Open();
    (void)j->Book({here_}, 10);
    EXPECT_DOUBLE_EQ(j->Largest(here_), 10);
    bytes = Get();
  }
  EXPECT_EQ(Get(), bytes) << "no close while a booking is open";
  auto j = Open();
  EXPECT_THAT(j->uncertain(), HasSubstr("1 exposures may have been cut short"));
  EXPECT_DOUBLE_EQ(j->Largest(here_), 10);
}

// Cut anywhere, the ledger opens, and holds what its whole lines say.
TEST_F(DoseJournalTest, ATornEndIsCutOffWhereverItIs) {
  {
    auto j = Open();
    EXPECT_TRUE(j->Close(*j->Book({here_}, 10), 10).ok());
    EXPECT_TRUE(j->Close(*j->Book({here_}, 10), 20).ok());
  }
  const std::string whole = Get();
  for (size_t n = 0; n <= whole.size(); ++n) {
    Put(whole.substr(0, n));
    auto j = DoseJournal::Open(path_, "s", LedgerSync::kProcess);
    ASSERT_TRUE(j.ok()) << n << j.status();
    const double dose = (*j)->Largest(here_);
    EXPECT_TRUE(dose == 0 || dose == 10 || dose == 20 || dose == 30) << n << " " << dose;
    EXPECT_EQ((*j)->uncertain().empty(), n == 0 || n == whole.size() || n == whole.find('\n') + 1)
        << n << " " << (*j)->uncertain();
  }
}

TEST_F(DoseJournalTest, DamageIsToldByFileAndLine) {
  {
    auto j = Open();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(j->Close(*j->Book({here_}, 10), 10).ok());
  }
  const std::string whole = Get();
  const auto refused = [&](const std::string& bytes) {
    Put(bytes);
    const auto s = DoseJournal::Open(path_, "s", LedgerSync::kProcess).status();
    EXPECT_TRUE(absl::IsInvalidArgument(s)) << s;
    EXPECT_EQ(Get(), bytes) << "a damaged ledger is not touched";
    return std::string(s.message());
  };
  std::string changed = whole;
  changed[whole.find("book 2") + 7] = '2';  // one digit of a dose
  EXPECT_THAT(refused(changed), HasSubstr(path_ + ":5: the checksum"));
  EXPECT_THAT(refused("garbage\n" + whole), HasSubstr(":1: "));
  EXPECT_THAT(refused(SealLine("book 1 1 0 0 1 1") + "\n" + whole), HasSubstr(":1: not a dose"));
  EXPECT_THAT(refused(whole + SealLine("done 9 1") + "\n"), HasSubstr("not a line"));
  EXPECT_THAT(refused(whole + SealLine("book 9 nan 0 0 1 1") + "\n"), HasSubstr("not a line"));
  Put(whole);
  EXPECT_THAT(std::string(DoseJournal::Open(path_, "t", LedgerSync::kProcess).status().message()),
              HasSubstr("the ledger of 's', not of 't'"));
}

TEST_F(DoseJournalTest, OneUserAtATime) {
  auto j = Open();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(DoseJournal::Open(path_, "s", LedgerSync::kProcess).status()));
  j.reset();
  EXPECT_TRUE(DoseJournal::Open(path_, "s", LedgerSync::kPower).ok());
}

// A process that scans as fast as it can is killed forty times, each time after a number of scans
// and then at a random moment of those that follow. Each scan tells a pipe when it is over. The
// ledger must hold all of those; beyond them at most the one in flight. The next session knows that
// it is uncertain and blanks first. With LedgerSync::kPower each kill may count a reserve besides:
// a tenth of what is left, of a budget that outlasts forty of them. What is done is counted, not
// timed: a busy machine makes it no longer and no weaker.
class KilledAtAnyMoment : public DoseJournalTest, public testing::WithParamInterface<LedgerSync> {};

TEST_P(KilledAtAnyMoment, ItLosesNothing) {
  // e/m² of SmallScan: its 64 pixels, half a nanometre apart, are as many squares of 1 Å.
  constexpr double kScan = 1e-12 / kElementaryCharge_C * 64e-6 / (64 * 1e-20);
  constexpr double kBudget = 1e10;  // scans
  RandomStream random({.seed = 1, .name = "test.kill"});
  constexpr int kKills = 40;
  double told = 0;
  for (int round = 0; round < kKills; ++round) {
    int pipe_fd[2];
    ASSERT_EQ(pipe(pipe_fd), 0);
    const pid_t child = fork();
    if (child == 0) {
      GuardOptions o;
      o.dose_budget_e_per_m2 = kBudget * kScan;
      o.ledger_file = path_;
      o.specimen = "s";
      o.ledger_sync = GetParam();
      auto g = MakeGuarded(std::make_unique<NullInstrument>(), o);
      if (!g.ok() || (round > 0) != !(*g)->uncertain().empty()) _exit(3);
      if (!(*g)->Execute(Unblank{}).ok()) _exit(4);
      for (;;) {
        if (!(*g)->Execute(SmallScan()).ok()) _exit(5);
        if (write(pipe_fd[1], "x", 1) != 1) _exit(6);
      }
    }
    close(pipe_fd[1]);
    const uint64_t scans = 10 + random.Below(60);
    for (uint64_t i = 0; i < scans; ++i) {
      char word;
      ASSERT_EQ(read(pipe_fd[0], &word, 1), 1) << "round " << round;
    }
    told += double(scans);
    usleep(useconds_t(random.Below(300)));  // some scans long; nothing is compared with it
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status) << " in round " << round;
    char buffer[4096];
    for (ssize_t n; (n = read(pipe_fd[0], buffer, sizeof buffer)) > 0;) told += double(n);
    close(pipe_fd[0]);
  }
  auto journal = Open();
  EXPECT_THAT(journal->uncertain(), HasSubstr("did not end in order"));
  // Round-off of some ten thousand additions of equal numbers: 1e-9 of the sum is plenty.
  const double scans = journal->Largest({-1e-9, -1e-9, 2e-9, 2e-9}) / kScan;
  EXPECT_GE(scans, told * (1 - 1e-9));
  // All the reserves together are less than the budget, as each is a part of what is left.
  EXPECT_LE(scans,
            told * (1 + 1e-9) + 2 * kKills + (GetParam() == LedgerSync::kPower ? kBudget : 0))
      << "one in flight, one whose word was not heard";
  EXPECT_GT(scans, told + 0.5) << "no kill met an exposure in flight";
}
INSTANTIATE_TEST_SUITE_P(Syncs, KilledAtAnyMoment,
                         testing::Values(LedgerSync::kProcess, LedgerSync::kPower));

TEST_F(DoseJournalTest, TheGuardBlanksFirstWhenItIsUncertain) {
  { (void)Open()->Book({here_}, 1); }
  auto state = std::make_shared<NullState>();
  state->blanked = false;  // as the crash left it
  GuardOptions o;
  o.dose_budget_e_per_m2 = 1e40;
  o.ledger_file = path_;
  o.specimen = "s";
  std::vector<std::string> events;
  o.on_event = [&](const std::string& what) { events.push_back(what); };
  auto g = MakeGuarded(std::make_unique<NullInstrument>(state), o);
  ASSERT_TRUE(g.ok()) << g.status();
  EXPECT_TRUE(state->blanked);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_THAT(events[0], HasSubstr("the state is uncertain, the beam has been blanked"));
  EXPECT_THAT((*g)->uncertain(), HasSubstr("did not end in order"));
  g->reset();
  g = MakeGuarded(std::make_unique<NullInstrument>(state), o);
  ASSERT_TRUE(g.ok());
  EXPECT_EQ((*g)->uncertain(), "");
}

}  // namespace
}  // namespace ronchi::hw
