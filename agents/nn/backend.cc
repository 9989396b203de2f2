#include "agents/nn/backend.h"

#include <dlfcn.h>
#include <link.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace ronchi::agents {
namespace {
namespace fs = std::filesystem;

constexpr char kModule[] = "libronchi_torch.so";

// The folder of the build that this program is from.
fs::path BuildFolder() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path();
}

// Beside the library that this code is part of, if it is one (Python's); else where the build puts
// it, from the program.
fs::path ModulePath() {
  std::error_code ec;
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&LoadNetworkBackend), &self) && self.dli_fname) {
    const fs::path beside = fs::path(self.dli_fname).parent_path() / kModule;
    if (fs::exists(beside, ec)) return beside;
  }
  return BuildFolder() / "agents" / kModule;
}

// A program that ./ronchi has built comes without the module, which most never need: made once,
// where there is a build to make it. Other builds of the same clone wait.
void BuildModule(const fs::path& build) {
  std::error_code ec;
  if (!fs::exists(build / "build.ninja", ec)) return;
  std::fprintf(stderr, "ronchi: building what trains networks, once: some 15 s of a processor\n");
  const std::string lock = build.parent_path() / ".lock", folder = build;
  const char* const words[] = {"flock",        lock.c_str(), "cmake",        "--build",
                               folder.c_str(), "--target",   "ronchi_torch", nullptr};
  posix_spawn_file_actions_t to_stderr;
  posix_spawn_file_actions_init(&to_stderr);
  posix_spawn_file_actions_adddup2(&to_stderr, STDERR_FILENO, STDOUT_FILENO);
  pid_t child;
  if (posix_spawnp(&child, words[0], &to_stderr, nullptr, const_cast<char**>(words), environ) ==
      0) {
    waitpid(child, nullptr, 0);  // whatever came of it, the module is there or not
  }
  posix_spawn_file_actions_destroy(&to_stderr);
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
  std::error_code ec;
  if (!fs::exists(module, ec)) BuildModule(BuildFolder());
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
  RONCHI_ASSIGN_OR_RETURN(const NetworkBackend* backend, LoadNetworkBackend());
  return backend->make_actor_critic(shape, seed);
}

}  // namespace ronchi::agents
