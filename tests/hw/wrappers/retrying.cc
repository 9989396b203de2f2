#include "hw/wrappers/retrying.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::Seen;
using testing_support::SmallScan;
using testing_support::Spy;

// Which commands are repeated after which errors: the whole table.
TEST(Retrying, RepeatsOnlyWhatCannotDoHarm) {
  using Kind = ErrorKind;
  const Command commands[] = {Read{{"a"}},  Set{"a"}, Set{"a", {}, true},
                              SmallScan(),  Park{},   Expose{},
                              Measure{"d"}, Blank{},  Safe{}};
  for (int k = 0; k < kErrorKinds; ++k) {
    for (Effect effect : {Effect::kNone, Effect::kPerhaps, Effect::kDone}) {
      for (const Command& c : commands) {
        const bool link =
            Kind(k) == Kind::kCommunication || Kind(k) == Kind::kTimeout || Kind(k) == Kind::kBusy;
        const auto* set = std::get_if<Set>(&c);
        const bool harmful = Exposes(c) || (set && set->relative);
        EXPECT_EQ(MayRepeat(c, MakeError({Kind(k), "x", "", effect})),
                  link && (effect == Effect::kNone || !harmful))
            << VerbName(c) << " " << KindName(Kind(k));
      }
    }
  }
}

TEST(Retrying, CountsAndBacksOff) {
  auto seen = std::make_shared<Seen>();
  int failures = 2;
  std::vector<double> waits;
  RetryOptions options{.attempts = 5, .first_wait_s = 0.1, .longest_wait_s = 0.3};
  options.wait = [&](double s) { waits.push_back(s); };
  auto instrument = MakeRetrying(std::make_unique<Spy>(std::make_unique<NullInstrument>(), seen,
                                                       [&](const Command&) {
                                                         return failures-- > 0
                                                                    ? absl::UnavailableError("link")
                                                                    : absl::OkStatus();
                                                       }),
                                 options);
  EXPECT_TRUE(instrument->Execute(Read{{"optics.C10"}}).ok());
  EXPECT_EQ(seen->commands.size(), 3u);
  EXPECT_THAT(waits, testing::ElementsAre(0.1, 0.2));
  failures = 100;
  waits.clear();
  const absl::Status s = instrument->Execute(Set{"optics.C10", Nanometres(1)}).status();
  EXPECT_THAT(std::string(s.message()), HasSubstr("after 5 attempts"));
  EXPECT_THAT(waits, testing::ElementsAre(0.1, 0.2, 0.3, 0.3));
  failures = 1;
  seen->commands.clear();
  EXPECT_FALSE(instrument->Execute(Set{"optics.C10", Nanometres(1), true}).ok());
  EXPECT_EQ(seen->commands.size(), 1u) << "a relative move is never repeated";
}

}  // namespace
}  // namespace ronchi::hw
