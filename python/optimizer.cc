// Bayesian optimisation by asking and telling, in the unit cube. Python has ranges and names.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
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
  // `unsafe_share`: 0 promises nothing. `moving`: there is a context; then the best so far is of
  // another moment, and no measure of a warp.
  PyGpOptimizer(size_t dimension, size_t initial, uint64_t seed, double unsafe_share,
                size_t safe_points, bool moving)
      : dimension_(dimension),
        optimizer_(dimension,
                   {.n_initial = initial,
                    .prior = agents::GpPrior::Broad(dimension),
                    .warp = !moving,
                    .safety = unsafe_share == 0 ? std::nullopt
                                                : std::optional(agents::SafetyPromise{
                                                      unsafe_share, safe_points})},
                   seed) {}
  void Tell(const Point& at, double value, const std::vector<double>& constraints) {
    const std::lock_guard<std::mutex> alone(mutex_);
    Raise(optimizer_.Tell(Inside(at), value, constraints));
  }
  // Of each fit: the points that it knew, its warp and when that was chosen, hyper-parameters.
  std::vector<Point> Fits() {
    const std::lock_guard<std::mutex> alone(mutex_);
    std::vector<Point> all;
    for (const auto& fit : optimizer_.fits()) {
      all.push_back({double(fit.observations), double(fit.warp), double(fit.warped_at)});
      const Point own = ToList(fit.hyperparameters);
      all.back().insert(all.back().end(), own.begin(), own.end());
    }
    return all;
  }
  void Restore(const std::vector<Point>& all) {
    std::vector<agents::GpOptimizer::Fit> fits;
    for (const Point& p : all) {
      const auto count = [&](size_t i) {
        return i < p.size() && p[i] >= 0 && p[i] < 1e9 ? size_t(p[i]) : 0;
      };
      const Eigen::Index rest = std::max<Eigen::Index>(0, Eigen::Index(p.size()) - 3);
      fits.push_back(
          {count(0), count(1), count(2),
           Eigen::Map<const Eigen::VectorXd>(p.data(), Eigen::Index(p.size())).tail(rest)});
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
    const Eigen::MatrixXd next = Alone([&] { return optimizer_.AskBatch(1, points); });
    return ToList(next.row(0).transpose());
  }
  Point AskIn(const Point& context) {
    return ToList(Alone([&] { return optimizer_.AskIn(ToVector(context)); }));
  }
  Point BestMeanIn(const Point& context) {
    return ToList(Alone([&] { return optimizer_.BestMeanIn(ToVector(context)); }));
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
    return ToVector(p);
  }
  static Eigen::VectorXd ToVector(const Point& p) {
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
      .def(nb::init<size_t, size_t, uint64_t, double, size_t, bool>(), "dimension"_a, "initial"_a,
           "seed"_a, "unsafe_share"_a, "safe_points"_a, "moving"_a)
      .def("tell", &PyGpOptimizer::Tell, "at"_a, "value"_a, "constraints"_a)
      .def("ask", &PyGpOptimizer::Ask, "pending"_a)
      .def("ask_in", &PyGpOptimizer::AskIn, "context"_a)
      .def("best_mean_in", &PyGpOptimizer::BestMeanIn, "context"_a)
      .def("fits", &PyGpOptimizer::Fits)
      .def("restore", &PyGpOptimizer::Restore, "fits"_a)
      .def("best_mean", &PyGpOptimizer::BestMean)
      .def("predict", &PyGpOptimizer::Predict, "at"_a);
}

}  // namespace ronchi::python
