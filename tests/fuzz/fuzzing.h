// Damaged and hostile files, made by mutation: each target reads a file of one kind, and its corpus
// is a few good ones. A mutant may be taken or refused; it must not end the program, throw, run on
// without end, or be refused without words.
//   RONCHI_FUZZ_MUTANTS=100000  how many instead of those of a quick run
//   RONCHI_FUZZ_FIRST=4711      from this number on: a mutant depends on its number alone
//   RONCHI_FUZZ_KEEP=name       the first one is kept as tests/fuzz/corpus/<kind>/<name>, where all
//                               that ever misbehaved are, and are read again in every run
// The number of the mutant that is being read stands in <build folder>/fuzz-<kind>.current, for
// when the program does end.
// In the `libfuzzer` preset the same targets are run by clang's libFuzzer (libfuzzer.cc,
// scripts/fuzz.sh).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi::testing_support {

struct FuzzTarget {
  std::string kind;  // of file
  std::vector<std::string> corpus;
  std::function<absl::Status(const std::string& bytes)> read;
  // Makes a mutant's checksums its own again, so that what lies behind them is reached; used for
  // half of the mutants.
  std::function<std::string(const std::string& bytes)> reseal = nullptr;
  int quick = 2000;  // mutants, some seconds
};
// Adds a failure for every mutant that misbehaves (ten at most), and says how many were refused.
void Fuzz(const FuzzTarget& target);

// "" or what is wrong with how the target reads the bytes.
std::string Misbehaviour(const FuzzTarget& target, const std::string& bytes, bool* refused);

std::string FileBytes(const std::string& path);

// Files of the repository as a corpus: those below `folder` that end so and are not larger.
std::vector<std::string> FilesBelow(const std::string& folder, const std::string& extension,
                                    size_t most_bytes = 20000);

// Mutant number `index` of the corpus.
std::string Mutant(const std::vector<std::string>& corpus, const std::string& kind, uint64_t index);

}  // namespace ronchi::testing_support
