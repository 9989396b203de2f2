// An agent by a word of the command line: a kind of the catalogue that needs no training, or a
// policy's file.
#pragma once

#include <memory>
#include <string>

#include "agents/kinds.h"
#include "agents/policy.h"
#include "core/config.h"

namespace ronchi {

class NamedAgent {
 public:
  // Before an engine is prepared, which may take minutes. NotFound: neither; InvalidArgument: a
  // kind that has to be trained first. Of a policy's file: LoadPolicyFor's errors.
  static absl::StatusOr<NamedAgent> Read(const std::string& word, const std::string& environment);

  // For a task of this spec, once. `keys`: a mapping with keys of agents, of which a kind takes its
  // own; its `kind` is left alone.
  absl::StatusOr<std::unique_ptr<agents::Policy>> Make(const env::Spec& spec, const Config& keys);

 private:
  const agents::AgentKind* kind_ = nullptr;
  std::unique_ptr<agents::Policy> policy_;
};

}  // namespace ronchi
