// Policies from their files.
#include "agents/policy.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <mutex>

#include "agents/policy_file.h"
#include "python/bind.h"
#include "python/numpy.h"
#include "python/python_status.h"
#include "python/unlocked.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using Values = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

// Used by one thread at a time: a second one waits.
class PyPolicy {
 public:
  explicit PyPolicy(const std::string& path) {
    absl::Status status;
    {
      const Unlocked unlocked;
      status = Load(path);
    }
    Raise(status);
  }
  std::string kind() const { return policy_->kind(); }
  agents::Provenance provenance() const { return provenance_; }
  void Reset(uint64_t seed) {
    const Unlocked unlocked;
    const std::lock_guard<std::mutex> alone(mutex_);
    policy_->Reset(seed);
  }
  nb::ndarray<nb::numpy, float> Act(const std::map<std::string, Values>& entries) {
    env::Observation observation;
    for (const auto& [name, values] : entries) {
      std::vector<size_t> shape;
      for (size_t i = 0; i < values.ndim(); ++i) shape.push_back(values.shape(i));
      observation.emplace(name,
                          Array<float>(shape, {values.data(), values.data() + values.size()}));
    }
    std::vector<float> action = ValueOrRaise(ActAlone(observation));
    const std::vector<size_t> shape = {action.size()};
    return ToNumpy(Array<float>(shape, std::move(action)));
  }

 private:
  absl::Status Load(const std::string& path) {
    RONCHI_ASSIGN_OR_RETURN(policy_, agents::LoadPolicy(path));
    RONCHI_ASSIGN_OR_RETURN(provenance_, agents::LoadProvenance(path));
    return absl::OkStatus();
  }
  absl::StatusOr<agents::Action> ActAlone(const env::Observation& observation) {
    const Unlocked unlocked;
    const std::lock_guard<std::mutex> alone(mutex_);
    return policy_->Act(observation);
  }

  std::unique_ptr<agents::Policy> policy_;
  agents::Provenance provenance_;
  std::mutex mutex_;
};

}  // namespace

void BindPolicy(nb::module_& m) {
  nb::class_<PyPolicy>(m, "Policy", "An agent from its file.")
      .def(nb::init<const std::string&>(), "path"_a)
      .def_prop_ro("kind", &PyPolicy::kind)
      .def_prop_ro("provenance", &PyPolicy::provenance)
      .def("reset", &PyPolicy::Reset, "seed"_a)
      .def("act", &PyPolicy::Act, "observation"_a);
}

}  // namespace ronchi::python
