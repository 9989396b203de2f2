// `kind: ceos` of the catalogue against what `ronchi serve --protocol ceos` opens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/catalog/instruments.h"
#include "experiments/serve/serve.h"
#include "hw/instrument/capability.h"
#include "tests/support/corrected.h"

namespace ronchi {
namespace {

using testing::HasSubstr;
using testing_support::CorrectedColumn;
using testing_support::CorrectedState;

absl::StatusOr<std::unique_ptr<hw::Instrument>> Open(const std::string& yaml) {
  return OpenInstrument(*Config::Parse(yaml, "i.yaml"), 1);
}

class CeosKind : public testing::Test {
 protected:
  void SetUp() override {
    auto serving =
        Serve(std::make_unique<CorrectedColumn>(state_), {.protocols = {"ceos"}, .ports = {0}});
    ASSERT_TRUE(serving.ok()) << serving.status();
    serving_ = *std::move(serving);
    yaml_ = "kind: ceos\naddress: " + serving_->ports()[0].address + "\n";
  }
  std::shared_ptr<CorrectedState> state_ = std::make_shared<CorrectedState>();
  std::unique_ptr<Serving> serving_;
  std::string yaml_;
};

TEST_F(CeosKind, OffersWhatItsConfigNames) {
  const auto c = Open(yaml_ + "limits_nm: {C1: 20, A1: 0, B2: 300}\ntableau: {type: Fast}\n");
  ASSERT_TRUE(c.ok()) << c.status();
  const hw::Description& d = (*c)->description();
  EXPECT_DOUBLE_EQ(d.FindProperty("optics.C10")->max, 20e-9);
  EXPECT_DOUBLE_EQ(d.FindProperty("optics.C21.a")->max, 900e-9);
  EXPECT_DOUBLE_EQ(d.FindProperty("optics.C23.a")->max, 500e-9);
  EXPECT_EQ(d.FindProperty("optics.C12.a"), nullptr);
  EXPECT_DOUBLE_EQ(d.FindMeasurement("aberrations")->time_s, 1 + 9 * 0.4);
  ASSERT_TRUE((*c)->Execute(hw::Set{"optics.C10", Nanometres(5)}).ok());
  EXPECT_EQ(state_->at_m["optics.C10"], 5e-9);
}

// A part beside a column that blanks; sign and gain are proved before it is driven.
TEST_F(CeosKind, IsProvedAsAPartOfAComposite) {
  state_->blanked = false;
  const auto c = Open(
      "kind: composite\nparts:\n  - {preset: corrected_200kV, corrector_limit_nm: 50}\n"
      "  - {kind: ceos, address: '" +
      serving_->ports()[0].address +
      "', limits_nm: {A1: 0}}\nprove: {optics.C21.a: {step: 60 nm, measure: aberrations}}\n");
  ASSERT_TRUE(c.ok()) << c.status();
  ASSERT_TRUE((*c)->Execute(hw::Unblank{}).ok());
  const auto reply = (*c)->Execute(hw::Set{"optics.C21.a", Nanometres(30)});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_GT(state_->measurements, 1);
  EXPECT_NEAR(state_->at_m["optics.C21.a"], 30e-9, 1e-20);
}

TEST_F(CeosKind, MistakesAreToldWhereTheyAre) {
  for (const auto& [yaml, says] : std::vector<std::pair<std::string, const char*>>{
           {"kind: ceos\n", "address"},
           {"kind: ceos\naddress: here\n", "i.yaml:2: address"},
           {yaml_ + "limits_nm: {A9: 3}\n", "A9"},
           {yaml_ + "limits_nm: {A1: -3}\n", "A1: -3 is not allowed"},
           {yaml_ + "tableau: {type: Slow}\n", "Fast, Standard, Enhanced"},
           {yaml_ + "tableau: {angle_mrad: 400}\n", "angle_mrad"},
           {yaml_ + "silence_s: 3\n", "silence_s"}}) {
    const auto opened = Open(yaml);
    EXPECT_TRUE(absl::IsInvalidArgument(opened.status())) << yaml << opened.status();
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr(says));
  }
}

TEST_F(CeosKind, NobodyThereIsToldWithTheLine) {
  ASSERT_TRUE(serving_->End().ok());
  serving_.reset();
  const auto opened = Open(yaml_);
  EXPECT_TRUE(absl::IsUnavailable(opened.status())) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("i.yaml:2: address"));
}

}  // namespace
}  // namespace ronchi
