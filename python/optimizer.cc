// Bayesian optimisation by asking and telling, in the unit cube. Python has ranges and names.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <mutex>

#include "agents/bayes/gp_optimizer.h"
#include "python/bind.h"
#include "python/python_status.h"
#include "python/unlocked.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using Point = std::vector<double>;

// Used by one thread at a time: a second one waits.
class PyGpOptimizer {
  // Declared first, as its type is found out.
  template <class Work>
  auto Alone(const Work& work) {
    auto result = [&] {
      const Unlocked unlocked;
      const std::lock_guard<std::mutex> alone(mutex_);
      return work();
    }();
    return ValueOrRaise(std::move(result));
  }

 public:
  PyGpOptimizer(size_t dimension, size_t initial, uint64_t seed)
      : dimension_(dimension),
        optimizer_(dimension, {.n_initial = initial, .prior = agents::GpPrior::Broad(dimension)},
                   seed) {}
  void Tell(const Point& at, double value, const std::vector<double>& constraints) {
    const std::lock_guard<std::mutex> alone(mutex_);
    optimizer_.Tell(Inside(at), value, constraints);
  }
  // Of each fit: the number of points that it knew, then its hyper-parameters.
  std::vector<Point> Fits() {
    const std::lock_guard<std::mutex> alone(mutex_);
    std::vector<Point> all;
    for (const auto& fit : optimizer_.fits()) {
      all.push_back(ToList(fit.hyperparameters));
      all.back().insert(all.back().begin(), double(fit.observations));
    }
    return all;
  }
  void Restore(const std::vector<Point>& all) {
    std::vector<agents::GpOptimizer::Fit> fits;
    for (const Point& p : all) {
      const bool counts = !p.empty() && p[0] >= 0 && p[0] < 1e9;
      fits.push_back({counts ? size_t(p[0]) : 0,
                      Eigen::Map<const Eigen::VectorXd>(p.data(), Eigen::Index(p.size()))
                          .tail(Eigen::Index(p.size()) - (p.empty() ? 0 : 1))});
    }
    absl::Status status;
    {
      const Unlocked unlocked;
      const std::lock_guard<std::mutex> alone(mutex_);
      status = optimizer_.Restore(fits);
    }
    Raise(status);
  }
  Point Ask(const std::vector<Point>& pending) {
    std::vector<Eigen::VectorXd> points;
    for (const Point& p : pending) points.push_back(Inside(p));
    return ToList(Alone([&] { return optimizer_.Ask(points); }));
  }
  Point BestMean() {
    return ToList(Alone([&] { return optimizer_.BestMean(); }));
  }
  std::pair<double, double> Predict(const Point& at) {
    const Eigen::VectorXd x = Inside(at);
    const auto p = Alone([&] { return optimizer_.Predict(x); });
    return {p.mean, std::sqrt(p.variance)};
  }

 private:
  Eigen::VectorXd Inside(const Point& p) const {
    if (p.size() != dimension_) Raise(absl::InvalidArgumentError("a point of another size"));
    return Eigen::Map<const Eigen::VectorXd>(p.data(), Eigen::Index(p.size()));
  }
  static Point ToList(const Eigen::VectorXd& v) { return {v.data(), v.data() + v.size()}; }

  const size_t dimension_;
  std::mutex mutex_;
  agents::GpOptimizer optimizer_;
};

}  // namespace

void BindOptimizer(nb::module_& m) {
  nb::class_<PyGpOptimizer>(m, "GpOptimizer", "Maximises over the unit cube; ronchi.Optimizer.")
      .def(nb::init<size_t, size_t, uint64_t>(), "dimension"_a, "initial"_a, "seed"_a)
      .def("tell", &PyGpOptimizer::Tell, "at"_a, "value"_a, "constraints"_a)
      .def("ask", &PyGpOptimizer::Ask, "pending"_a)
      .def("fits", &PyGpOptimizer::Fits)
      .def("restore", &PyGpOptimizer::Restore, "fits"_a)
      .def("best_mean", &PyGpOptimizer::BestMean)
      .def("predict", &PyGpOptimizer::Predict, "at"_a);
}

}  // namespace ronchi::python
