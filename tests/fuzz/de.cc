// What comes over DE-Server's wire, and what is made of it.
#include <gtest/gtest.h>

#include "hw/wire/de_packet.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/hw/drivers/de/fake_de.h"

namespace ronchi::hw::wire {
namespace {

using testing_support::Acknowledged;
using testing_support::Framed;
using testing_support::Fuzz;
using testing_support::HeaderOf;

std::string AnImage(int32_t format, size_t bytes) {
  const std::vector<DeValue> head = {format,     int32_t(4), int32_t(3), std::string("name"),
                                     int32_t(7), true,       int32_t(0), int32_t(5),
                                     0.5f};
  return Framed(Acknowledged(1714, head)) + Framed(HeaderOf(12 * bytes)) +
         std::string(12 * bytes, '\1');
}

// The length in front is made that of what follows, so that the message is reached.
std::string WithItsLength(const std::string& bytes) {
  if (bytes.size() < 5) return bytes;
  std::string out = bytes;
  for (size_t i = 0; i < 4; ++i) out[i] = char((bytes.size() - 4) >> (8 * i));
  return out;
}

TEST(FuzzDe, Answers) {
  const std::string text = "text";
  Fuzz({.kind = "de_answers",
        .corpus = {Framed(Acknowledged(1703, {text, int32_t(-5), 0.5f, true})),
                   Framed(testing_support::Refused(1703, "why")),
                   Framed(Acknowledged(1703, {std::string("Float"), std::string("Range"),
                                              std::string("0.06, 1e6"), text, text, text}))},
        .read = [](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const size_t end, DeAnswerEnd(bytes));
          if (end == 0 || end > bytes.size()) return absl::OutOfRangeError("it is cut");
          const std::string_view frame = std::string_view(bytes).substr(0, end);
          RONCHI_ASSIGN_OR_RETURN(const DeAnswer answer, ParseDeAnswer(frame, 1703));
          for (const DeValue& v : answer.values) (void)DeText(v);
          const auto range = DeRangeOf(answer).value_or(DeRange());
          EXPECT_LE(range.min, range.max);
          return absl::OkStatus();
        },
        .reseal = WithItsLength});
}

TEST(FuzzDe, Images) {
  Fuzz({.kind = "de_images",
        .corpus = {AnImage(1, 1), AnImage(5, 2), AnImage(13, 4)},
        .read = [](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const size_t end, DeAnswerEnd(bytes));
          // However it is cut, it ends where it ends, or is not whole.
          const auto half = DeAnswerEnd(std::string_view(bytes).substr(0, bytes.size() / 2));
          EXPECT_TRUE(!half.ok() || *half == 0 || *half == end);
          if (end == 0 || end > bytes.size()) return absl::OutOfRangeError("it is cut");
          RONCHI_ASSIGN_OR_RETURN(const DeAnswer answer,
                                  ParseDeAnswer(std::string_view(bytes).substr(0, end),
                                                DeCommandId(DeOperation::kGetResult, 17)));
          RONCHI_ASSIGN_OR_RETURN(const DeImage image, DeImageOf(answer));
          for (const float count : image.counts.values()) EXPECT_TRUE(std::isfinite(count));
          return absl::OkStatus();
        }});
}

}  // namespace
}  // namespace ronchi::hw::wire
