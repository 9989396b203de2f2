// The families of the catalogue: each name is listed and described from its table, stands in the
// documents, and a misspelt one is told the nearest.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "experiments/catalog/describe.h"
#include "experiments/catalog/environments.h"
#include "experiments/catalog/forward_models.h"
#include "experiments/loop/alarm_actions.h"
#include "experiments/loop/recipe.h"
#include "sim/engine.h"
#include "theory/monitor/kinds.h"

namespace ronchi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(Tables, EveryFamilyIsListedFromItsTable) {
  const json all = ListEverything();
  for (const sim::EngineKind& kind : sim::EngineKinds()) {
    EXPECT_EQ(all["engines"][kind.name], kind.summary);
  }
  for (const ForwardModelKind& kind : ForwardModelKinds()) {
    EXPECT_EQ(all["forward models"][kind.name], kind.summary);
  }
  for (const theory::MonitorKind& kind : theory::MonitorKinds()) {
    EXPECT_EQ(all["monitors"][kind.name], kind.summary);
  }
  for (const AlarmAction& action : AlarmActions()) {
    EXPECT_EQ(all["alarm actions"][action.name], action.summary);
  }
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    EXPECT_EQ(all["environments"][kind.id], kind.spec.summary);
  }
}

TEST(Tables, WhatIsListedIsDescribed) {
  for (const char* group : {"engines", "forward models", "monitors", "alarm actions"}) {
    const absl::StatusOr<json> list = ListGroup(group);
    ASSERT_TRUE(list.ok()) << list.status();
    EXPECT_EQ(list->size(), 1u);
    for (const auto& [name, summary] : (*list)[group].items()) {
      const absl::StatusOr<json> thing = DescribeThing(name);
      ASSERT_TRUE(thing.ok()) << thing.status();
      EXPECT_EQ((*thing)["summary"], summary) << name;
      EXPECT_EQ((*thing)["kind"].get<std::string>() + "s", group) << name;
      EXPECT_THAT((*thing)["used_by"].get<std::string>(), Not(::testing::IsEmpty())) << name;
    }
  }
  EXPECT_THAT(std::string(ListGroup("engine").status().message()),
              HasSubstr("did you mean 'engines'?"));
  EXPECT_TRUE(ListGroup("forward_models").ok());
}

TEST(Tables, AKindOfInstrumentIsDescribedWithItsKeys) {
  for (const char* kind : {"temscript", "ceos", "merlin", "tango", "remote"}) {
    const absl::StatusOr<json> thing = DescribeThing(kind);
    ASSERT_TRUE(thing.ok()) << thing.status();
    EXPECT_TRUE((*thing)["keys"].is_object()) << thing->dump();
  }
}

// Every name in the text of some document, or as the name of a page.
TEST(Tables, EveryNameStandsInTheDocuments) {
  std::string documents;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(RONCHI_SOURCE_DIR "/docs")) {
    if (entry.path().extension() != ".md") continue;
    documents += "`" + entry.path().stem().string() + "`";
    documents += *ReadFile(entry.path());
  }
  const json all = ListEverything();
  for (const auto& [group, entries] : all.items()) {
    if (group == "structures") continue;  // files of data/structures, which its README tells of
    for (const auto& [name, summary] : entries.items()) {
      EXPECT_TRUE(documents.find(name) != std::string::npos)
          << group << ": no document tells of " << name;
    }
  }
}

TEST(Tables, AMisspeltNameIsToldTheNearest) {
  const std::pair<absl::Status, const char*> kAsked[] = {
      {theory::FindMonitorKind("shiryaev_robert").status(), "shiryaev_roberts"},
      {FindForwardModel("scaned_crystal").status(), "scanned_crystal"},
      {FindAlarmAction("recenter").status(), "recentre"},
      {FindEnvironment("DriftLok-v1").status(), "DriftLock-v1"},
      {FindRecipe("quikstart").status(), "quickstart"},
      {DescribeThing("multislise").status(), "multislice"},
  };
  for (const auto& [status, meant] : kAsked) {
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(std::string("did you mean '") + meant + "'?"));
  }
}

}  // namespace
}  // namespace ronchi
