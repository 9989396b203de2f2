// Errors: their split, and that nothing is lost on the way through Annotate, JSON and bare codes.
#include "hw/instrument/error.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "hw/instrument/command_json.h"

namespace ronchi::hw {
namespace {

TEST(Error, EveryKindComesBackWithCauseRemedyAndEffect) {
  std::set<std::string> names;
  for (int k = 0; k < kErrorKinds; ++k) {
    for (int e = 0; e < 3; ++e) {
      const Error error{ErrorKind(k), "x = 3 m; allowed: 0 … 2 m", "a | b; c", Effect(e)};
      const absl::Status s = Annotate(MakeError(error), "above");
      ASSERT_FALSE(s.ok());
      const Error back = ErrorOf(s);
      EXPECT_EQ(back.kind, error.kind);
      EXPECT_EQ(back.effect, error.effect);
      EXPECT_EQ(back.remedy, error.remedy);
      EXPECT_EQ(back.cause, "above: " + error.cause);
      absl::Status through;
      ASSERT_TRUE(StatusFromJson(nlohmann::json::parse(ToJson(s).dump()), &through).ok());
      EXPECT_EQ(through, s);
    }
    names.insert(std::string(KindName(ErrorKind(k))));
    EXPECT_EQ(KindFromName(KindName(ErrorKind(k))), ErrorKind(k));
  }
  EXPECT_EQ(names.size(), size_t(kErrorKinds));
}

// A driver's bare Status is understood by its code; the cautious reading where it is silent.
TEST(Error, BareCodesAreUnderstood) {
  struct Case {
    absl::Status status;
    bool retryable, may_have_happened;
  };
  const Case cases[] = {{absl::UnavailableError("x"), true, true},
                        {absl::DeadlineExceededError("x"), true, true},
                        {absl::ResourceExhaustedError("x"), true, false},
                        {absl::FailedPreconditionError("x"), true, false},
                        {absl::InvalidArgumentError("x"), false, false},
                        {absl::NotFoundError("x"), false, false},
                        {absl::OutOfRangeError("x"), false, false},
                        {absl::PermissionDeniedError("x"), false, false},
                        {absl::UnimplementedError("x"), false, false},
                        {absl::AlreadyExistsError("x"), false, false},
                        {absl::CancelledError("x"), false, false},
                        {absl::InternalError("x"), false, true},
                        {absl::AbortedError("x"), false, true},
                        {absl::DataLossError("x"), false, true},
                        {absl::UnknownError("x"), false, true}};
  for (const Case& c : cases) {
    EXPECT_EQ(IsRetryable(c.status), c.retryable) << c.status;
    EXPECT_EQ(MayHaveHappened(c.status), c.may_have_happened) << c.status;
    EXPECT_FALSE(ErrorOf(c.status).remedy.empty());
    EXPECT_EQ(ErrorOf(c.status).cause, "x");
  }
  EXPECT_FALSE(IsRetryable(absl::OkStatus()));
  EXPECT_TRUE(MayHaveHappened(absl::OkStatus()));
}

}  // namespace
}  // namespace ronchi::hw
