// A wrapper with a memory of its own: saved and restored around what the environment inside saves.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "env/wrapper.h"

namespace ronchi::env {

class Stateful : public Wrapper {
 public:
  using Wrapper::Wrapper;
  absl::StatusOr<std::string> Save() const final;
  // InvalidArgument: saved by another wrapper, or nonsense.
  absl::Status Restore(const std::string& saved) final;

 private:
  virtual const char* kind() const = 0;  // "TimeLimit"
  virtual nlohmann::json SaveOwn() const = 0;
  // Changes nothing unless all is well; may throw nlohmann::json::exception.
  virtual absl::Status RestoreOwn(const nlohmann::json& saved) = 0;
};

}  // namespace ronchi::env
