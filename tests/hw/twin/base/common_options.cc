// What all twins read alike: their priors, and what befalls them.
#include "hw/twin/base/common_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;

// As a twin reads it: numbers a and b, of which b is a ratio.
absl::StatusOr<CommonOptions> ReadCommon(const std::string& yaml) {
  const Config twin = *Config::Parse(yaml, "t.yaml");
  ConfigReader r(twin);
  CommonOptions o;
  HiddenRanges ranges = {{"a", {-1, 1}}, {"b", {0.9, 1.1}}};
  const auto possible = [](const std::string& name) {
    return name == "b" ? NumberRange{.min = 0.01, .max = 100} : NumberRange{};
  };
  RONCHI_RETURN_IF_ERROR(ReadCommonOptions(&r, &o));
  const Config prior = r.Child("prior"), events = r.Child("events");
  RONCHI_RETURN_IF_ERROR(r.Done());
  RONCHI_RETURN_IF_ERROR(ReadPrior(prior, possible, &ranges));
  RONCHI_RETURN_IF_ERROR(ReadEvents(twin, events, possible, ranges, &o.events));
  o.prior = theory::Prior(ranges);
  return o;
}

// What is written as the default is read as the same, to the bit: a config with every default
// repeats its run. 18 mrad is no 0.018 rad.
TEST(CommonOptions, ADefaultComesBackToTheBit) {
  const Config none = *Config::Parse("{}", "t.yaml");
  for (const double unit : {1e-3, 1e-9, 1e-12, 1e3, 10.0}) {
    for (int i = 1; i < 400; ++i) {
      double value = unit * i * (i % 2 ? 1 : 1.1);
      if (i % 3 == 0) value = std::nextafter(value, 1e9);
      ConfigReader first(none);
      ReadScaled(&first, "x", unit, {}, &value);
      const double shown = value / unit;
      double again = -1;
      for (const double text : {std::nextafter(shown, 0.0), shown, std::nextafter(shown, 1e30)}) {
        const Config written =
            *Config::Parse(absl::StrCat("{x: ", absl::StrFormat("%.17g", text), "}"), "t.yaml");
        ConfigReader r(written);
        double read = value;
        ReadScaled(&r, "x", unit, {}, &read);
        if (read == value) again = read;
      }
      ASSERT_EQ(again, value) << i << " of " << unit;
    }
  }
}

TEST(CommonOptions, AreRead) {
  const auto o = ReadCommon(
      "{name: x, real_time: true, prior: {a: [2, 3]},"
      " events: [{at_scan: 4, add: {a: 5, b: -0.5}}, {at_scan: 0, add: {}}]}");
  ASSERT_TRUE(o.ok()) << o.status();
  EXPECT_EQ(o->name, "x");
  EXPECT_TRUE(o->real_time);
  EXPECT_EQ(o->prior.ranges().at("a").low, 2);
  EXPECT_EQ(o->prior.ranges().at("b").high, 1.1);
  ASSERT_EQ(o->events.size(), 2u);
  EXPECT_EQ(o->events[0].at_scan, 4);
  EXPECT_EQ(o->events[0].add, (std::map<std::string, double>{{"a", 5}, {"b", -0.5}}));
  EXPECT_TRUE(ReadCommon("{}")->events.empty());
}

// In the order in which they befall it, not that of the file.
TEST(CommonOptions, ReachIsAllThatPriorAndEventsMakeOfANumber) {
  const auto o =
      *ReadCommon("events: [{at_scan: 9, add: {a: -6}}, {at_scan: 2, add: {a: 4, b: 1}}]");
  EXPECT_EQ(o.Reach("a").low, -3);  // −1 + 4 − 6
  EXPECT_EQ(o.Reach("a").high, 5);  // 1 + 4
  EXPECT_EQ(o.Reach("b").low, 0.9);
  EXPECT_EQ(o.Reach("b").high, 2.1);
}

TEST(CommonOptions, WhatCannotBeIsNamed) {
  const auto said = [](const std::string& yaml) {
    const auto o = ReadCommon(yaml);
    return o.ok() ? std::string("accepted") : std::string(o.status().message());
  };
  EXPECT_THAT(said("events: 3"), HasSubstr("events: expected a list of"));
  EXPECT_THAT(said("events: [{add: {a: 1}}]"), HasSubstr("events[0].at_scan"));
  EXPECT_THAT(said("events: [{at_scan: -1, add: {}}]"), HasSubstr("events[0].at_scan: -1"));
  EXPECT_THAT(said("events: [{at_scan: 1, add: {bb: 1}}]"), HasSubstr("events[0].add.bb"));
  EXPECT_THAT(said("prior: {a: [2, 1]}"), HasSubstr("prior.a: expected [low, high]"));
  EXPECT_THAT(said("prior: {b: [0, 1]}"), HasSubstr("prior.b"));
  // Each alone is possible, not both.
  EXPECT_EQ(said("events: [{at_scan: 1, add: {b: -0.8}}]"), "accepted");
  EXPECT_THAT(
      said("events: [{at_scan: 1, add: {b: -0.75}}, {at_scan: 3, add: {b: -0.5}}]"),
      HasSubstr("events[1].add.b: with -0.5 it comes to [-0.35, -0.15]; allowed: 0.01 … 100"));
}

}  // namespace
}  // namespace ronchi::hw
