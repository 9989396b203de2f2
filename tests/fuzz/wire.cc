// What comes over the wire from an instrument's program.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hw/drivers/remote_reply.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/description_json.h"
#include "hw/instrument/reply_check.h"
#include "hw/wire/message.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/wire_server.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing_support::Fuzz;
using testing_support::NullInstrument;
using testing_support::SmallScan;

std::string Bytes(const json& head, const std::vector<float>& pixels = {}) {
  std::string out = *wire::EncodeHead(head, pixels.size());
  return out.append(reinterpret_cast<const char*>(pixels.data()), 4 * pixels.size());
}

// A session as a server says it: greeting, readings, a line, an error, the frames of a scan.
std::string Session() {
  NullInstrument null;
  (void)null.Execute(Unblank{});
  const Reply read = *null.Execute(Read{{"optics.C10", "stage.x"}});
  const Reply scan = *null.Execute(SmallScan());
  return Bytes(testing_support::Hello(null.description(), true)) +
         Bytes({{"type", "reply"}, {"id", 1}, {"reply", ToJson(read)}}) +
         Bytes({{"type", "line"},
                {"id", 2},
                {"frame", 0},
                {"line", 0},
                {"detector", 0},
                {"time_s", 1e-6}},
               std::vector<float>(8, 1.0f)) +
         Bytes({{"type", "error"},
                {"id", 2},
                {"error", testing_support::WireError(null.Execute(Read{{"no"}}).status())}}) +
         Bytes({{"type", "reply"}, {"id", 3}, {"reply", ToJson(scan)}},
               std::vector<float>(scan.frames[0].counts.size(), 2.0f));
}

TEST(FuzzWire, Session) {
  const Description d = NullInstrument().description();
  const Scan scan = SmallScan();
  const auto most = uint32_t(MostPixels(d, scan));
  Fuzz({.kind = "wire",
        .corpus = {Session()},
        .read = [&](const std::string& bytes) -> absl::Status {
          RONCHI_ASSIGN_OR_RETURN(const auto messages, wire::DecodeAll(bytes, most));
          for (const wire::Message& m : messages) {
            const json reply = m.head.value("reply", json());
            if (m.head.contains("description")) {
              RONCHI_ASSIGN_OR_RETURN(const Description told,
                                      DescriptionFromJson(m.head["description"]));
              RONCHI_RETURN_IF_ERROR(CheckDescription(told));
            }
            if (!m.head.contains("reply")) continue;
            const Command command =
                m.pixels.empty() ? Command(Read{{"optics.C10", "stage.x"}}) : Command(scan);
            RONCHI_ASSIGN_OR_RETURN(const Reply whole, WholeReply(d, command, reply, m.pixels));
            RONCHI_RETURN_IF_ERROR(ReplyCheck(d).Check(command, whole));
          }
          return absl::OkStatus();
        }});
}

}  // namespace
}  // namespace ronchi::hw
