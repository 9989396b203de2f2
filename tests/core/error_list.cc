#include "core/error_list.h"

#include <gmock/gmock.h>

namespace ronchi {
namespace {

using ::testing::ElementsAre;

TEST(ErrorList, OneStatusHoldsThemAllAndReadsAsTheFirst) {
  ErrorList list;
  EXPECT_TRUE(list.ok());
  EXPECT_TRUE(list.status().ok());
  list.Add(absl::OkStatus());
  EXPECT_TRUE(list.ok());
  list.Add(absl::NotFoundError("a.yaml:1: no file"));
  list.Add(absl::InvalidArgumentError("a.yaml:2: two\nlines"));
  list.Add(absl::NotFoundError("a.yaml:1: no file"));
  const absl::Status all = list.status();
  EXPECT_EQ(all.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(all.message(), "a.yaml:1: no file");
  EXPECT_THAT(AllErrors(all), ElementsAre("a.yaml:1: no file", "a.yaml:2: two lines"));
  EXPECT_THAT(AllErrors(absl::OkStatus()), ElementsAre());
  EXPECT_THAT(AllErrors(absl::InternalError("x")), ElementsAre("x"));
}

TEST(ErrorList, ListsAreFlattenedAndKeepTheContextThatWasPutBeforeThem) {
  ErrorList inner, outer;
  inner.Add(absl::InvalidArgumentError("one"));
  inner.Add(absl::InvalidArgumentError("two"));
  outer.Add(Annotate(inner.status(), "task"));
  outer.Add(absl::InvalidArgumentError("three"));
  EXPECT_THAT(AllErrors(outer.status()), ElementsAre("task: one", "task: two", "three"));
}

}  // namespace
}  // namespace ronchi
