// What an update of the belief costs with exact derivatives, beside the same update with those
// derivatives taken as differences of renders: the image engine, the image, the prior are the same,
// and the posteriors agree. Prints the ratio first.
//
// The differenced route is the update as it was before the engine's derivatives were used: thirteen
// renders a linearisation, nine sets of harmonics (a shift needs no new ones), one linearisation
// for the innovation and three for the filter.
#include <benchmark/benchmark.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <ctime>

#include "tests/support/column.h"
#include "theory/belief/belief.h"

namespace ronchi::theory {
namespace {

using namespace testing_support;
using Index = Eigen::Index;

// Of the parameters in the order of ScannedCrystalParameters: three coefficients (nm), two shifts
// (Å), the dose, the source (Å).
constexpr double kStep[] = {0.05, 0.05, 0.05, 0.01, 0.01, 0, 0.02};
constexpr Index kDirect = 7, kShiftX = 3, kShiftY = 4, kDose = 5, kWatched = 6;

class Differenced {
 public:
  explicit Differenced(const ScannedCrystal& model) : model_(model) {}

  Eigen::VectorXd Render(const sim::ImageHarmonics& harmonics, const State& values) const {
    const auto& o = model_.options();
    const ScannedField& f = o.field;
    const size_t n = f.pixels[0];
    sim::LinearRaster raster{{}, f.step_A[0], n};
    for (size_t l = 0; l < n; ++l) {
      raster.starts_A.push_back({f.start_A[0] + values[kShiftX],
                                 f.start_A[1] + double(l) * f.step_A[1] + values[kShiftY]});
    }
    Eigen::VectorXd image(n * n);
    harmonics.ComputeImage(raster, {image.data(), n * n});
    const double counts = o.electrons_per_pixel * o.counting.counts_per_electron * values[kDose];
    return (image.array().max(0.0) * counts + o.counting.dark_counts).matrix();
  }

  Eigen::VectorXd Linearise(const State& values, const Acquisition& at,
                            Eigen::MatrixXd* jacobian) const {
    const sim::ImageHarmonics here = model_.Harmonics(values, at);
    const Eigen::VectorXd predicted = Render(here, values);
    jacobian->setZero(predicted.size(), values.size());
    for (Index p = 0; p < kDirect; ++p) {
      if (p == kDose) {  // by its logarithm
        jacobian->col(p) = (predicted.array() - model_.options().counting.dark_counts).matrix();
        continue;
      }
      State up = values, down = values;
      up[p] += kStep[p];
      down[p] -= kStep[p];
      const bool moves = p == kShiftX || p == kShiftY;
      jacobian->col(p) = (Render(moves ? here : model_.Harmonics(up, at), up) -
                          Render(moves ? here : model_.Harmonics(down, at), down)) /
                         (2 * kStep[p]);
    }
    return predicted;
  }

  // The mean after the image, and what it was made of.
  State Update(const State& prior_mean, const Eigen::MatrixXd& prior_covariance,
               const Acquisition& image) const {
    const ParameterSet& parameters = model_.parameters();
    const Eigen::VectorXd observed = DataOf(image);
    Eigen::MatrixXd j, information;
    const auto weigh = [&](const State& at, Eigen::VectorXd* score) {
      const Eigen::VectorXd predicted = Linearise(parameters.ToValues(at), image, &j);
      const Eigen::VectorXd weight =
          CountingVariance(model_.options().counting, predicted, image.frames).cwiseInverse();
      information = j.transpose() * weight.asDiagonal() * j;
      *score = j.transpose() * weight.cwiseProduct(observed - predicted);
    };
    Eigen::VectorXd score;
    weigh(prior_mean, &score);
    const Eigen::LDLT<Eigen::MatrixXd> watched(information.topLeftCorner(kWatched, kWatched));
    benchmark::DoNotOptimize(watched.solve(score.head(kWatched)).eval().data());
    const Eigen::MatrixXd prior_information = prior_covariance.inverse();
    State mean = prior_mean;
    for (int i = 0; i < 3; ++i) {
      weigh(mean, &score);
      const Eigen::MatrixXd all = information + prior_information;
      mean += all.ldlt().solve(score + prior_information * (prior_mean - mean));
      information = all;
    }
    benchmark::DoNotOptimize(information.inverse().eval().data());
    return mean;
  }

 private:
  const ScannedCrystal& model_;
};

struct Scene {
  std::shared_ptr<const ScannedCrystal> model;
  std::unique_ptr<Belief> belief;  // after three images
  Acquisition image;               // the next

  Scene() {
    const hw::TwinOptions o = TwinFromYaml();
    model = ModelOf(o);
    belief = std::make_unique<Belief>(model);
    auto twin = *hw::MakeTwin(o, 7);
    RONCHI_CHECK(twin->Execute(hw::Unblank{}).ok());
    std::vector<Acquisition> images;
    for (double c10 : {-6., 0., 6.}) images.push_back(Acquire(twin.get(), {c10, 0, 0}));
    RONCHI_CHECK(belief->Fit(images).ok());
    image = Acquire(twin.get(), {-belief->Value("C10_nm"), 0, 0});
    image.time_s = images.back().time_s;  // no walk: both routes start from the same prior
  }
};

const Scene& TheScene() {
  static const Scene scene;
  return scene;
}

void Exact(benchmark::State& state) {
  for (auto _ : state) {
    Belief belief = *TheScene().belief;
    benchmark::DoNotOptimize(belief.Update(TheScene().image)->Largest());
  }
}
BENCHMARK(Exact)->Unit(benchmark::kMicrosecond);

void DifferencesOfRenders(benchmark::State& state) {
  const Differenced differenced(*TheScene().model);
  const Belief& belief = *TheScene().belief;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        differenced.Update(belief.mean(), belief.covariance(), TheScene().image).data());
  }
}
BENCHMARK(DifferencesOfRenders)->Unit(benchmark::kMicrosecond);

// Any number of knobs: the parameters of all twelve, to third order.
void ExactTwelveKnobs(benchmark::State& state) {
  const hw::TwinOptions o = TwinFromYaml();
  Belief start(ModelOf(o, {"C10_nm", "C12a_nm", "C12b_nm", "C21a_nm", "C21b_nm", "C23a_nm",
                           "C23b_nm", "C30_um", "C32a_nm", "C32b_nm", "C34a_nm", "C34b_nm"}));
  for (auto _ : state) {
    Belief belief = start;
    benchmark::DoNotOptimize(belief.Update(TheScene().image)->Largest());
  }
}
BENCHMARK(ExactTwelveKnobs)->Unit(benchmark::kMicrosecond);

double ProcessorSeconds(const std::function<void()>& work) {
  constexpr int kTimes = 60;
  work();
  const std::clock_t begin = std::clock();
  for (int i = 0; i < kTimes; ++i) work();
  return double(std::clock() - begin) / CLOCKS_PER_SEC / kTimes;
}

// In turns, so that a busy machine slows both.
void PrintRatio() {
  const Scene& scene = TheScene();
  const Differenced differenced(*scene.model);
  State exact, old;
  double exact_s = 0, old_s = 0;
  for (int turn = 0; turn < 5; ++turn) {
    exact_s += ProcessorSeconds([&] {
      Belief belief = *scene.belief;
      benchmark::DoNotOptimize(belief.Update(scene.image)->Largest());
      exact = belief.mean();
    });
    old_s += ProcessorSeconds([&] {
      old = differenced.Update(scene.belief->mean(), scene.belief->covariance(), scene.image);
    });
  }
  double apart = 0;
  for (Index i = 0; i < exact.size(); ++i) {
    apart = std::max(apart, std::fabs(exact[i] - old[i]) / scene.belief->Sigma(size_t(i)));
  }
  std::printf(
      "update: exact %.0f us, differences of renders %.0f us, ratio %.1f; means apart by "
      "%.1e standard deviations at most\n",
      exact_s / 5 * 1e6, old_s / 5 * 1e6, old_s / exact_s, apart);
}

}  // namespace
}  // namespace ronchi::theory

int main(int argc, char** argv) {
  ronchi::theory::PrintRatio();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
