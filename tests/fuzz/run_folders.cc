// Folders that runs have left, as `report` reads them: data.hdf5 and summary.json; and states that
// environments have saved.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/catalog/environments.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/scratch.h"
#include "tests/support/small_record.h"

namespace ronchi {
namespace {

using testing_support::Fuzz;
using testing_support::Scratch;
using testing_support::SmallRecord;

TEST(FuzzRunFolders, Summary) {
  const Scratch scratch;
  scratch.Write("config.yaml", "version: 1\n");
  ASSERT_TRUE(WriteRunRecord(scratch.path(), SmallRecord()).ok());
  Fuzz({.kind = "summary",
        .corpus = {scratch.Read("summary.json")},
        .read =
            [&](const std::string& bytes) {
              scratch.Write("summary.json", bytes);
              return ReadRunRecord(scratch.path()).status();
            },
        .quick = 500});
}

TEST(FuzzRunFolders, DataFile) {
  const Scratch scratch;
  scratch.Write("config.yaml", "version: 1\n");
  ASSERT_TRUE(WriteRunRecord(scratch.path(), SmallRecord()).ok());
  Fuzz({.kind = "data_file",
        .corpus = {scratch.Read("data.hdf5")},
        .read =
            [&](const std::string& bytes) {
              scratch.Write("data.hdf5", bytes);
              return ReadRunRecord(scratch.path()).status();
            },
        .quick = 500});
}

TEST(FuzzRunFolders, SavedStates) {
  for (const char* id : {"DriftLock-v1", "AtomMove-v0"}) {
    const auto config = Config::Parse("{}", "c");
    const auto make = PrepareEnvironments(id, *config);
    ASSERT_TRUE(make.ok()) << make.status();
    const auto environment = std::move(*(*make)(0));
    ASSERT_TRUE(environment->Reset(1).ok());
    const std::string good = *environment->Save();
    Fuzz({.kind = std::string("state_") + id,
          .corpus = {good},
          .read = [&](const std::string& bytes) -> absl::Status {
            const absl::Status status = environment->Restore(bytes);
            if (status.ok()) return environment->Restore(good);
            // Everything is as it was.
            EXPECT_EQ(*environment->Save(), good);
            return status;
          },
          .quick = 300});
  }
}

}  // namespace
}  // namespace ronchi
