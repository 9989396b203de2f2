#include "theory/belief.h"

#include <gtest/gtest.h>

#include "tests/support/column.h"

namespace ronchi::theory {
namespace {

using namespace testing_support;

TEST(Scratch, Loop) {
  const auto options = TwinFromYaml();
  for (uint64_t seed = 0; seed < 10; ++seed) {
    auto twin = *hw::MakeTwin(options, seed);
    (void)twin->Execute(hw::Unblank{});
    Belief belief(ModelOf(options), options.prior);
    std::vector<Acquisition> probing;
    for (double c10 : {-6., 0., 6.}) probing.push_back(Acquire(twin.get(), {c10, 0, 0}));
    const auto t0 = std::chrono::steady_clock::now();
    const auto fit = belief.Fit(probing);
    const double ms = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count() * 1e3;
    auto h = twin->ground_truth()->Hidden();
    double sum=0; for(float v: probing[1].image) sum+=v;
    std::printf("seed %d fit %.0f ms chi2 %.3f mean counts %.1f: ", int(seed), ms, fit.chi2_per_pixel, sum/4096);
    auto print = [&] {
      h = twin->ground_truth()->Hidden();
      std::printf("C10 %.2f/%.2f(%.2f) C12a %.2f/%.2f(%.2f) C12b %.2f/%.2f src %.2f/%.2f v %.2f/%.2f %.2f/%.2f dose %.3f\n",
                belief.mean()[0] / 10, h["total_C10_nm"] - 6, belief.Sigma(kC10)/10, belief.mean()[1] / 10, h["total_C12a_nm"],belief.Sigma(kC12a)/10,
                belief.mean()[2] / 10, h["total_C12b_nm"], belief.mean()[kSource], h["source_fwhm_A"],
                belief.mean()[kVelocityX], h["drift_x_A_per_s"], belief.mean()[kVelocityY], h["drift_y_A_per_s"], belief.mean()[kLogDose]);
    };
    print();
    std::array<double, 3> best;
    for (int i = 0; i < 3; ++i) best[i] = -belief.mean()[i] / 10;
    Eigen::VectorXd s = Eigen::VectorXd::Zero(7), s2 = s;
    const int n = 60;
    for (int i = 0; i < n; ++i) {
      const Residual r = belief.Update(Acquire(twin.get(), best));
      const auto streams = r.Streams();
      for (int k = 0; k < 7; ++k) s[k] += streams[k].second / n, s2[k] += streams[k].second * streams[k].second / n;
      if (i < 3 && seed == 0) { for (auto& [a, v] : streams) std::printf(" %s %.2f", a.c_str(), v); std::puts(""); }
    }
    for (int k = 0; k < 7; ++k) std::printf(" %.2f±%.2f", s[k], std::sqrt(s2[k] - s[k] * s[k]));
    std::printf("  contrast %.3f of best\n", twin->ground_truth()->NoiseFreeContrast() / twin->ground_truth()->BestContrast());
  }
}

}  // namespace
}  // namespace ronchi::theory
