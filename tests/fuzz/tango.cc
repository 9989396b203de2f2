// What comes over TANGO and from Tiled: images to the driver, words and requests to the server.
#include <gtest/gtest.h>

#include "hw/drivers/tango/tiled.h"
#include "hw/server/tango_desk.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/hw/drivers/tango/small_scope.h"

namespace ronchi::hw {
namespace {

using testing_support::Fuzz;
using testing_support::SmallScope;

TEST(FuzzTango, EncodedImages) {
  const auto whole = [](const std::string& head, size_t bytes) {
    return head + "\n" + std::string(bytes, '\x3f');
  };
  Fuzz({.kind = "tango_encoded",
        .corpus = {whole(R"({"shape": [4, 4], "dtype": "float32"})", 64),
                   whole(R"({"shape": [1, 4, 4], "dtype": ">u2"})", 32),
                   whole(R"({"dtype": "<f8", "shape": [4, 4]})", 128)},
        .read = [](const std::string& bytes) {
          const size_t end = std::min(bytes.find('\n'), bytes.size());
          return ArrayFromEncoded(
                     {bytes.substr(0, end), bytes.substr(std::min(end + 1, bytes.size()))}, "here",
                     {4, 4})
              .status();
        }});
}

TEST(FuzzTango, Metadata) {
  const std::string good =
      R"({"data": {"id": "k", "attributes": {"structure_family": "array", "specs": [], "structure":)"
      R"( {"data_type": {"endianness": "little", "kind": "f", "itemsize": 4, "dt_units": null},)"
      R"( "chunks": [[4], [4]], "shape": [4, 4], "dims": null}}}, "error": null})";
  Fuzz({.kind = "tango_metadata", .corpus = {good}, .read = [](const std::string& bytes) {
          return PixelsFromMetadata(bytes, "here", {4, 4}).status();
        }});
}

TEST(FuzzTango, RequestsForImages) {
  const auto shelf = std::make_shared<TiledShelf>();
  const std::string key = shelf->Put(Array<float>({4, 4}, 7));
  const std::string end = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Apikey k\r\n\r\n";
  Fuzz({.kind = "tango_requests",
        .corpus = {"GET /api/v1/metadata/" + key + end,
                   "GET /api/v1/array/full/" + key + "?format=x%20y" + end},
        .read = [&](const std::string& bytes) {
          std::string answer;
          const absl::Status s = TiledProtocol(shelf).open(nullptr)->Take(bytes, &answer);
          return absl::IsCancelled(s) ? absl::OkStatus() : s;  // answered, and at its end
        }});
}

TEST(FuzzTango, WordsOfTheCorrector) {
  SmallScope scope;
  Hub hub(&scope);
  TangoDesk desk(&hub, std::make_shared<TiledShelf>());
  Fuzz({.kind = "tango_words",
        .corpus = {"correct_aberration A1 1e-9 -2e-9", "acquire_tableau Fast 18",
                   "acquire_tableau Enhanced 34.5"},
        .read = [&](const std::string& bytes) {
          const size_t end = std::min(bytes.find(' '), bytes.size());
          return desk
              .Command("asyncroscopy/corrector/default", bytes.substr(0, end), bytes.substr(end))
              .status();
        }});
}

}  // namespace
}  // namespace ronchi::hw
