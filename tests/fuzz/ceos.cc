// What comes over the wire from a client of a CEOS corrector, and from a corrector.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hw/drivers/ceos/answer.h"
#include "hw/server/ceos_server.h"
#include "hw/wire/netstring.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/support/corrected.h"

namespace ronchi::hw {
namespace {

using testing_support::Fuzz;
using wire::Netstring;

std::string Asked(const std::string& method, const std::string& params) {
  return Netstring(R"({"jsonrpc": "2.0", "id": 7, "method": ")" + method + R"(", "params": )" +
                   params + "}");
}

// Frames whose lengths are those of what a mutant has between their braces, so that the JSON is
// reached.
std::string Reframed(const std::string& bytes) {
  std::string out;
  for (size_t at = bytes.find('{'); at != std::string::npos;) {
    const size_t next = bytes.find(",", bytes.find("}", at));
    const size_t end = std::min(next, bytes.size());
    out += Netstring(std::string_view(bytes).substr(at, end - at));
    at = bytes.find('{', end);
  }
  return out;
}

TEST(FuzzCeos, Requests) {
  const std::string all =
      Asked("getInfo", "{}") + Asked("correctAberration", R"({"name": "C1", "value": [3e-9, 0]})") +
      Asked("correctAberration",
            R"({"name": "B2", "value": [1e-9, 2e-9], "target": [0, -1e-9], "select": "fine"})") +
      Asked("measureC1A1", "{}") + Asked("correctAberration", R"({"name": "A1"})") +
      Asked("acquireTableau", R"({"tabType": "Fast", "angle": 18, "maxFit": "B2"})");
  Fuzz({.kind = "ceos_requests",
        .corpus = {all},
        .read = [&](const std::string& bytes) -> absl::Status {
          const auto state = std::make_shared<testing_support::CorrectedState>();
          state->blanked = false;
          testing_support::CorrectedColumn column(state);
          Hub hub(&column);
          std::string at_once, in_halves;
          const absl::Status s = CeosProtocol(&hub).open(nullptr)->Take(bytes, &at_once);
          for (std::string_view rest = at_once; !rest.empty();) {
            RONCHI_ASSIGN_OR_RETURN(const size_t end, wire::NetstringEnd(rest));
            EXPECT_GT(end, 0u);
            const auto answer = nlohmann::json::parse(wire::PayloadOf(rest.substr(0, end)));
            EXPECT_NE(answer.contains("result"), answer.contains("error")) << answer;
            rest.remove_prefix(end);
          }
          for (const auto& [name, at_m] : state->at_m) EXPECT_TRUE(std::isfinite(at_m)) << name;
          // However it is cut, the same is answered.
          testing_support::CorrectedColumn again(
              std::make_shared<testing_support::CorrectedState>());
          (void)again.Execute(Unblank{});
          Hub second(&again);
          const auto session = CeosProtocol(&second).open(nullptr);
          const std::string_view half = std::string_view(bytes).substr(0, bytes.size() / 2);
          absl::Status cut = session->Take(half, &in_halves);
          if (cut.ok()) cut = session->Take(bytes.substr(half.size()), &in_halves);
          EXPECT_EQ(cut.code(), s.code());
          EXPECT_EQ(in_halves, at_once);
          return s;
        },
        .reseal = Reframed});
}

TEST(FuzzCeos, Answers) {
  Fuzz({.kind = "ceos_answers",
        .corpus = {R"({"jsonrpc": "2.0", "id": 7, "result": {"C1": [1e-9], "A1": [2e-9, -3e-9],
                       "confidence": {"C1": [1e-10], "A1": [1e-10, 2e-10]}}})",
                   R"({"jsonrpc": "2.0", "id": 7, "result": {"tabType": "Fast", "angle": 18,
                       "coefficients": {"C1": 1e-9, "B2": [2e-9, -3e-9], "WD": [0, 0]}}})",
                   R"({"id": 7, "result": {"aberrations": [{"name": "A2", "value": [1e-9, 0]}]}})",
                   R"({"jsonrpc": "2.0", "id": 7, "error": {"code": -32000, "message": "no; why",
                       "data": {"kind": "refused", "effect": "none", "remedy": "why"}}})"},
        .read = [](const std::string& bytes) -> absl::Status {
          const auto result = ceos::ResultOf(bytes, 7, "acquireTableau", "there");
          // An error of the corrector's own is a good answer.
          if (ErrorOf(result.status()).kind == ErrorKind::kRefused) return absl::OkStatus();
          if (!result.ok()) return result.status();
          RONCHI_ASSIGN_OR_RETURN(const Estimate e, ceos::AberrationsOf(*result, "aberrations"));
          EXPECT_EQ(e.names.size(), e.values.size());
          for (const Quantity& v : e.values) EXPECT_TRUE(std::isfinite(v.si));
          for (const double c : e.covariance) EXPECT_TRUE(c >= 0 && std::isfinite(c));
          return absl::OkStatus();
        }});
}

}  // namespace
}  // namespace ronchi::hw
