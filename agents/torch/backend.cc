#include "agents/torch/backend.h"

#include <dlfcn.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::agents {
namespace {
namespace fs = std::filesystem;

constexpr char kModule[] = "libronchi_torch.so";

// Beside the library that this code is part of, if it is one (Python's); else where the build puts
// it, from the program.
fs::path ModulePath() {
  std::error_code ec;
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&LoadTorchBackend), &self) && self.dli_fname) {
    const fs::path beside = fs::path(self.dli_fname).parent_path() / kModule;
    if (fs::exists(beside, ec)) return beside;
  }
  return fs::read_symlink("/proc/self/exe", ec).parent_path() / "../agents" / kModule;
}

absl::StatusOr<const TorchBackend*> Load() {
  const fs::path module = ModulePath();
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
