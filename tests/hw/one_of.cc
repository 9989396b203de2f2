// One of several simulations: drawn as a function of seed, environment and episode; what is drawn
// is that simulation to the bit.
#include "hw/one_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing_support::SameReply;
using testing_support::TwinFromYaml;

std::unique_ptr<Instrument> Thick(int layers) {
  return *MakeTwin(TwinFromYaml("{preset: corrected_200kV, engine: linear, layers: " +
                                std::to_string(layers) + "}"),
                   0);
}
std::unique_ptr<Instrument> Three() {
  std::vector<std::unique_ptr<Instrument>> all;
  for (int layers : {1, 2, 4}) all.push_back(Thick(layers));
  return *MakeOneOf(std::move(all));
}

std::vector<Reply> Scans(Instrument* instrument, int n) {
  const Scan scan{.fov_x_m = 8e-10,
                  .fov_y_m = 8e-10,
                  .pixels_x = 8,
                  .pixels_y = 8,
                  .dwell_s = 1e-6,
                  .detectors = {"haadf"}};
  RONCHI_CHECK(instrument->Execute(Unblank{}).ok());
  std::vector<Reply> replies;
  for (int i = 0; i < n; ++i) replies.push_back(*instrument->Execute(scan));
  return replies;
}

TEST(OneOf, IsTheSimulationThatWasDrawn) {
  auto three = Three();
  std::vector<int> times(3);
  for (uint64_t episode = 0; episode < 30; ++episode) {
    three->ground_truth()->Randomise(7, 2, episode);
    const size_t drawn = size_t(three->ground_truth()->Hidden().at("drawn"));
    ++times.at(drawn);
    if (episode >= 6) continue;
    auto alone = Thick(std::vector<int>{1, 2, 4}[drawn]);
    alone->ground_truth()->Randomise(7, 2, episode);
    EXPECT_TRUE(SameReply(Scans(three.get(), 1)[0], Scans(alone.get(), 1)[0]));
    EXPECT_EQ(three->ground_truth()->NoiseFreeContrast(),
              alone->ground_truth()->NoiseFreeContrast());
    three->ground_truth()->Randomise(7, 2, episode);  // a function of its key
    EXPECT_EQ(three->ground_truth()->Hidden().at("drawn"), double(drawn));
  }
  // 30 draws of three: each is drawn 10 ± 2.6 times.
  for (int n : times) EXPECT_GT(n, 2);
}

TEST(OneOf, GoesOnFromASavedState) {
  auto one = Three(), other = Three();
  for (uint64_t episode = 0; episode < 4; ++episode) {
    one->ground_truth()->Randomise(3, 0, episode);
    Scans(one.get(), 2);
    const std::string state = *one->ground_truth()->Save();
    const auto replies = Scans(one.get(), 2);
    ASSERT_TRUE(other->ground_truth()->Restore(state).ok());
    const auto again = Scans(other.get(), 2);
    for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(SameReply(replies[i], again[i]));
  }
  for (const std::string bad : {"", "3:", "x", "0:damaged"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(other->ground_truth()->Restore(bad))) << bad;
  }
}

TEST(OneOf, RefusesWhatCannotBeExchanged) {
  EXPECT_TRUE(absl::IsInvalidArgument(MakeOneOf({}).status()));
  std::vector<std::unique_ptr<Instrument>> unlike, real;
  unlike.push_back(Thick(1));
  unlike.push_back(
      *MakeTwin(TwinFromYaml("{preset: corrected_200kV, correctors_nm: {C21: 9}}"), 0));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeOneOf(std::move(unlike)).status()));
  real.push_back(std::make_unique<testing_support::NullInstrument>());
  const auto refused = MakeOneOf(std::move(real));
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("no simulation"));
}

}  // namespace
}  // namespace ronchi::hw
