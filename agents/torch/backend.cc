#include "agents/torch/backend.h"

#include <dlfcn.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::agents {
namespace {
namespace fs = std::filesystem;

absl::StatusOr<const TorchBackend*> Load() {
  std::error_code ec;
  const fs::path program = fs::read_symlink("/proc/self/exe", ec);
  const fs::path module = program.parent_path() / "../agents/libronchi_torch.so";
  // Global: libtorch looks for OpenBLAS's symbols among all that are loaded.
  void* handle = dlopen(module.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!handle) return absl::NotFoundError(absl::StrCat("the libtorch agents: ", dlerror()));
  using Entry = const TorchBackend* (*)();
  auto entry = reinterpret_cast<Entry>(dlsym(handle, "RonchiTorchBackend"));
  if (!entry) return absl::NotFoundError(absl::StrCat(module.string(), ": not a module of Ronchi"));
  return entry();
}

}  // namespace

absl::StatusOr<const TorchBackend*> LoadTorchBackend() {
  static const absl::StatusOr<const TorchBackend*> backend = Load();
  return backend;
}

void RegisterTorchPoliciesLazily() {
  RegisterPolicy("ppo", [](const nlohmann::json& json) -> absl::StatusOr<std::unique_ptr<Policy>> {
    RONCHI_ASSIGN_OR_RETURN(const TorchBackend* backend, LoadTorchBackend());
    return backend->read_ppo_policy(json);
  });
}

}  // namespace ronchi::agents
