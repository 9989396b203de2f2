#include "tests/fuzz/fuzzing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "core/random.h"

// Under the address sanitizer: a file must not make us ask for more than this at once.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=2048:allocator_may_return_null=0:detect_leaks=1";
}

namespace ronchi::testing_support {
namespace {
namespace fs = std::filesystem;

// Of the processor, for one file; a signal ends the program after that.
constexpr int kMostSeconds = 30;
constexpr size_t kMostMessage = 4000;  // characters: what is quoted must not be the whole file

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* set = std::getenv(name);
  return set ? std::strtoull(set, nullptr, 10) : otherwise;
}

void SetTimer(int seconds) {
  const itimerval timer = {{0, 0}, {seconds, 0}};
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

std::string Contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// "" or what is wrong.
std::string Misbehaviour(const FuzzTarget& target, const std::string& mutant, bool* refused) {
  try {
    const absl::Status status = target.read(mutant);
    *refused = !status.ok();
    if (status.ok()) return "";
    if (status.message().empty()) return "refused without a word";
    if (status.message().size() > kMostMessage) return "refused with far too many words";
    return "";
  } catch (const std::bad_alloc&) {
    return "asks for all the memory";
  } catch (const std::exception& e) {
    return absl::StrCat("throws: ", e.what());
  }
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
    EXPECT_EQ(Misbehaviour(target, Contents(entry.path()), &refused), "") << entry.path();
  }
  const uint64_t first = Setting("RONCHI_FUZZ_FIRST", 0);
  const uint64_t count = Setting("RONCHI_FUZZ_MUTANTS", uint64_t(target.quick));
  const std::string current = absl::StrCat(RONCHI_BINARY_DIR, "/fuzz-", target.kind, ".current");
  const int fd = open(current.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
  uint64_t refused = 0, failures = 0;
  for (uint64_t i = first; i < first + count && failures < 10; ++i) {
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
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(refused));
}

std::vector<std::string> FilesBelow(const std::string& folder, const std::string& extension,
                                    size_t most_bytes) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(RONCHI_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == extension && entry.file_size() <= most_bytes) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const fs::path& path : paths) files.push_back(Contents(path));
  return files;
}

}  // namespace ronchi::testing_support
