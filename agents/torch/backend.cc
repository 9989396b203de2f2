#include "agents/torch/backend.h"

#include <dlfcn.h>
#include <link.h>

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

#ifndef RONCHI_TORCH_FOLDER
#define RONCHI_TORCH_FOLDER ""  // built without libtorch: the module is not there
#endif

// The path of a libtorch in this process that is not the module's (PyTorch's, in Python); "" when
// there is none. Two of them would take each other's functions and crash.
std::string AnotherLibtorch() {
  std::string found;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        const fs::path path = info->dlpi_name ? info->dlpi_name : "";
        if (path.filename().string().rfind("libtorch_cpu.so", 0) != 0) return 0;
        std::error_code ec;
        if (fs::equivalent(path.parent_path(), RONCHI_TORCH_FOLDER, ec)) return 0;
        *static_cast<std::string*>(out) = path.string();
        return 1;
      },
      &found);
  return found;
}

absl::StatusOr<const TorchBackend*> Load() {
  const fs::path module = ModulePath();
  if (const std::string other = AnotherLibtorch(); !other.empty()) {
    return absl::UnavailableError(absl::StrCat(
        "the libtorch agents were built with " RONCHI_TORCH_FOLDER ", and this process has loaded ",
        other, " already; two do not share a process"));
  }
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
