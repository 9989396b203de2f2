// Folders that runs have left, as `report` reads them: data.hdf5 and summary.json; and states that
// environments have saved.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/catalog/environments.h"
#include "experiments/record/run_record.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/scratch.h"

namespace ronchi {
namespace {

using testing_support::Fuzz;
using testing_support::Scratch;

RunRecord SmallRecord() {
  RunRecord r;
  r.name.assign(1, 'n');
  r.title.assign(1, 't');
  r.agent.assign({'g', 'p'});
  r.config = "version: 1\n";
  r.deploy.ended_by = "steps";
  for (int i = 0; i < 3; ++i) r.deploy.trace.images.emplace_back(std::vector<size_t>{4, 4}, 1.0f);
  for (const char* name : {"contrast", "true_ratio", "time_s", "dose_e_per_A2", "scan"}) {
    r.deploy.trace.columns[name] = {1, 2, 3};
  }
  r.deploy.alarms.push_back({2, "C10", "C10", {1, 2, 3}});
  r.disturbed_at = {1};
  return r;
}

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
