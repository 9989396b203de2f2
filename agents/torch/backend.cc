#include "agents/torch/backend.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "agents/kinds.h"
#include "agents/torch/features.h"
#include "core/progress.h"

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

namespace {

// PPO learns after whole rounds of images alone.
void SayRounding(const PpoOptions& options) {
  const int64_t trained = TrainedSteps(options);
  if (trained == options.total_steps) return;
  Progress::Say(absl::StrCat("ppo: learns in rounds of ",
                             options.rollout_steps * options.environments, " images; ",
                             options.total_steps, " were asked for, ", trained, " are taken"));
}

AgentPlan ReadPpo(ConfigReader& reader) {
  PpoOptions o{.total_steps = 20000};
  int64_t environments = int64_t(o.environments), rollout_steps = int64_t(o.rollout_steps);
  int64_t hidden = int64_t(o.hidden);
  reader.Integer("train_steps", &o.total_steps, {.min = 1, .max = 1e9});
  reader.Integer("environments", &environments, {.min = 1, .max = 4096});
  reader.Integer("rollout_steps", &rollout_steps, {.min = 1, .max = 1e6});
  reader.Number("learning_rate", &o.learning_rate, {.min = 1e-8, .max = 1});
  reader.Number("gamma", &o.gamma, {.min = 0, .max = 1});
  reader.Integer("hidden", &hidden, {.min = 1, .max = 4096});
  o.environments = size_t(environments);
  o.rollout_steps = size_t(rollout_steps);
  o.hidden = size_t(hidden);
  return PlanOfLearner(
      [](const env::Spec& spec) {
        return FeatureLayout::Create(spec.observation_space, spec.action_space).status();
      },
      [o]() -> absl::StatusOr<std::unique_ptr<Learner>> {
        RONCHI_ASSIGN_OR_RETURN(const TorchBackend* torch, LoadTorchBackend());
        SayRounding(o);
        return torch->make_ppo_learner(o);
      });
}

}  // namespace

AgentKind PpoAgent() {
  return {.kind = "ppo",
          .summary = "proximal policy optimisation with a small network (libtorch)",
          .learns = true,
          .keys = {{"train_steps", "steps to train on, in all environments together"},
                   {"environments", "how many are stepped side by side"},
                   {"rollout_steps", "of each environment between two updates"},
                   {"learning_rate", "of Adam, at the beginning; it falls linearly to 0"},
                   {"gamma", "discount of later rewards, a step"},
                   {"hidden", "units of each of the two layers"}},
          .read = ReadPpo,
          .load = [](const nlohmann::json& json) -> absl::StatusOr<std::unique_ptr<Policy>> {
            RONCHI_ASSIGN_OR_RETURN(const TorchBackend* torch, LoadTorchBackend());
            return torch->read_ppo_policy(json);
          }};
}

}  // namespace ronchi::agents
