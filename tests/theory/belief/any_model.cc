// One belief over models of any kind: linear ones, where everything is known in closed form; gain
// and drift; several acquisitions together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>

#include "core/random.h"
#include "theory/belief/belief.h"
#include "theory/forward/gain_and_drift.h"
#include "theory/monitor/monitor.h"

namespace ronchi::theory {
namespace {

// y_k = x + s_k z + noise, s_k a setting: one number an acquisition. A third parameter is the rate
// of the first.
class Line final : public ForwardModel {
 public:
  static constexpr double kNoise = 0.3;
  explicit Line(double walk = 0, double jitter = 0)
      : parameters_(*ParameterSet::Create(
            {{.name = "x", .mean = 1, .sigma = 2, .walk = walk, .jitter = jitter},
             {.name = "z", .sigma = 3, .watched = false},
             {.name = "x_per_s", .sigma = 0.5, .rate_of = "x", .watched = false}})) {}
  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition& at) const override {
    return at.data.size() == 1 ? absl::OkStatus() : absl::InvalidArgumentError("not one number");
  }
  Prediction Predict(const State& v, const Acquisition& at) const override {
    return {Eigen::VectorXd::Constant(1, v[0] + at.Setting("s") * v[1]),
            Eigen::VectorXd::Constant(1, kNoise * kNoise / at.frames)};
  }
  Prediction Linearise(const State& v, const Acquisition& at, Eigen::MatrixXd* j) const override {
    j->setZero(1, 3);
    (*j)(0, 0) = 1;
    (*j)(0, 1) = at.Setting("s");
    return Predict(v, at);
  }

 private:
  ParameterSet parameters_;
};

Acquisition Number(double value, double s, double time_s) {
  return {.settings = {{"s", s}}, .time_s = time_s, .data = Array<float>({1}, {float(value)})};
}

// Least squares with the prior, all at once: rows 1, s, t of values y.
struct ClosedForm {
  Eigen::Matrix3d information = Eigen::Vector3d(1 / 4.0, 1 / 9.0, 1 / 0.25).asDiagonal();
  Eigen::Vector3d score = Eigen::Vector3d(1 / 4.0, 0, 0);
  void Add(double y, double s, double t) {
    const Eigen::Vector3d row(1, s, t);
    information += row * row.transpose() / (Line::kNoise * Line::kNoise);
    score += row * y / (Line::kNoise * Line::kNoise);
  }
};

const std::vector<std::array<double, 3>> kData = {
    {0.8, -1, 0}, {1.5, 0, 1}, {2.0, 2, 1.5}, {1.1, 0.5, 4}};  // y, s, t

// One after the other, two and two, or all in one update: the same posterior, that of least
// squares, carried to the last one's time. Floats hold y to 1e-7.
TEST(Belief, AcquisitionsTogetherAreAcquisitionsInTurn) {
  ClosedForm all;
  for (const auto& [y, s, t] : kData) all.Add(y, s, t);
  Eigen::Matrix3d carry = Eigen::Matrix3d::Identity();
  carry(0, 2) = 4;
  const Eigen::Vector3d mean = carry * all.information.ldlt().solve(all.score);
  const Eigen::Matrix3d covariance = carry * all.information.inverse() * carry.transpose();
  std::vector<Acquisition> numbers;
  for (const auto& [y, s, t] : kData) numbers.push_back(Number(y, s, t));
  for (size_t together : {1, 2, 4}) {
    Belief belief(std::make_shared<Line>());
    for (size_t i = 0; i < numbers.size(); i += together) {
      ASSERT_TRUE(belief.Update(std::span(numbers).subspan(i, together)).ok());
    }
    EXPECT_LT((belief.mean() - mean).cwiseAbs().maxCoeff(), 1e-6) << together;
    EXPECT_LT((belief.covariance() - covariance).cwiseAbs().maxCoeff(), 1e-9) << together;
  }
  Belief fitted(std::make_shared<Line>());
  const auto summary = fitted.Fit(numbers);
  ASSERT_TRUE(summary.ok() && summary->converged);
  // The fit ends when a step gains less than 1e-4 of a χ² of order one: 1e-2 of a deviation.
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(fitted.mean()[i], mean[i], 1e-2 * std::sqrt(covariance(i, i)));
  }
}

// Walk and jitter: the variance of x grows by walk² seconds, and once by jitter².
TEST(Belief, WalksBetweenAcquisitions) {
  Belief belief(std::make_shared<Line>(0.1, 0.2));
  ASSERT_TRUE(belief.Update(Number(1, 0, 0)).ok());
  const double before = belief.covariance()(0, 0), rate = belief.covariance()(2, 2);
  Acquisition blind = Number(1, 0, 9);
  blind.data[0] = std::nanf("");  // judged by nobody, taken in by nobody
  ASSERT_TRUE(belief.Update(blind).ok());
  EXPECT_NEAR(belief.covariance()(0, 0), before + 81 * rate + 0.01 * 9 + 0.04, 1e-12);
  EXPECT_TRUE(std::isfinite(belief.mean()[0]));
}

TEST(Belief, RefusesWhatTheModelDoes) {
  Belief belief(std::make_shared<Line>());
  const State before = belief.mean();
  const std::vector<Acquisition> backwards = {Number(1, 0, 2), Number(1, 0, 1)};
  EXPECT_THAT(std::string(belief.Update(backwards).status().message()),
              testing::HasSubstr("acquisition 1 is of 1 s, before the one before it, 2 s"));
  EXPECT_FALSE(belief.Update(std::span<const Acquisition>()).ok());
  EXPECT_FALSE(belief.Fit({}).ok());
  EXPECT_FALSE(belief.Fit(backwards).ok());
  const Acquisition two{.data = Array<float>({2})};
  EXPECT_THAT(std::string(belief.Update(two).status().message()),
              testing::HasSubstr("acquisition 0: not one number"));
  EXPECT_EQ(belief.mean(), before);
}

// A scene under drift and a fading gain, with shot noise: what the belief says it knows is what it
// knows, its innovations are standard, and a monitor over its streams names what jumps.
class Drifting {
 public:
  static constexpr size_t kPixels = 24, kMargin = 8;

  explicit Drifting(uint64_t seed) : random({.seed = seed, .name = "test.drifting"}) {
    GainAndDriftOptions o{
        .reference = Array<double>({kPixels + 2 * kMargin, kPixels + 2 * kMargin}),
        .margin = kMargin,
        .pixel_A = 0.5,
        .counting = {.readout_counts = 1}};
    for (size_t l = 0; l < kPixels + 2 * kMargin; ++l) {
      for (size_t p = 0; p < kPixels + 2 * kMargin; ++p) {
        o.reference(l, p) = 100 + 60 * std::sin(0.7 * double(p)) * std::cos(0.5 * double(l) + 0.2);
      }
    }
    model = *GainAndDrift::Create(
        o,
        *ParameterSet::Create(
            {{.name = "shift_x_A", .label = "shift_x", .sigma = 0.5, .walk = 0.02},
             {.name = "shift_y_A", .label = "shift_y", .sigma = 0.5, .walk = 0.02},
             {.name = "gain_ratio", .label = "gain", .mean = 1, .sigma = 0.2, .walk = 0.01},
             {.name = "drift_x_A_per_s", .sigma = 0.1, .rate_of = "shift_x_A", .watched = false}}));
    truth = State::Zero(4);
    truth << 0.3, -0.2, 1.05, 0.05;
  }
  // A second later, or `jump` besides.
  Acquisition Next(double gain_jump = 0) {
    time_s += 1;
    truth = model->parameters().Propagator(1) * truth;
    truth[0] += 0.02 * random.Normal();
    truth[1] += 0.02 * random.Normal();
    truth[2] += 0.01 * random.Normal() + gain_jump;
    Acquisition a{.time_s = time_s, .data = Array<float>({kPixels, kPixels})};
    const Prediction p = model->Predict(truth, a);
    for (size_t i = 0; i < a.data.size(); ++i) {
      const double shot = double(random.Poisson(p.mean[Eigen::Index(i)]));
      a.data[i] = float(shot + random.Normal());
    }
    return a;
  }
  std::shared_ptr<const GainAndDrift> model;
  State truth;
  double time_s = 0;
  RandomStream random;
};

TEST(Belief, FollowsGainAndDrift) {
  constexpr int kImages = 60, kScenes = 2, kJudged = kScenes * (kImages - 1);
  std::map<std::string, std::array<double, 2>> moments;
  double chi2 = 0;
  for (uint64_t seed = 0; seed < kScenes; ++seed) {
    Drifting scene(seed);  // 3 Å in 60 s, of a margin of 4
    Belief belief(scene.model);
    const Acquisition first = scene.Next();
    ASSERT_TRUE(belief.Fit({&first, 1})->converged);
    for (int n = 1; n < kImages; ++n) {
      const Residual residual = *belief.Update(scene.Next());
      for (const auto& [name, z] : residual.streams) {
        moments[name][0] += z / kJudged;
        moments[name][1] += z * z / kJudged;
      }
      const State off = belief.values() - scene.truth;
      chi2 += off.dot(belief.covariance().ldlt().solve(off));
    }
  }
  // Five standard errors of a mean and of a mean square of normal values; the χ² of errors that are
  // alike from image to image has a width that is larger than √(2/4/118) by their memory of some
  // ten images.
  for (const auto& [name, m] : moments) {
    EXPECT_NEAR(m[0], 0, 5 / std::sqrt(double(kJudged))) << name;
    EXPECT_NEAR(m[1], 1, 5 * std::sqrt(2 / double(kJudged))) << name;
  }
  EXPECT_EQ(moments.size(), 4u);
  EXPECT_NEAR(chi2 / kJudged / 4, 1, 5 * std::sqrt(2.0 * 10 / 4 / kJudged));
}

TEST(Belief, ItsStreamsFeedAMonitorThatNamesWhatJumped) {
  Drifting scene(5);
  Belief belief(scene.model);
  const Acquisition first = scene.Next();
  ASSERT_TRUE(belief.Fit({&first, 1})->converged);
  MonitorOptions options{.frames_between_false_alarms = 2000};
  for (const std::string& name : StreamsOf(belief.parameters())) {
    options.streams.push_back({.name = name, .standardised = true});
  }
  MultiStreamMonitor monitor = *MultiStreamMonitor::Create(options);
  int alarm_at = -1;
  for (int n = 0; n < 60 && alarm_at < 0; ++n) {
    const Acquisition image = scene.Next(n == 40 ? 0.3 : 0);
    const auto report = monitor.Update(belief.Update(image)->streams);
    ASSERT_TRUE(report.ok()) << report.status();
    if (!report->alarm) continue;
    alarm_at = n;
    EXPECT_EQ(report->attribution, "gain");
  }
  // A jump of thirty walks, cut to four standard deviations a frame: some frames to the promise.
  EXPECT_GE(alarm_at, 40);
  EXPECT_LT(alarm_at, 50);
}

}  // namespace
}  // namespace ronchi::theory
