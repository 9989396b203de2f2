// Instruments whose units, signs, axes are not what they say, as a driver of a server that answers
// in other ones would be: each is found before anything is driven.
#include "hw/wrappers/proven.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/instrument/description_check.h"
#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::Still;

// What a property really is: `to` = gain · value + offset of the property `of`; late: only with the
// next command.
struct Mistake {
  const char* name;
  std::string property, of;
  double gain = 1, offset = 0;
  bool late = false;
  const char* words = "";
};

class Mistaken final : public Instrument {
 public:
  Mistaken(std::unique_ptr<Instrument> inner, std::vector<Mistake> mistakes)
      : inner_(std::move(inner)), mistakes_(std::move(mistakes)) {}
  const Description& description() const override { return inner_->description(); }
  int sets = 0;

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    const std::optional<Command> late = std::exchange(late_, std::nullopt);
    Command own = command;
    const Mistake* mistake = nullptr;
    if (auto* set = std::get_if<Set>(&own)) {
      ++sets;
      said_[set->property] = set->value;
      if ((mistake = Find(set->property))) {
        set->property = mistake->of;
        set->value.si = mistake->gain * set->value.si + mistake->offset;
      }
    }
    if (mistake && mistake->late) {
      late_ = own;
      own = Read{};
    }
    absl::StatusOr<Reply> reply = inner_->Execute(own, options);
    if (late) {
      EXPECT_TRUE(inner_->Execute(*late).ok());
    }
    if (!reply.ok()) return reply;
    // It reads what it was told.
    if (const auto* set = std::get_if<Set>(&command)) {
      reply->readings = {{set->property, set->value, 0, reply->time_s}};
    }
    for (Reading& r : reply->readings) {
      if (Find(r.property) && said_.contains(r.property)) r.value = said_[r.property];
    }
    return reply;
  }
  const Mistake* Find(const std::string& property) const {
    for (const Mistake& m : mistakes_) {
      if (m.property == property) return &m;
    }
    return nullptr;
  }
  const std::unique_ptr<Instrument> inner_;
  const std::vector<Mistake> mistakes_;
  std::map<std::string, Quantity> said_;
  std::optional<Command> late_;
};

std::unique_ptr<Instrument> Column() {
  return Still("", "measurements: {present: true}\nstage: {present: true, resolution_nm: 0.001}\n");
}

Probe ProbeOf(const std::string& property) {
  if (property.starts_with("stage.")) {
    return {.property = property,
            .step = 1.2e-10,
            .detector = "haadf",
            .fov_m = 1.562e-9,
            .dwell_s = 2e-5,
            .pixels = 64};
  }
  return {.property = property,
          .step = property == "optics.C10" ? 20e-9 : 8e-9,
          .measurement = property == "optics.C10" ? "defocus" : "aberrations"};
}
const std::string kAll[] = {"optics.C10", "optics.C12.a", "optics.C12.b", "stage.x", "stage.y"};

TEST(Proven, AnHonestColumnIsProvenOnceAndStandsWhereItStood) {
  ProveOptions options;
  for (const std::string& property : kAll) options.probes.push_back(ProbeOf(property));
  std::vector<std::string> said;
  options.on_event = [&](const std::string& line) { said.push_back(line); };
  auto column = std::make_unique<Mistaken>(Column(), std::vector<Mistake>());
  const Mistaken& counted = *column;
  const auto proven = *MakeProven(std::move(column), options);
  for (const std::string& property : kAll) {
    const Dimension dimension = proven->description().FindProperty(property)->dimension;
    const Set set{.property = property, .value = {1e-9, dimension}};
    ASSERT_TRUE(proven->Execute(set).ok()) << proven->Execute(set).status();
    EXPECT_THAT(said.back(), HasSubstr(property + " is proven: its gain is "));
    const int sets = counted.sets;
    ASSERT_TRUE(proven->Execute(set).ok());
    EXPECT_EQ(counted.sets, sets + 1);
  }
  EXPECT_EQ(said.size(), std::size(kAll));
  EXPECT_TRUE(proven->Execute(Read{})->blanked);  // as it was
}

class MistakenTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakenTest, IsFoundBeforeAnythingIsDriven) {
  const Mistake& mistake = GetParam();
  std::vector<Mistake> all = {mistake};
  if (std::string(mistake.words).find("instead") != std::string::npos) {  // swapped both ways
    Mistake back = mistake;
    std::swap(back.property, back.of);
    all.push_back(back);
  }
  ProveOptions options;
  options.probes.push_back(ProbeOf(mistake.property));
  const auto proven = *MakeProven(std::make_unique<Mistaken>(Column(), all), options);
  const Dimension dimension = proven->description().FindProperty(mistake.property)->dimension;
  const Set set{.property = mistake.property, .value = {3e-9, dimension}};
  for (int i = 0; i < 2; ++i) {  // and it stays so
    const auto reply = proven->Execute(set);
    ASSERT_FALSE(reply.ok());
    const Error e = ErrorOf(reply.status());
    EXPECT_EQ(e.kind, ErrorKind::kRefused) << reply.status();
    EXPECT_THAT(e.cause, HasSubstr(mistake.property + " is not proven: "));
    EXPECT_THAT(e.cause, HasSubstr(mistake.words));
  }
  // What is not mistaken is not held back.
  EXPECT_TRUE(proven->Execute(Read{{"optics.C10"}}).ok());
}

const Mistake kMistakes[] = {
    {"defocus_turned", "optics.C10", "optics.C10", -1, 0, false, "its sign is turned"},
    {"defocus_in_um", "optics.C10", "optics.C10", 1e-6, 0, false, "its unit is far too small"},
    {"defocus_gain_half", "optics.C10", "optics.C10", 0.5, 0, false, "its gain is wrong"},
    {"defocus_gain_two", "optics.C10", "optics.C10", 2, 0, false, "its gain is wrong"},
    {"defocus_in_degrees", "optics.C10", "optics.C10", M_PI / 180, 0, false, "no effect"},
    {"defocus_offset", "optics.C10", "optics.C10", 1, 12e-9, false, "an offset"},
    {"defocus_late", "optics.C10", "optics.C10", 1, 0, true, "came late"},
    {"astigmatism_swapped", "optics.C12.a", "optics.C12.b", 1, 0, false, "C12.b moved instead"},
    {"astigmatism_a_turned", "optics.C12.a", "optics.C12.a", -1, 0, false, "its sign is turned"},
    {"astigmatism_b_turned", "optics.C12.b", "optics.C12.b", -1, 0, false, "its sign is turned"},
    {"astigmatism_gain_half", "optics.C12.b", "optics.C12.b", 0.5, 0, false, "its gain is wrong"},
    {"astigmatism_offset", "optics.C12.a", "optics.C12.a", 1, -5e-9, false, "an offset"},
    {"stage_x_turned", "stage.x", "stage.x", -1, 0, false, "its sign is turned"},
    {"stage_swapped", "stage.x", "stage.y", 1, 0, false, "y moved instead"},
    {"stage_y_turned", "stage.y", "stage.y", -1, 0, false, "its sign is turned"},
    {"stage_in_um", "stage.y", "stage.y", 1e-6, 0, false, "no effect"},
    {"stage_gain_half", "stage.x", "stage.x", 0.5, 0, false, "its gain is wrong"},
    {"stage_offset", "stage.x", "stage.x", 1, 9e-11, false, "an offset"},
    {"stage_late", "stage.y", "stage.y", 1, 0, true, "came late"}};
INSTANTIATE_TEST_SUITE_P(All, MistakenTest, testing::ValuesIn(kMistakes),
                         [](const auto& info) { return std::string(info.param.name); });

// Of what only a description tells: a stage of 30 rad or of 1000 m.
TEST(Proven, AStageInOtherUnitsContradictsItself) {
  for (const auto& [name, dimension, most] :
       {std::tuple("stage.alpha", Dimension::kAngle, 30.0), {"stage.x", Dimension::kLength, 1e3}}) {
    Description d{.id = "x"};
    d.properties.push_back({.name = name,
                            .dimension = dimension,
                            .min = -most,
                            .max = most,
                            .writable = true,
                            .group = PropertyGroup::kStage});
    EXPECT_THAT(std::string(CheckDescription(d).message()), HasSubstr("are its units others?"));
  }
}

TEST(Proven, AProbeOfWhatThereIsNotIsRefused) {
  const auto why = [](const Probe& probe) {
    ProveOptions options{.probes = {probe}};
    return std::string(MakeProven(Column(), options).status().message());
  };
  EXPECT_THAT(why({"optics.C99", 1e-9, "defocus"}), HasSubstr("'optics.C99' is no property"));
  EXPECT_THAT(why({"beam.current", 1e-12, "current"}), HasSubstr("is no property to drive"));
  EXPECT_THAT(why({"optics.C10", 0, "defocus"}), HasSubstr("a step is needed"));
  EXPECT_THAT(why({"optics.C10", 1e-9, "tableau"}), HasSubstr("does not measure 'tableau'"));
  EXPECT_THAT(why({"stage.x", 1e-10, "", "bf"}), HasSubstr("a detector 'bf'"));
  EXPECT_THAT(why({"stage.alpha", 1e-3, "", "haadf", 1e-9, 1e-6}), HasSubstr(".x and .y alone"));
  EXPECT_THAT(why({"stage.x", 1e-10, "", "haadf", 0, 1e-6}), HasSubstr("a field"));
}

TEST(Proven, AStepThatDoesNotStandOutIsRefused) {
  Probe probe = ProbeOf("optics.C10");
  probe.step = 1e-12;
  const auto column = Column();
  EXPECT_THAT(std::string(Prove(column.get(), probe, 0.2).status().message()),
              HasSubstr("does not stand out"));
}

}  // namespace
}  // namespace ronchi::hw
