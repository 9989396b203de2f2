#include "agents/nn/backend.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "agents/nn/native_actor_critic.h"
#include "core/later_part.h"

namespace ronchi::agents {
namespace {
namespace fs = std::filesystem;

constexpr char kModule[] = "libronchi_torch.so";

// Beside the library that this code is part of, if it is one (Python's); else where the build puts
// it, from the program.
fs::path ModulePath() {
  std::error_code ec;
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&LoadNetworkBackend), &self) && self.dli_fname) {
    const fs::path beside = fs::path(self.dli_fname).parent_path() / kModule;
    if (fs::exists(beside, ec)) return beside;
  }
  return fs::path(BuildFolder()) / "agents" / kModule;
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

absl::StatusOr<const NetworkBackend*> Load() {
  const fs::path module = ModulePath();
  if (const std::string other = AnotherLibtorch(); !other.empty()) {
    return absl::UnavailableError(absl::StrCat(
        "the libtorch agents were built with " RONCHI_TORCH_FOLDER ", and this process has loaded ",
        other, " already; two do not share a process"));
  }
  const absl::Status built = BuildLaterPart(BuildFolder(), {.target = "ronchi_torch",
                                                            .file = module,
                                                            .what = "what trains networks",
                                                            .cost = "some 15 s of a processor"});
  if (!built.ok()) return Annotate(built, "the libtorch agents");
  // Global: libtorch looks for OpenBLAS's symbols among all that are loaded.
  void* handle = dlopen(module.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!handle) return absl::NotFoundError(absl::StrCat("the libtorch agents: ", dlerror()));
  using Entry = const NetworkBackend* (*)();
  auto entry = reinterpret_cast<Entry>(dlsym(handle, "RonchiNetworkBackend"));
  if (!entry) return absl::NotFoundError(absl::StrCat(module.string(), ": not a module of Ronchi"));
  return entry();
}

const NetworkBackend* g_named = nullptr;

}  // namespace

void UseNetworkBackend(const NetworkBackend* backend) { g_named = backend; }

absl::StatusOr<const NetworkBackend*> LoadNetworkBackend() {
  if (g_named) return g_named;
  static const absl::StatusOr<const NetworkBackend*> backend = Load();
  return backend;
}

absl::StatusOr<std::unique_ptr<ActorCritic>> MakeActorCritic(const ActorCriticShape& shape,
                                                             uint64_t seed) {
  const char* asked = std::getenv("RONCHI_NETWORKS");
  const bool torch = asked && std::string_view(asked) == "torch";
  if (asked && *asked && !torch && std::string_view(asked) != "native") {
    return absl::InvalidArgumentError(
        absl::StrCat("RONCHI_NETWORKS is native (the default) or torch; given: ", asked));
  }
  if (!g_named && !torch && NativeNetworksCan(shape)) {
    return NativeNetworks().make_actor_critic(shape, seed);
  }
  RONCHI_ASSIGN_OR_RETURN(const NetworkBackend* backend, LoadNetworkBackend());
  return backend->make_actor_critic(shape, seed);
}

}  // namespace ronchi::agents
