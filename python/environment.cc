// One environment. Buffers are Python's: NumPy arrays that C++ writes into.
#include "env/environment.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "experiments/catalog/environments.h"
#include "python/alone.h"
#include "python/bind.h"
#include "python/numpy.h"
#include "python/python_status.h"
#include "python/space_dict.h"
#include "python/unlocked.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using FloatBuffer = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using DoubleBuffer = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Action = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

class PyEnvironment {
  std::unique_ptr<env::Environment> environment_;
  Alone alone_;

 public:
  PyEnvironment(const std::string& id, const std::string& config, uint64_t index) {
    absl::Status status;
    {
      const Unlocked unlocked;
      status = Make(id, config, index);
    }
    Raise(status, "environment");
  }

  nb::dict spec() const { return SpecDict(environment_->spec()); }

  void ResetInto(std::optional<uint64_t> seed, const env::ResetOptions& options,
                 FloatBuffer observation) {
    const std::span<float> into(observation.data(), observation.size());
    Raise(alone_([&] { return environment_->ResetInto(seed, options, into); }));
  }
  std::tuple<double, bool, bool> StepInto(Action action, FloatBuffer observation) {
    const std::span<const float> from(action.data(), action.size());
    const std::span<float> into(observation.data(), observation.size());
    const env::Outcome o = ValueOrRaise(alone_([&] { return environment_->StepInto(from, into); }));
    return {o.reward, o.terminated, o.truncated};
  }
  std::vector<double> info() {
    return alone_([&] {
      const std::span<const double> values = environment_->info();
      return std::vector<double>(values.begin(), values.end());
    });
  }
  nb::bytes Save() {
    const std::string saved = ValueOrRaise(alone_([&] { return environment_->Save(); }));
    return nb::bytes(saved.data(), saved.size());
  }
  void Restore(nb::bytes bytes) {
    const std::string saved(bytes.c_str(), bytes.size());
    Raise(alone_([&] { return environment_->Restore(saved); }));
  }
  nb::ndarray<nb::numpy, uint8_t> Render() {
    return ToNumpy(ValueOrRaise(alone_([&] { return environment_->Render(); })));
  }

 private:
  absl::Status Make(const std::string& id, const std::string& text, uint64_t index) {
    RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "environment"));
    RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make, PrepareEnvironments(id, config));
    RONCHI_ASSIGN_OR_RETURN(environment_, make(index));
    return absl::OkStatus();
  }
};

}  // namespace

void BindEnvironment(nb::module_& m) {
  m.def(
      "environments",
      [] {
        std::map<std::string, std::tuple<int, std::optional<double>>> facts;
        for (const EnvironmentKind& kind : EnvironmentKinds()) {
          const double solved = SolvedAtDefaults(kind);
          facts[kind.id] = {kind.spec.max_episode_steps,
                            solved != 0 ? std::optional(solved) : std::nullopt};
        }
        return facts;
      },
      "The environments there are: steps of an episode, the return at which it counts as solved.");
  nb::class_<PyEnvironment>(m, "Environment",
                            "One environment; `config` is YAML with the keys instrument and task.")
      .def(nb::init<const std::string&, const std::string&, uint64_t>(), "id"_a, "config"_a,
           "index"_a = 0)
      .def("spec", &PyEnvironment::spec, nb::sig("def spec(self) -> dict[str, typing.Any]"))
      .def("reset_into", &PyEnvironment::ResetInto, "seed"_a.none(), "options"_a,
           "observation"_a.noconvert())
      .def("step_into", &PyEnvironment::StepInto, "action"_a, "observation"_a.noconvert(),
           "Reward, terminated, truncated.")
      .def("info", &PyEnvironment::info, "The values of the spec's info_names.")
      .def("save", &PyEnvironment::Save)
      .def("restore", &PyEnvironment::Restore, "saved"_a)
      .def("render", &PyEnvironment::Render, "RGB, [height, width, 3].");
}

}  // namespace ronchi::python
