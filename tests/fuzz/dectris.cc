// What a DECTRIS detector sends: either version of its stream, and the pixels in it.
#include <gtest/gtest.h>

#include "hw/wire/simplon_stream.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/support/simplon_messages.h"

namespace ronchi::hw::wire {
namespace {

using testing_support::BigEndian;
using testing_support::Fuzz;
using testing_support::Parts;
using testing_support::SimplonForm;

const std::string kRaw = std::string(40, '\x05') + std::string(8, '\x7f') + "abcdefgh";

absl::Status Decode(const SimplonMessage& message) {
  const auto* image = std::get_if<SimplonImage>(&message);
  // The driver looks at the size before it makes room.
  if (!image || image->bytes() > 1 << 20) return absl::OkStatus();
  std::vector<float> counts(image->width * image->height);
  SimplonPixels pixels;
  return pixels.Decode(*image, std::span(counts));
}

// Parts one after the other, each after its length in two bytes.
std::string Joined(const Parts& parts) {
  std::string all;
  for (const std::string& part : parts) all += BigEndian(part.size(), 2) + part;
  return all;
}
std::vector<std::string_view> Split(std::string_view all) {
  std::vector<std::string_view> parts;
  while (all.size() >= 2) {
    const size_t size = size_t(uint8_t(all[0])) << 8 | uint8_t(all[1]);
    parts.push_back(all.substr(2, size));
    all.remove_prefix(2 + parts.back().size());
  }
  return parts;
}

TEST(FuzzDectris, Parts) {
  std::vector<std::string> corpus = {Joined(testing_support::SimplonPartsStart(3)),
                                     Joined(testing_support::SimplonPartsEnd(3))};
  for (const char* coding : {"none", "lz4", "bslz4"}) {
    corpus.push_back(Joined(testing_support::SimplonPartsOf(3, 1, {7, 4, 2, coding}, kRaw)));
  }
  Fuzz({.kind = "dectris_parts",
        .corpus = corpus,
        .read = [](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const auto message, ParseSimplonParts(Split(bytes)));
          return Decode(message);
        }});
}

TEST(FuzzDectris, Cbor) {
  std::vector<std::string> corpus = {testing_support::SimplonCborWord("start", 3),
                                     testing_support::SimplonCborWord("end", 3)};
  for (const char* coding : {"none", "lz4", "bslz4"}) {
    for (const size_t bytes : {1u, 2u, 4u}) {
      const SimplonForm f{14, 4 / bytes, bytes, coding};
      corpus.push_back(testing_support::SimplonCborImage(3, 1, f, kRaw));
    }
  }
  Fuzz({.kind = "dectris_cbor",
        .corpus = corpus,
        .read = [](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const auto message, ParseSimplonCbor(bytes, ""));
          return Decode(message);
        }});
}

}  // namespace
}  // namespace ronchi::hw::wire
