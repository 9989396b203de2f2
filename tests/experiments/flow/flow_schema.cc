#include "experiments/flow/flow_schema.h"

#include <gmock/gmock.h>

#include "experiments/catalog/describe_environment.h"
#include "tests/support/misfits.h"

namespace ronchi {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> MisfitsOfExample(const std::vector<std::string>& set) {
  const nlohmann::json schema = WorkflowSchema();
  const std::string path = RONCHI_SOURCE_DIR "/examples/workflows/focal_series.yaml";
  return testing_support::Misfits(ConfigToJson(*Config::Load(path, set)), schema, schema);
}

TEST(FlowSchema, AnExampleFitsAndMistakesDoNot) {
  EXPECT_THAT(MisfitsOfExample({}), IsEmpty());
  EXPECT_THAT(MisfitsOfExample({"instrument={kind: program, command: [mine]}"}), IsEmpty());
  EXPECT_THAT(MisfitsOfExample({"instrument={kind: program, comand: [mine]}"}), Not(IsEmpty()));
  EXPECT_THAT(MisfitsOfExample({"stepps=[]"}), Not(IsEmpty()));
}

}  // namespace
}  // namespace ronchi
