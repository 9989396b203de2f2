// The last stage of a recipe, from Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/interrupt.h"
#include "experiments/loop/run.h"
#include "python/bind.h"
#include "python/interruptible.h"
#include "python/python_status.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

// The run's folder and its summary, as JSON.
nb::tuple Deploy(const std::string& policy, const std::string& recipe,
                 const std::vector<std::string>& overrides, const std::string& folder,
                 std::optional<uint64_t> seed) {
  absl::StatusOr<RunOutcome> outcome = absl::UnknownError("");
  const RunOptions options = {
      .recipe = recipe, .overrides = overrides, .seed = seed, .folder = folder, .policy = policy};
  SetInterrupted(false);
  try {
    RunInterruptibly([&] { outcome = RunExperiment(options); }, [] { SetInterrupted(true); });
  } catch (...) {
    SetInterrupted(false);
    throw;
  }
  const RunOutcome done = ValueOrRaise(std::move(outcome), "deploy");
  return nb::make_tuple(done.folder, Summarise(done.record).dump());
}

}  // namespace

void BindDeploy(nb::module_& m) {
  m.def("deploy", &Deploy, "policy"_a, "recipe"_a, "overrides"_a, "folder"_a, "seed"_a.none(),
        nb::sig("def deploy(policy: str, recipe: str, overrides: collections.abc.Sequence[str], "
                "folder: str, seed: int | None) -> tuple[str, str]"));
}

}  // namespace ronchi::python
