// The power goes: of the dose ledger there is what was forced onto the disk, and perhaps more. The
// disk here is a double of fdatasync, which notes how long the file was and takes no time.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/files.h"
#include "core/random.h"
#include "hw/safety/dose_journal.h"
#include "hw/safety/guarded.h"
#include "tests/hw/null_instrument.h"

namespace {
size_t g_on_disk = 0;  // bytes of the file that was synced last
int g_syncs = 0;
bool g_disk_fails = false;
}  // namespace

// Linked in the place of the C library's.
extern "C" int fdatasync(int fd) {
  struct stat info;
  if (g_disk_fails || fstat(fd, &info) != 0) return -1;
  g_on_disk = size_t(info.st_size);
  ++g_syncs;
  return 0;
}

namespace ronchi::hw {
namespace {

namespace fs = std::filesystem;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;

// e/m² of SmallScan: its 64 pixels are half a nanometre apart, so that its electrons come down on
// as many squares of 1 Å.
constexpr double kScan = 1e-12 / kElementaryCharge_C * 64e-6 / (64 * 1e-20);

class PowerLoss : public testing::Test {
 protected:
  PowerLoss() {
    fs::remove(options_.ledger_file);
    g_syncs = 0;
    g_disk_fails = false;
  }
  ~PowerLoss() override {
    fs::remove(options_.ledger_file);
    fs::remove(after_);
  }
  static GuardOptions Options() {
    GuardOptions o;
    o.dose_budget_e_per_m2 = 1000 * kScan * (1 + 1e-9);  // round-off of a thousand additions
    o.ledger_file = testing::TempDir() + "power_loss.ledger";
    o.specimen = "s";
    return o;
  }
  std::unique_ptr<GuardedInstrument> Make() {
    auto g = MakeGuarded(std::make_unique<NullInstrument>(), options_);
    RONCHI_CHECK(g.ok() && (*g)->Execute(Unblank{}).ok());
    return std::move(*g);
  }
  // The ledger as the next session finds it when only so many bytes have survived. What it writes
  // itself is none of the test's syncs.
  std::unique_ptr<DoseJournal> Survived(size_t bytes) {
    fs::remove(after_);
    const size_t on_disk = g_on_disk;
    const int syncs = g_syncs;
    std::ofstream(after_, std::ios::binary) << ReadFile(options_.ledger_file)->substr(0, bytes);
    auto journal = DoseJournal::Open(after_, "s", LedgerSync::kProcess);
    RONCHI_CHECK(journal.ok());
    g_on_disk = on_disk;
    g_syncs = syncs;
    return std::move(*journal);
  }
  GuardOptions options_ = Options();
  const std::string after_ = testing::TempDir() + "power_loss.after";
};

// Scans at twelve places, more than there are reserves, in drifting fields. Whatever length of the
// file survives beyond what was synced, no place has less dose than it got; and not more than a
// tenth of the budget above it, which is what is set aside at most.
TEST_F(PowerLoss, LosesNoDoseAndInventsLittle) {
  RandomStream random({.seed = 1, .name = "test.power"});
  std::vector<double> got(12, 0);
  auto guarded = Make();
  for (int i = 0; i < 2000; ++i) {
    const size_t place = i % 100 < 90 ? size_t(i / 100) % 3 : random.Below(12);
    const double x = 100e-9 * double(place), drift = 0.5e-9 * random.Uniform();
    const auto reply = guarded->Execute(SmallScan(x + drift));
    if (!reply.ok()) {
      ASSERT_TRUE(absl::IsOutOfRange(reply.status())) << reply.status();
      continue;
    }
    got[place] += reply->dose_e_per_m2;
    const size_t on_disk = g_on_disk, whole = fs::file_size(options_.ledger_file);
    const size_t bytes = i % 2 ? on_disk : on_disk + random.Below(whole - on_disk + 1);
    const int syncs = g_syncs;
    auto after = Survived(bytes);
    EXPECT_NE(after->uncertain(), "");
    for (size_t p = 0; p < got.size(); ++p) {
      const double dose = after->Largest({100e-9 * double(p) - 0.5e-9, -0.5e-9, 1e-9, 1e-9});
      // Round-off of some hundred additions.
      ASSERT_GE(dose, got[p] * (1 - 1e-9)) << "scan " << i << ", place " << p;
      ASSERT_LE(dose, got[p] + 0.1 * options_.dose_budget_e_per_m2 + kScan) << i << " " << p;
    }
    after.reset();  // closes in order, and syncs
    g_syncs = syncs;
  }
  EXPECT_GT(*std::max_element(got.begin(), got.end()), 500 * kScan);
  EXPECT_LT(g_syncs, 400) << "of 2000 exposures";
}

// Where one place is scanned again and again the disk is hardly waited for: a tenth of what is left
// at a time, 10 · ln(1000 / 10) + 10 times or so until each scan is more than that.
TEST_F(PowerLoss, WaitsSeldomForTheDisk) {
  auto guarded = Make();
  int scans = 0;
  while (guarded->Execute(SmallScan()).ok()) ++scans;
  EXPECT_EQ(scans, 1000);
  EXPECT_LT(g_syncs, 70);
  EXPECT_GT(g_syncs, 30);
}

TEST_F(PowerLoss, WithoutAReserveEveryExposureWaits) {
  options_.ledger_reserve = 0;
  auto guarded = Make();
  const int before = g_syncs;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(guarded->Execute(SmallScan()).ok());
  EXPECT_EQ(g_syncs - before, 50);
}

// An orderly end gives back what was set aside; a crash does not, and the next session says so.
TEST_F(PowerLoss, TheReserveIsSpentByACrashAlone) {
  const Rectangle here{0, 0, 1e-9, 1e-9};
  auto guarded = Make();
  ASSERT_TRUE(guarded->Execute(SmallScan()).ok());
  const auto crashed = Survived(fs::file_size(options_.ledger_file));
  // The scan, and with it a tenth of the other 999 and itself once more.
  EXPECT_NEAR(crashed->Largest(here), (1 + 1 + 99.9) * kScan, 1e-6 * kScan);
  EXPECT_NE(crashed->uncertain().find("set aside in 1 places"), std::string::npos);
  guarded.reset();
  const auto ended = Survived(fs::file_size(options_.ledger_file));
  EXPECT_NEAR(ended->Largest(here), kScan, 1e-6 * kScan);
  EXPECT_EQ(ended->uncertain(), "");
}

// What could not be forced onto the disk covers nothing.
TEST_F(PowerLoss, ADiskThatFailsIsAFault) {
  auto guarded = Make();
  g_disk_fails = true;
  for (int i = 0; i < 3; ++i) {
    (void)guarded->Execute(Unblank{});
    EXPECT_TRUE(absl::IsDataLoss(guarded->Execute(SmallScan()).status())) << i;
  }
  g_disk_fails = false;
  ASSERT_TRUE(guarded->Execute(Unblank{}).ok());
  EXPECT_TRUE(guarded->Execute(SmallScan()).ok());
}

}  // namespace
}  // namespace ronchi::hw
