// What comes over Merlin's wire: answers of a control port, the stream of a data port, and what
// clients say to Ronchi's server of one.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "hw/server/merlin_server.h"
#include "hw/wire/mib.h"
#include "hw/wire/mib_pixels.h"
#include "hw/wire/mpx.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/support/pattern_camera.h"

namespace ronchi::hw {
namespace {

using testing_support::Fuzz;
using testing_support::PatternCamera;
using testing_support::PatternState;
using wire::MpxMessage;

TEST(FuzzMerlin, Answers) {
  Fuzz({.kind = "merlin_answers",
        .corpus = {MpxMessage("GET,COUNTERDEPTH,12,0") + MpxMessage("SET,ACQUISITIONTIME,0") +
                       MpxMessage("CMD,STARTACQUISITION,1"),
                   "MPX,0000000021,GET,COUNTERDEPTH,12,0MPX,0000000017,CMD,SOFTTRIGGER,0"},
        .read = [](const std::string& bytes) -> absl::Status {
          for (size_t at = 0; at < bytes.size();) {
            const std::string_view rest = std::string_view(bytes).substr(at);
            RONCHI_ASSIGN_OR_RETURN(const size_t end, wire::MpxAnswerEnd(rest));
            if (end == 0 || end > rest.size()) return absl::OutOfRangeError("it is cut");
            RONCHI_RETURN_IF_ERROR(wire::ParseMpxAnswer(rest.substr(0, end)).status());
            at += end;
          }
          return absl::OkStatus();
        }});
}

std::string Acquisition(wire::MibPixel pixel) {
  std::string all = MpxMessage(wire::AcquisitionHeaderText({2, 1, 12}));
  for (size_t i = 1; i <= 2; ++i) {
    const wire::MibHeader h{.sequence = i, .width = 4, .height = 3, .pixel = pixel};
    all += MpxMessage(wire::MibHeaderText(h, {}) + std::string(h.pixel_bytes(), char(i)));
  }
  return all;
}

TEST(FuzzMerlin, Frames) {
  Fuzz({.kind = "merlin_frames",
        .corpus = {Acquisition(wire::MibPixel::kU08), Acquisition(wire::MibPixel::kU16),
                   Acquisition(wire::MibPixel::kU32)},
        .read = [](const std::string& bytes) -> absl::Status {
          std::string_view rest = bytes;
          while (!rest.empty()) {
            RONCHI_ASSIGN_OR_RETURN(const size_t body,
                                    wire::MpxBodyBytes(rest.substr(0, wire::kMpxPrefixBytes)));
            rest.remove_prefix(wire::kMpxPrefixBytes);
            if (body > rest.size()) return absl::OutOfRangeError("it is cut");
            const std::string_view message = rest.substr(0, body);
            rest.remove_prefix(body);
            if (wire::IsAcquisitionHeader(message)) {
              RONCHI_RETURN_IF_ERROR(wire::ParseAcquisitionHeader(message).status());
              continue;
            }
            RONCHI_ASSIGN_OR_RETURN(const auto h, wire::ParseMibHeader(message));
            if (h.header_bytes + h.pixel_bytes() != body) {
              return absl::InvalidArgumentError("a frame of another size");
            }
            std::vector<float> pixels(h.width * h.height);
            wire::PixelsToFloats(message.substr(h.header_bytes), h.pixel, pixels);
          }
          return absl::OkStatus();
        }});
}

class Nowhere final : public Outbox {
 public:
  absl::Status Push(std::string, Clock::time_point) override { return absl::OkStatus(); }
};

TEST(FuzzMerlin, Server) {
  std::string session;
  for (const char* body : {"GET,IMAGEX,0", "SET,COUNTERDEPTH,12", "SET,NUMFRAMESTOACQUIRE,2",
                           "SET,ACQUISITIONTIME,1", "SET,TRIGGERSTART,5", "CMD,STARTACQUISITION,0",
                           "CMD,SOFTTRIGGER,0", "GET,DETECTORSTATUS,0", "CMD,STOPACQUISITION,0"}) {
    session += MpxMessage(body);
  }
  Fuzz({.kind = "merlin_server",
        .corpus = {session},
        .read = [](const std::string& bytes) -> absl::Status {
          PatternCamera camera(std::make_shared<PatternState>(), 2, 2);
          Hub hub(&camera);
          const auto protocols = *MakeMerlinProtocols(&hub, {.listen_s = 0.001});
          const auto data = protocols.data.open(std::make_shared<Nowhere>());
          const auto control = protocols.control.open(nullptr);
          const size_t half = bytes.size() / 2;
          std::string answer;
          RONCHI_RETURN_IF_ERROR(data->Take(bytes, &answer));
          RONCHI_RETURN_IF_ERROR(control->Take(bytes.substr(0, half), &answer));
          RONCHI_RETURN_IF_ERROR(control->Take(bytes.substr(half), &answer));
          // An answer is one that the driver takes.
          for (std::string_view rest = answer; !rest.empty();) {
            const auto end = wire::MpxAnswerEnd(rest);
            EXPECT_TRUE(end.ok() && *end > 0) << answer;
            if (!end.ok() || *end == 0) break;
            rest.remove_prefix(*end);
          }
          return absl::OkStatus();
        }});
}

}  // namespace
}  // namespace ronchi::hw
