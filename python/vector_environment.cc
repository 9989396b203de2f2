// Vectors of environments. Results stay in C++'s buffers, which Python sees as read-only arrays.
#include "env/vector_environment.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "experiments/catalog/environments.h"
#include "python/alone.h"
#include "python/bind.h"
#include "python/numpy.h"
#include "python/python_status.h"
#include "python/space_dict.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using Actions = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Seeds = std::vector<std::optional<uint64_t>>;
using Mask = std::vector<uint8_t>;
template <class T>
using View = nb::ndarray<nb::numpy, const T>;

// "next_step", "same_step", "disabled".
env::Autoreset AutoresetOf(const std::string& name) {
  if (name == "same_step") return env::Autoreset::kSameStep;
  if (name == "disabled") return env::Autoreset::kDisabled;
  if (name == "next_step") return env::Autoreset::kNextStep;
  throw nb::value_error("autoreset: allowed: next_step, same_step, disabled");
}

class PyVector {
  std::unique_ptr<env::VectorEnvironment> vector_;
  Alone alone_;
  absl::Status Make(const std::string& id, const std::string& text,
                    const env::VectorOptions& options) {
    RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "environment"));
    RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make, PrepareEnvironments(id, config));
    RONCHI_ASSIGN_OR_RETURN(vector_, env::VectorEnvironment::Create(make, options));
    return absl::OkStatus();
  }
  // [size / columns, columns], or [size] for 0 columns; the array keeps this object alive.
  template <class T>
  View<T> Show(std::span<const T> values, size_t columns) const {
    const size_t shape[] = {columns ? values.size() / columns : values.size(), columns};
    return View<T>(values.data(), columns ? 2 : 1, shape, nb::find(this));
  }

 public:
  PyVector(const std::string& id, const std::string& config, size_t environments,
           const std::string& autoreset, bool same_index) {
    const env::VectorOptions options = {.environments = environments,
                                        .autoreset = AutoresetOf(autoreset),
                                        .same_index = same_index};
    Raise(alone_([&] { return Make(id, config, options); }), "environment");
  }
  nb::dict spec() const { return SpecDict(vector_->spec()); }

  void Reset(const Seeds& seeds, const Mask& mask, const env::ResetOptions& options) {
    Raise(alone_([&] { return vector_->Reset(seeds, mask, options); }));
  }
  void Step(Actions actions) {
    const std::span<const float> from(actions.data(), actions.size());
    Raise(alone_([&] { return vector_->Step(from); }));
  }
  View<float> observations() const {
    return Show(vector_->observations(), vector_->spec().observation_size());
  }
  View<double> rewards() const { return Show(vector_->rewards(), 0); }
  View<uint8_t> terminated() const { return Show(vector_->terminated(), 0); }
  View<uint8_t> truncated() const { return Show(vector_->truncated(), 0); }
  View<double> info() const { return Show(vector_->info(), vector_->spec().info_names.size()); }
  View<uint8_t> has_final() const { return Show(vector_->has_final(), 0); }
  View<float> final_observations() const {
    return Show(vector_->final_observations(), vector_->spec().observation_size());
  }
  View<double> final_info() const {
    return Show(vector_->final_info(), vector_->spec().info_names.size());
  }

  nb::bytes Save() {
    const std::string saved = ValueOrRaise(alone_([&] { return vector_->Save(); }));
    return nb::bytes(saved.data(), saved.size());
  }
  void Restore(nb::bytes bytes) {
    const std::string saved(bytes.c_str(), bytes.size());
    Raise(alone_([&] { return vector_->Restore(saved); }));
  }
  nb::ndarray<nb::numpy, uint8_t> Render(size_t i) {
    if (i >= vector_->size()) throw nb::index_error("no environment of that number");
    return ToNumpy(ValueOrRaise(alone_([&] { return vector_->environment(i).Render(); })));
  }
};

}  // namespace

void BindVectorEnvironment(nb::module_& m) {
  nb::class_<PyVector>(m, "VectorEnvironment", "See ronchi.VectorEnvironment.")
      .def(nb::init<const std::string&, const std::string&, size_t, const std::string&, bool>(),
           "id"_a, "config"_a, "environments"_a, "autoreset"_a, "same_index"_a)
      .def("spec", &PyVector::spec, nb::sig("def spec(self) -> dict[str, typing.Any]"))
      .def("reset", &PyVector::Reset, "seeds"_a, "mask"_a, "options"_a,
           "A seed, or None, for each; an empty mask resets all.")
      .def("step", &PyVector::Step, "actions"_a, "[environments x action size].")
      .def("observations", &PyVector::observations, "Buffers: the next call overwrites them.")
      .def("rewards", &PyVector::rewards)
      .def("terminated", &PyVector::terminated)
      .def("truncated", &PyVector::truncated)
      .def("info", &PyVector::info, "[environments, the spec's info_names].")
      .def("has_final", &PyVector::has_final, "Of same_step alone; otherwise empty.")
      .def("final_observations", &PyVector::final_observations)
      .def("final_info", &PyVector::final_info)
      .def("save", &PyVector::Save)
      .def("restore", &PyVector::Restore, "saved"_a)
      .def("render", &PyVector::Render, "environment"_a, "RGB, [height, width, 3].");
}

}  // namespace ronchi::python
