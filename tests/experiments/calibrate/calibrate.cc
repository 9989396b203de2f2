// Runs recorded here, of a column whose hidden numbers are known and outside of the prior that the
// agent was trained on.
#include "experiments/calibrate/calibrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "experiments/loop/deployment.h"
#include "experiments/loop/recipe.h"
#include "hw/instrument/ground_truth.h"
#include "hw/record/event_log.h"
#include "hw/record/recorded.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// The quickstart, whose training knows a source of 0.7 … 0.9 Å and a current within 5 %.
Config CalibratedConfig(const std::vector<std::string>& more) {
  std::vector<std::string> overrides = {"deploy.instrument.prior.source_fwhm_A=[1.1, 1.1]",
                                        "deploy.instrument.prior.current_ratio=[0.8, 0.8]",
                                        "deploy.instrument.prior.drift_x_A_per_s=[0.2, 0.2]",
                                        "deploy.instrument.prior.drift_y_A_per_s=[-0.1, -0.1]",
                                        "deploy.instrument.events=[]"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return *Config::Load(RONCHI_SOURCE_DIR "/experiments/recipes/quickstart/recipe.yaml", overrides);
}

// Images under several settings, as a run leaves them.
void Record(const std::string& folder, const Config& config, int images) {
  const Recipe recipe = *ReadRecipe(config);
  WriteAll(folder + "/config.yaml", config.Dump());
  auto made = MakeInstrument(recipe, "deploy");
  RONCHI_CHECK(made.ok());
  hw::Instrument* const twin = made->get();
  const auto hidden = twin->ground_truth()->Hidden();
  const auto log = *hw::EventLog::Create(folder);
  const auto instrument = hw::MakeRecorded(*std::move(made), "deploy", log);
  RONCHI_CHECK(instrument->Execute(hw::Unblank{}).ok());
  for (int i = 0; i < images; ++i) {
    const auto set = [&](const char* property, double nm) {
      RONCHI_CHECK(instrument->Execute(hw::Set{property, Nanometres(nm)}).ok());
    };
    set("optics.C10", i < 3 ? 6.0 * (i - 1) : 3 * std::sin(double(i)) - hidden.at("C10_nm"));
    set("optics.C12.a", i < 3 ? 0 : -hidden.at("C12a_nm"));
    set("optics.C12.b", i < 3 ? 0 : -hidden.at("C12b_nm"));
    const auto image = instrument->Execute(hw::Scan{.fov_x_m = 1.562e-9,
                                                    .fov_y_m = 1.562e-9,
                                                    .pixels_x = 64,
                                                    .pixels_y = 64,
                                                    .dwell_s = 5e-6,
                                                    .detectors = {"haadf"}});
    if (!image.ok()) std::fprintf(stderr, "%s\n", image.status().ToString().c_str());
    RONCHI_CHECK(image.ok());
  }
}

const CalibratedNumber& NumberOf(const Calibration& c, const std::string& name) {
  return *std::ranges::find(c.numbers, name, &CalibratedNumber::name);
}

void ExpectTrue(const Calibration& c, const std::string& name, double truth) {
  const CalibratedNumber& n = NumberOf(c, name);
  EXPECT_LT(std::fabs(n.mean - truth), 4 * n.sigma) << name << " " << n.mean << " ± " << n.sigma;
  EXPECT_LT(n.sigma, 0.25 * (n.prior.high - n.prior.low)) << name;
}

TEST(Calibrate, FindsWhatTheTrainingDidNotKnow) {
  const TemporaryFolder folder;
  Record(folder.path().string(), CalibratedConfig({}), 24);
  const auto done = CalibrateRun(folder.path().string());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->images, 24u);
  EXPECT_EQ(done->parts, 1u);
  EXPECT_NEAR(done->chi2_per_pixel, 1, 0.1);
  ExpectTrue(*done, "source_fwhm_A", 1.1);
  ExpectTrue(*done, "drift_x_A_per_s", 0.2);
  ExpectTrue(*done, "drift_y_A_per_s", -0.1);
  // What was trained on now holds what is.
  const Recipe next = *ReadRecipe(*Config::Parse(done->recipe, "calibrated.yaml"));
  const Config prior = ConfigReader(next.train_instrument).Child("prior");
  std::vector<double> range;
  ConfigReader(prior).Numbers("source_fwhm_A", &range, 2);
  ASSERT_EQ(range.size(), 2u);
  EXPECT_GT(range[0], 0.95);
  EXPECT_LT(range[1], 1.25);
}

// Of 24 normal numbers the sum of squares is below 51.2 in 999 of 1000 cases, and above 7.6.
TEST(Calibrate, StandardDeviationsAreTrue) {
  double squares = 0;
  for (int seed = 10; seed < 18; ++seed) {
    const TemporaryFolder folder;
    Record(folder.path().string(), CalibratedConfig({absl::StrCat("seed=", seed)}), 16);
    const auto done = CalibrateRun(folder.path().string());
    ASSERT_TRUE(done.ok()) << done.status();
    for (const auto& [name, truth] : std::map<std::string, double>{
             {"source_fwhm_A", 1.1}, {"drift_x_A_per_s", 0.2}, {"drift_y_A_per_s", -0.1}}) {
      const CalibratedNumber& n = NumberOf(*done, name);
      squares += std::pow((n.mean - truth) / n.sigma, 2);
    }
  }
  EXPECT_LT(squares, 51.2);
  EXPECT_GT(squares, 7.6);
}

TEST(Calibrate, BeginsAnewWhereSomethingJumps) {
  const TemporaryFolder folder;
  Record(folder.path().string(),
         CalibratedConfig({"deploy.instrument.events=[{at_scan: 14, add: {C12a_nm: 3}}]"}), 32);
  const auto done = CalibrateRun(folder.path().string());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->parts, 2u);
  EXPECT_EQ(done->images + done->left_out, 32u);
  ExpectTrue(*done, "source_fwhm_A", 1.1);
}

TEST(Calibrate, RefusesWhatIsNoSuchRun) {
  const TemporaryFolder folder;
  EXPECT_FALSE(CalibrateRun(folder.path().string()).ok());  // nothing there
  Record(folder.path().string(), CalibratedConfig({}), 2);
  const auto few = CalibrateRun(folder.path().string());
  ASSERT_FALSE(few.ok());
  EXPECT_NE(std::string(few.status().message()).find("2 images alike"), std::string::npos);
  WriteAll(folder.path() / "config.yaml", CalibratedConfig({"theory={model: none}"}).Dump());
  const auto none = CalibrateRun(folder.path().string());
  ASSERT_FALSE(none.ok());
  EXPECT_NE(std::string(none.status().message()).find("needs a theory"), std::string::npos);
}

}  // namespace
}  // namespace ronchi
