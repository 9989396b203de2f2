#include "agents/nn/backend.h"

#include <gtest/gtest.h>

namespace ronchi::agents {
namespace {

absl::StatusOr<std::unique_ptr<ActorCritic>> MakeNone(const ActorCriticShape& shape,
                                                      uint64_t seed) {
  return absl::DataLossError(std::to_string(shape.hidden) + " " + std::to_string(seed));
}

// A program's own backend is asked, with what was asked for, and no module is loaded for it.
TEST(NetworkBackends, OneThatIsNamedComesBeforeTheModule) {
  const NetworkBackend mine = {MakeNone};
  UseNetworkBackend(&mine);
  EXPECT_EQ(LoadNetworkBackend().value(), &mine);
  EXPECT_EQ(MakeActorCritic({.layout = {}, .hidden = 5}, 77).status(), absl::DataLossError("5 77"));
  UseNetworkBackend(nullptr);
  const auto module = LoadNetworkBackend();  // there or not, as the build has it
  if (module.ok()) {
    EXPECT_NE(*module, &mine);
  } else {
    EXPECT_NE(std::string(module.status().message()).find("libtorch"), std::string::npos);
  }
}

}  // namespace
}  // namespace ronchi::agents
