// The fuzz targets of an ordinary build: kept files, then mutants by their numbers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzzing.h"

namespace ronchi::testing_support {
namespace {
namespace fs = std::filesystem;

// Of the processor, for one file; a signal ends the program after that.
constexpr int kMostSeconds = 30;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* set = std::getenv(name);
  return set ? std::strtoull(set, nullptr, 10) : otherwise;
}

void SetTimer(int seconds) {
  const itimerval timer = {{0, 0}, {seconds, 0}};
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

}  // namespace

void Fuzz(const FuzzTarget& target) {
  ASSERT_FALSE(target.corpus.empty());
  for (const std::string& good : target.corpus) {
    const absl::Status status = target.read(good);
    EXPECT_TRUE(status.ok()) << "the corpus itself is bad: " << status << "\n"
                             << good.substr(0, 500);
  }
  const fs::path finds = fs::path(RONCHI_SOURCE_DIR) / "tests/fuzz/corpus" / target.kind;
  if (const char* name = std::getenv("RONCHI_FUZZ_KEEP")) {
    const uint64_t i = Setting("RONCHI_FUZZ_FIRST", 0);
    std::string mutant = Mutant(target.corpus, target.kind, i);
    if (target.reseal && i % 2) mutant = target.reseal(mutant);
    fs::create_directories(finds);
    std::ofstream(finds / name, std::ios::binary) << mutant;
    return;
  }
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(finds, ec)) {
    bool refused = false;
    EXPECT_EQ(Misbehaviour(target, FileBytes(entry.path()), &refused), "") << entry.path();
  }
  const uint64_t first = Setting("RONCHI_FUZZ_FIRST", 0);
  const uint64_t count = Setting("RONCHI_FUZZ_MUTANTS", uint64_t(target.quick));
  const std::string current = absl::StrCat(RONCHI_BINARY_DIR, "/fuzz-", target.kind, ".current");
  const int fd = open(current.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
  uint64_t refused = 0, failures = 0;
  uint64_t done = 0;
  for (uint64_t i = first; i < first + count && failures < 10; ++i, ++done) {
    std::string mutant = Mutant(target.corpus, target.kind, i);
    if (target.reseal && i % 2) mutant = target.reseal(mutant);
    const std::string number = absl::StrCat(i, "\n");
    (void)!pwrite(fd, number.data(), number.size(), 0);
    SetTimer(kMostSeconds);
    bool is_refused = false;
    const std::string what = Misbehaviour(target, mutant, &is_refused);
    SetTimer(0);
    refused += is_refused;
    if (what.empty()) continue;
    ++failures;
    ADD_FAILURE() << target.kind << " mutant " << i << " " << what << "\n"
                  << mutant.substr(0, 2000);
  }
  close(fd);
  unlink(current.c_str());
  std::printf("%s: %llu mutants, %llu refused\n", target.kind.c_str(),
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(refused));
}

}  // namespace ronchi::testing_support
