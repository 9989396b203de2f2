// The fuzz targets under clang's libFuzzer, which looks for what reaches new code instead of
// counting mutants (preset `libfuzzer`, scripts/fuzz.sh):
//   RONCHI_FUZZ_KIND=merlin_frames  the target that is run with libFuzzer's own arguments; without
//                                   it the program prints its kinds
//   RONCHI_FUZZ_SEEDS=folder        is filled with the target's corpus first
// What ends the program, throws, fails an expectation or is refused without words is a finding.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzzing.h"

extern "C" {
int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*one)(const uint8_t* data, size_t size));
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);
}

namespace ronchi::testing_support {
namespace {
namespace fs = std::filesystem;

int g_argc = 0;
char** g_argv = nullptr;
// libFuzzer's callbacks take no context. Alive while the driver runs.
const FuzzTarget* g_target = nullptr;

[[noreturn]] void Found(const std::string& what) {
  std::fprintf(stderr, "finding in %s: %s\n", g_target->kind.c_str(), what.c_str());
  std::abort();
}

// Those of the running test.
void EndOnFailedExpectations() {
  const testing::TestResult& result =
      *testing::UnitTest::GetInstance()->current_test_info()->result();
  for (int i = 0; i < result.total_part_count(); ++i) {
    if (result.GetTestPartResult(i).failed()) Found(result.GetTestPartResult(i).message());
  }
}

int ReadOne(const uint8_t* data, size_t size) {
  bool refused = false;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string what = Misbehaviour(*g_target, bytes, &refused);
  if (!what.empty()) Found(what);
  EndOnFailedExpectations();
  return 0;
}

void WriteSeeds(const FuzzTarget& target) {
  const char* folder = std::getenv("RONCHI_FUZZ_SEEDS");
  if (!folder) return;
  fs::create_directories(folder);
  for (size_t i = 0; i < target.corpus.size(); ++i) {
    std::ofstream(fs::path(folder) / absl::StrCat("seed_", i), std::ios::binary)
        << target.corpus[i];
  }
}

}  // namespace

void Fuzz(const FuzzTarget& target) {
  const char* kind = std::getenv("RONCHI_FUZZ_KIND");
  if (!kind) std::printf("%s\n", target.kind.c_str());
  if (!kind || target.kind != kind) return;
  g_target = &target;
  for (const std::string& good : target.corpus) {
    const absl::Status status = target.read(good);
    if (!status.ok()) Found(absl::StrCat("the corpus itself is bad: ", status.ToString()));
  }
  EndOnFailedExpectations();
  WriteSeeds(target);
  std::exit(LLVMFuzzerRunDriver(&g_argc, &g_argv, ReadOne));
}

}  // namespace ronchi::testing_support

// A quarter by our own mutator, which knows the numbers that readers stumble over; half with their
// checksums and lengths made their own again, where the target has these.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using ronchi::testing_support::g_target;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (seed % 4 == 0) {
    bytes = ronchi::testing_support::Mutant({bytes}, g_target->kind, seed);
  } else {
    bytes.resize(most);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, most));
  }
  if (g_target->reseal && seed / 4 % 2) bytes = g_target->reseal(bytes);
  bytes.resize(std::min(bytes.size(), most));
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  ronchi::testing_support::g_argc = argc;
  ronchi::testing_support::g_argv = argv;
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  return RUN_ALL_TESTS();
}
