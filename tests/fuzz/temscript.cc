// What comes over temscript's wire: requests to the server, answers and images to the driver.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/nesting.h"
#include "hw/server/temscript_server.h"
#include "hw/wire/http.h"
#include "hw/wire/temscript_images.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing_support::Fuzz;
using testing_support::NullInstrument;

std::string PutBytes(const std::string& what, const std::string& body) {
  return "PUT /v1/" + what + " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string GetBytes(const std::string& what) {
  return "GET /v1/" + what + " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n";
}

TEST(FuzzTemscript, Requests) {
  NullInstrument null;
  Hub hub(&null);
  const Protocol protocol = TemscriptProtocol(&hub);
  Fuzz({.kind = "temscript_requests",
        .corpus = {GetBytes("stage_position"), GetBytes("acquire?detectors=haadf&detectors=b%20f"),
                   GetBytes("camera_param/BM-Ceta"), PutBytes("probe_defocus", "-5e-09"),
                   PutBytes("stage_position?method=MOVE&speed=0.5", R"({"x": 1e-6, "a": 0.1})"),
                   PutBytes("beam_blanked", "false"), PutBytes("beam_shift", "[1e-9, -2e-9]"),
                   PutBytes("stem_acquisition_param",
                            R"_({"image_size": "HALF", "binning": 128, "dwell_time(s)": 2e-6})_"),
                   PutBytes("stem_magnification", "50000000.0")},
        .read = [&](const std::string& bytes) {
          std::string answer;
          const absl::Status s = protocol.open(nullptr)->Take(bytes, &answer);
          return absl::IsCancelled(s) ? absl::OkStatus() : s;  // answered, and at its end
        }});
}

TEST(FuzzTemscript, Answers) {
  const std::string image = json{{"haadf", wire::ImageToTemscript(Array<float>({4, 4}, 7))}}.dump();
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1e-9\r\n0\r\n\r\n";
  Fuzz({.kind = "temscript_answers",
        .corpus = {wire::HttpAnswerBytes(200, "OK", image, "application/json", true),
                   wire::HttpAnswerBytes(500, "Error handling request", "", "", true), chunked,
                   "HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6\r\n\r\n" + image},
        .read = [](const std::string& bytes) -> absl::Status {
          wire::HttpAnswerReader reader(1 << 20);
          const auto taken = reader.Take(bytes);
          RONCHI_RETURN_IF_ERROR(taken.status());
          wire::HttpAnswer answer;
          if (*taken) {
            answer = **taken;
          } else {
            RONCHI_ASSIGN_OR_RETURN(answer, reader.End());
          }
          if (NestsTooDeeply(answer.body)) return absl::InvalidArgumentError("nested too deeply");
          const json images = json::parse(answer.body, nullptr, false);
          if (answer.status != 200 || images.is_number()) return absl::OkStatus();
          if (!images.is_object()) return absl::InvalidArgumentError("no images");
          for (const auto& [name, one] : images.items()) {
            RONCHI_RETURN_IF_ERROR(wire::ImageFromTemscript(one, 4, 4).status());
          }
          return absl::OkStatus();
        }});
}

}  // namespace
}  // namespace ronchi::hw
