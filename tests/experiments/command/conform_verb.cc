// What `ronchi conform` refuses; what it finds is in experiments/catalog/instruments.cc.
#include <gmock/gmock.h>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using ::testing::HasSubstr;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;

TEST(ConformVerb, WhatCannotBeAskedIsOneLineAndStatus2) {
  const TemporaryFolder folder;
  const std::pair<std::vector<std::string>, std::string> bad[] = {
      {{"conform"}, "--instrument is required"},
      {{"conform", "--instrument", "none"}, "'none'"},
      {{"conform", "--instrument", RONCHI_SOURCE_DIR "/examples/workflows/described_column.json"},
       "a description alone"}};
  for (const auto& [words, expected] : bad) {
    const Finished done = Ronchi(words, folder.path());
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace ronchi
