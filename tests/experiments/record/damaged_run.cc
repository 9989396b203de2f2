// A run's data.hdf5 that is damaged, as it is read again: HDF5 1.10 trusts what it reads and can
// crash on it, which must not end the program.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <map>
#include <new>

#include "core/random.h"
#include "core/storage.h"
#include "tests/support/command.h"
#include "tests/support/small_record.h"

namespace ronchi {
namespace {

using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::SmallRecord;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

void ReadAllOf(const std::string& path) {
  const auto file = DataFileReader::Open(path);
  if (!file.ok()) return;
  (void)file->ReadFloat("/root/deploy_images/data");
  const auto names = file->List("/run/deploy");
  if (!names.ok()) return;
  for (const std::string& name : *names) (void)file->ReadDouble("/run/deploy/" + name);
}

// What reading it in this process would do: a child tries, with a gigabyte of memory at most. "",
// or what it dies of.
std::string HarmOf(const std::string& path) {
  constexpr rlim_t kMost = rlim_t(1) << 30, kSeconds = 5;
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core = {0, 0}, memory = {kMost, kMost}, cpu = {kSeconds, kSeconds};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &cpu);
    for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) std::signal(signal, SIG_DFL);
    try {
      ReadAllOf(path);
    } catch (const std::bad_alloc&) {
      std::raise(SIGKILL);
    }
    _exit(0);
  }
  int status = 0;
  rusage used = {};
  wait4(child, &status, 0, &used);
  const bool is_memory = double(used.ru_maxrss) * 1024 > 0.5 * double(kMost) ||
                         (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  if (is_memory) return "all memory";
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "";
}

class DamagedRun : public ::testing::Test {
 protected:
  DamagedRun() {
    WriteAll(folder_ / "config.yaml", "version: 1\n");
    RONCHI_CHECK(WriteRunRecord(folder_.path(), SmallRecord()).ok());
    good_ = ReadAll(path_);
  }
  // `ronchi report` of the folder: whole, or refused in one line.
  void ExpectToldInALine(const std::string& what) {
    const Finished done = Ronchi({"report", folder_.path()}, folder_.path());
    EXPECT_LT(done.peak_bytes, 3e9) << what;  // the child's limit of 2 GiB, and the program
    if (done.status == 0) return;             // it was read all the same
    EXPECT_TRUE(done.status == 1 || done.status == 2) << what << "\n" << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << what << "\n" << done.err;
    EXPECT_THAT(done.err, ::testing::HasSubstr("data.hdf5")) << what;
  }
  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "data.hdf5";
  std::string good_;
};

// Bytes here and there are others; the files that HDF5 dies of are found by trying.
TEST_F(DamagedRun, BytesAnywhereNeverEndTheProgram) {
  constexpr int kTries = 1000, kOfAHarm = 5;
  RandomStream random({.seed = 3, .name = "test.damage"});
  std::map<std::string, int> harms;
  for (int i = 0; i < kTries; ++i) {
    std::string bad = good_;
    const int bytes = 1 << random.Below(7);
    for (int b = 0; b < bytes; ++b) bad[random.Below(bad.size())] = char(random.Below(256));
    WriteAll(path_, bad);
    const std::string harm = HarmOf(path_);
    const bool is_tried = harm.empty() ? i % 100 == 0 : ++harms[harm] <= kOfAHarm;
    if (is_tried) ExpectToldInALine("file " + std::to_string(i) + " " + harm);
  }
  for (const auto& [harm, count] : harms) {
    std::printf("%s: %d of %d damaged files\n", harm.c_str(), count, kTries);
  }
  if (harms.empty()) std::printf("this HDF5 dies of none of %d damaged files\n", kTries);
}

TEST_F(DamagedRun, CutShortItIsToldInALine) {
  for (size_t part = 0; part < 8; ++part) {
    WriteAll(path_, good_.substr(0, part * good_.size() / 8));
    const Finished done = Ronchi({"report", folder_.path()}, folder_.path());
    EXPECT_EQ(done.status, 2) << part << "\n" << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << part << "\n" << done.err;
    EXPECT_THAT(done.err, ::testing::HasSubstr("data.hdf5")) << part;
  }
}

}  // namespace
}  // namespace ronchi
