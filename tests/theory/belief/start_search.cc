// Where fits start: by a model's own measure, and by χ².
#include "theory/belief/start_search.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/column.h"

namespace ronchi::theory {
namespace {

using namespace testing_support;

// Noise-free images of three settings: the best start lies within a grid step (3 nm) of the truth
// in every coefficient, and within half a raster step of the lattice shift.
TEST(SearchStarts, FindsTheBasinOfAColumn) {
  const auto model = ModelOf(TwinFromYaml());
  const ParameterSet& parameters = model->parameters();
  const auto at = [&](const char* name) { return Eigen::Index(*parameters.Find(name)); };
  RandomStream random({.seed = 4, .name = "test.starts"});
  for (int trial = 0; trial < 3; ++trial) {
    State truth = parameters.ToValues(parameters.PriorMean());
    truth[at("C10_nm")] = random.Uniform(-10, 10);
    truth[at("C12a_nm")] = random.Uniform(-8, 8);
    truth[at("C12b_nm")] = random.Uniform(-8, 8);
    truth[at("shift_x_A")] = random.Uniform(0, 3.905);
    truth[at("shift_y_A")] = random.Uniform(0, 3.905);
    truth[at("current_ratio")] = 1.05;
    std::vector<Acquisition> images;
    for (double c10_nm : {-6., 0., 6.}) {
      Acquisition a{.settings = {{"optics.C10", c10_nm * 1e-9}},
                    .data = Array<float>({kPixels, kPixels})};
      const Eigen::VectorXd mean = model->Predict(truth, a).mean;
      for (size_t i = 0; i < a.data.size(); ++i) a.data[i] = float(mean[Eigen::Index(i)]);
      images.push_back(a);
    }
    const auto starts = SearchStarts(*model, images, parameters.PriorMean(), 6);
    ASSERT_EQ(starts.size(), 6u);
    for (const char* name : {"C10_nm", "C12a_nm", "C12b_nm"}) {
      EXPECT_NEAR(starts[0][at(name)], truth[at(name)], 3) << name << " trial " << trial;
    }
    for (const char* name : {"shift_x_A", "shift_y_A"}) {
      EXPECT_NEAR(std::remainder(starts[0][at(name)] - truth[at(name)], 3.905), 0, 3.905 / 12)
          << name << " trial " << trial;
    }
    EXPECT_EQ(starts[0][at("source_fwhm_A")], 0.8);
  }
}

// y = sin(x) + z at three phases: two basins a period apart, of which the grid sees both.
class Wave final : public ForwardModel {
 public:
  Wave()
      : parameters_(*ParameterSet::Create({{.name = "x", .sigma = 9, .search_step = 1},
                                           {.name = "z", .mean = 0.5, .sigma = 0.1}})) {}
  const ParameterSet& parameters() const override { return parameters_; }
  absl::Status Check(const Acquisition&) const override { return absl::OkStatus(); }
  Prediction Predict(const State& v, const Acquisition&) const override {
    Prediction p{Eigen::VectorXd(3), Eigen::VectorXd::Constant(3, 0.01)};
    for (int i = 0; i < 3; ++i) p.mean[i] = std::sin(v[0] + i) + v[1];
    return p;
  }
  Prediction Linearise(const State& v, const Acquisition& at, Eigen::MatrixXd* j) const override {
    j->setOnes(3, 2);
    for (int i = 0; i < 3; ++i) (*j)(i, 0) = std::cos(v[0] + i);
    return Predict(v, at);
  }

 private:
  ParameterSet parameters_;
};

TEST(SearchStarts, SearchesWhatHasAStepAlone) {
  const Wave model;
  Acquisition a{.data = Array<float>({3})};
  for (int i = 0; i < 3; ++i) a.data[size_t(i)] = float(std::sin(2.0 + i) + 0.5);
  const auto starts = SearchStarts(model, {&a, 1}, model.parameters().PriorMean(), 100);
  ASSERT_EQ(starts.size(), 19u);  // −9 … 9
  EXPECT_EQ(starts[0][0], 2);
  // A period off on either side, 0.28 from the mark.
  EXPECT_EQ(std::min(starts[1][0], starts[2][0]), -4);
  EXPECT_EQ(std::max(starts[1][0], starts[2][0]), 8);
  for (const State& s : starts) EXPECT_EQ(s[1], 0.5);
}

}  // namespace
}  // namespace ronchi::theory
