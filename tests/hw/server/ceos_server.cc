#include "hw/server/ceos_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/random.h"
#include "hw/wire/netstring.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/corrected.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing_support::CorrectedColumn;
using testing_support::CorrectedState;

std::string Ask(const std::string& method, const json& params, const json& id = 1) {
  return wire::Netstring(
      json({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}).dump());
}

class CeosServer : public testing::Test {
 protected:
  std::unique_ptr<Session> Open() { return protocol_.open(nullptr); }
  // What the session answers, taken apart.
  static std::vector<json> Take(Session* session, std::string_view bytes,
                                absl::Status* status = nullptr) {
    std::string answer;
    const absl::Status s = session->Take(bytes, &answer);
    if (status) *status = s;
    std::vector<json> answers;
    while (!answer.empty()) {
      const size_t end = *wire::NetstringEnd(answer);
      if (end == 0) {
        ADD_FAILURE() << "no whole frame: " << answer;
        break;
      }
      answers.push_back(json::parse(wire::PayloadOf(answer.substr(0, end))));
      answer.erase(0, end);
    }
    return answers;
  }
  json Call(const std::string& method, const json& params = json::object()) {
    const auto answers = Take(Open().get(), Ask(method, params));  // a connection per call
    EXPECT_EQ(answers.size(), 1u);
    return answers.at(0);
  }
  double At(const std::string& name) const { return state_->at_m["optics." + name]; }

  std::shared_ptr<CorrectedState> state_ = std::make_shared<CorrectedState>();
  CorrectedColumn column_{state_};
  Hub hub_{&column_};
  Protocol protocol_ = CeosProtocol(&hub_);
};

TEST_F(CeosServer, SaysWhatThereIs) {
  const json info = Call("getInfo")["result"];
  EXPECT_EQ(info["version"], 4);
  EXPECT_EQ(info["simulated"], true);
  EXPECT_EQ(info["aberrations"].size(), 14u);
}

TEST_F(CeosServer, TheChangeIsTargetLessValue) {
  state_->at_m["optics.C21.a"] = 1e-7;
  EXPECT_TRUE(
      Call("correctAberration", {{"name", "B2"}, {"value", {2e-8, 0.0}}}).contains("result"));
  EXPECT_NEAR(At("C21.a"), 1e-7 - 6e-8, 1e-22);
  Call("correctAberration", {{"name", "B2"}, {"value", {0.0, 0.0}}, {"target", {1e-8, -2e-8}}});
  EXPECT_NEAR(At("C21.a"), 7e-8, 1e-22);
  EXPECT_NEAR(At("C21.b"), -6e-8, 1e-22);
  for (const json& value : {json(3e-9), json({3e-9}), json({3e-9, 0})}) {
    const double before = At("C10");
    Call("correctAberration", {{"name", "C1"}, {"value", value}, {"select", nullptr}});
    EXPECT_NEAR(At("C10"), before - 3e-9, 1e-22);
  }
}

// Where a setting is given as it stands, the target becomes the setting, whatever the factor.
TEST_F(CeosServer, AHundredThousandSettingsAreSetToTheBit) {
  RandomStream random({.seed = 11});
  const auto session = Open();
  for (int i = 0; i < 100'000; ++i) {
    const wire::HaiderTerm& term = wire::kHaiderTerms[size_t(i) % wire::kHaiderTerms.size()];
    const std::string property = PropertyOf(term, 0);
    const double any = std::pow(10, random.Uniform(-12, -4)) * random.Uniform(-1, 1);
    const double to = ToKrivanek(term, ToHaider(term, any));  // that the wire can carry
    const json params = {{"name", std::string(term.name)},
                         {"value", {ToHaider(term, state_->at_m[property]), 0.0}},
                         {"target", {ToHaider(term, to), 0.0}}};
    std::string answer;
    ASSERT_TRUE(session->Take(Ask("correctAberration", params, i), &answer).ok());
    ASSERT_EQ(state_->at_m[property], to) << term.name << answer;
  }
}

TEST_F(CeosServer, WithoutAValueItIsTheLastMeasurementThatIsCorrected) {
  state_->blanked = false;
  state_->own_m = {{"C12.a", 8e-9}, {"C12.b", -5e-9}, {"C21.b", 9e-9}};
  EXPECT_THAT(std::string(Call("correctAberration", {{"name", "A1"}})["error"]["message"]),
              HasSubstr("No value for aberration A1 available"));
  const json measured = Call("measureC1A1")["result"];
  EXPECT_EQ(measured["A1"], json({8e-9, -5e-9}));
  EXPECT_EQ(measured["C1"], json({0.0}));
  EXPECT_FALSE(measured.contains("B2"));
  for (int i = 0; i < 2; ++i) {  // once corrected it is known to be 0: nothing is corrected twice
    EXPECT_TRUE(Call("correctAberration", {{"name", "A1"}, {"value", nullptr}}).contains("result"));
    EXPECT_EQ(At("C12.a"), -8e-9);
    EXPECT_EQ(At("C12.b"), 5e-9);
  }
  const json tableau = Call("acquireTableau", {{"tabType", "Fast"}, {"angle", 18}})["result"];
  EXPECT_EQ(tableau["coefficients"]["A1"], json({0.0, 0.0}));
  EXPECT_EQ(tableau["coefficients"]["B2"], json({0.0, 3e-9}));
  EXPECT_EQ(tableau["coefficients"].size(), 14u);
  Call("correctAberration", {{"name", "B2"}, {"target", {1e-9, 1e-9}}});
  EXPECT_NEAR(At("C21.a"), 3e-9, 1e-22);
  EXPECT_NEAR(At("C21.b"), -6e-9, 1e-22);
}

TEST_F(CeosServer, ATableauEndsWithWhatItIsToFit) {
  state_->blanked = false;
  const json result = Call("acquireTableau", {{"maxFit", "B2"}})["result"];
  EXPECT_EQ(result["tabType"], "Standard");
  EXPECT_EQ(result["angle"], 18);
  EXPECT_EQ(result["coefficients"].size(), 4u);
  EXPECT_EQ(result["confidence"].size(), 4u);
}

TEST_F(CeosServer, WhatCannotBeIsAnErrorWithItsCode) {
  struct Wrong {
    std::string method;
    json params;
    int code;
    std::string says;
  };
  const json wrong = json::object();
  for (const Wrong& w : std::vector<Wrong>{
           {"getinfo", wrong, -32601, "no method 'getinfo'"},
           {"", wrong, -32601, "no method"},
           {std::string(100'000, 'x'), wrong, -32601, "no method"},
           {"getInfo", json::array({1}), -32602, "by name"},
           {"getInfo", 3, -32602, "by name"},
           {"correctAberration", wrong, -32602, "no aberration"},
           {"correctAberration", {{"name", "A9"}}, -32602, "'A9'"},
           {"correctAberration", {{"name", 3}}, -32602, "'3'"},
           {"correctAberration", {{"name", "WD"}, {"value", {0.0, 0.0}}}, -32000, "no WD"},
           {"correctAberration", {{"name", "A1"}, {"value", "1e-9"}}, -32602, "value '1e-9'"},
           {"correctAberration", {{"name", "A1"}, {"value", 1e-9}}, -32602, "[x, y]"},
           {"correctAberration", {{"name", "A1"}, {"value", {1e-9}}}, -32602, "[x, y]"},
           {"correctAberration", {{"name", "A1"}, {"value", {0, 0, 0}}}, -32602, "[x, y]"},
           {"correctAberration", {{"name", "A1"}, {"value", {0, nullptr}}}, -32602, "[x, y]"},
           {"correctAberration", {{"name", "A1"}, {"value", {0, true}}}, -32602, "[x, y]"},
           {"correctAberration", {{"name", "A1"}, {"value", {{"x", 0}}}}, -32602, "[x, y]"},
           {"correctAberration", {{"name", "C1"}, {"value", {0, 1e-9}}}, -32602, "[x]"},
           {"correctAberration", {{"name", "C1"}, {"value", json::array()}}, -32602, "[x]"},
           {"correctAberration", {{"name", "C1"}, {"target", false}}, -32602, "target"},
           {"correctAberration",
            {{"name", "C1"}, {"value", 0}, {"select", "all"}},
            -32602,
            "select 'all'"},
           {"correctAberration", {{"name", "C1"}, {"value", 1}}, -32000, "limit"},
           {"correctAberration",
            {{"name", "C1"}, {"value", 1e308}, {"target", -1e308}},
            -32000,
            ""},
           {"acquireTableau", {{"tabType", "Slow"}}, -32602, "tabType 'Slow'"},
           {"acquireTableau", {{"tabType", 3}}, -32602, "tabType"},
           {"acquireTableau", {{"angle", 0}}, -32602, "angle"},
           {"acquireTableau", {{"angle", -3}}, -32602, "angle"},
           {"acquireTableau", {{"angle", 1e9}}, -32602, "angle"},
           {"acquireTableau", {{"angle", "18"}}, -32602, "angle"},
           {"acquireTableau", {{"maxFit", "Z9"}}, -32602, "maxFit"},
           {"measureC1A1", wrong, -32000, "blanked; unblank first"}}) {
    const json answer = Call(w.method, w.params);
    ASSERT_TRUE(answer.contains("error")) << w.method << w.params << answer;
    EXPECT_EQ(answer["error"]["code"], w.code) << w.method << w.params << answer;
    EXPECT_THAT(std::string(answer["error"]["message"]), HasSubstr(w.says)) << answer;
    EXPECT_LT(answer.dump().size(), 1000u);
  }
  EXPECT_EQ(state_->sets, 0);
}

TEST_F(CeosServer, ARefusalOfTheSecondPartIsToldAsHalfDone) {
  state_->refuses = "optics.C12.b";
  const json answer = Call("correctAberration", {{"name", "A1"}, {"value", {1e-9, 1e-9}}});
  EXPECT_EQ(answer["error"]["data"]["kind"], "refused");
  EXPECT_EQ(answer["error"]["data"]["effect"], "perhaps");
  EXPECT_EQ(At("C12.a"), -1e-9);
  // Beyond a limit nothing is moved at all.
  Call("correctAberration", {{"name", "A1"}, {"value", {1e-9, 1.0}}});
  EXPECT_EQ(state_->sets, 1);
}

TEST_F(CeosServer, AnInstrumentWithoutAberrationsSaysSo) {
  testing_support::NullInstrument null;
  Hub hub(&null);
  const auto session = CeosProtocol(&hub).open(nullptr);
  EXPECT_EQ(Take(session.get(), Ask("getInfo", json::object()))[0]["result"]["aberrations"],
            json({"C1"}));
  for (const auto& [method, params] :
       {std::pair("correctAberration", json({{"name", "A1"}, {"value", {0.0, 0.0}}})),
        std::pair("measureC1A1", json::object()), std::pair("acquireTableau", json::object())}) {
    const json answer = Take(session.get(), Ask(method, params))[0];
    EXPECT_EQ(answer["error"]["code"], -32000) << answer;
    EXPECT_EQ(answer["error"]["data"]["kind"], "cannot") << answer;
  }
  Take(session.get(), Ask("correctAberration", {{"name", "C1"}, {"value", 1e-9}}));
  EXPECT_EQ(null.Execute(Read{{"optics.C10"}})->readings[0].value.si, -1e-9);
}

TEST_F(CeosServer, ByteByByteAndPipelinedAsOneByOne) {
  const std::string all =
      Ask("getInfo", json::object(), 7) + Ask("nothing", json::object(), "seven") +
      wire::Netstring("{") +
      Ask("correctAberration", {{"name", "A2"}, {"value", {1e-9, 2e-9}}}, 7) +
      wire::Netstring(R"({"jsonrpc": "2.0", "method": "getInfo"})") +
      Ask("correctAberration", {{"name", "A2"}, {"value", {-1e-9, 2e-9}}}, nullptr) + "0:,x";
  absl::Status at_once, by_byte;
  const auto expected = Take(Open().get(), all, &at_once);
  const double ended = At("C23.b");
  EXPECT_TRUE(absl::IsInvalidArgument(at_once));
  ASSERT_EQ(expected.size(), 7u);  // of the notification none
  EXPECT_EQ(expected[0]["id"], 7);
  EXPECT_EQ(expected[1]["id"], "seven");
  EXPECT_EQ(expected[2]["error"]["code"], -32700);
  EXPECT_EQ(expected[6]["error"]["code"], -32700);
  state_->at_m.clear();
  const auto session = CeosProtocol(&hub_).open(nullptr);
  std::vector<json> answers;
  for (const char c : all) {
    for (const json& a : Take(session.get(), std::string_view(&c, 1), &by_byte)) {
      answers.push_back(a);
    }
  }
  EXPECT_EQ(by_byte, at_once);
  EXPECT_EQ(answers, expected);
  EXPECT_EQ(At("C23.b"), ended);
}

TEST_F(CeosServer, WhatIsNoRequestIsToldAndWhatIsNoFrameEndsTheConnection) {
  const std::string deep = R"({"id": 1, "method": "getInfo", "params": )" +
                           std::string(100'000, '[') + std::string(100'000, ']') + "}";
  for (const auto& [payload, code] : std::vector<std::pair<std::string, int>>{
           {"", -32700},
           {"nan", -32700},
           {R"({"id": 1, "method": "getInfo", "params": {"x": NaN}})", -32700},
           {R"({"id": 1, "method": "getInfo", "params": {"x": 1e999}})", -32700},
           {"{\"id\": 1, \"method\": \"\xff\"}", -32700},
           {deep, -32700},
           {"[]", -32600},
           {R"([{"id": 1, "method": "getInfo"}])", -32600},
           {"{}", -32600},
           {R"({"id": 1, "method": 3})", -32600},
           {R"({"id": [1], "method": "getInfo"})", -32600},
           {R"({"id": true, "method": "getInfo"})", -32600},
           {R"({"id": 1, "jsonrpc": "1.0", "method": "getInfo"})", -32600},
           {R"({"id": ")" + std::string(5000, 'x') + R"(", "method": "getInfo"})", -32600}}) {
    absl::Status status;
    const auto session = Open();
    const auto answers = Take(session.get(), wire::Netstring(payload), &status);
    ASSERT_EQ(answers.size(), 1u) << payload.substr(0, 100);
    EXPECT_EQ(answers[0]["error"]["code"], code) << payload.substr(0, 100);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(Take(session.get(), Ask("getInfo", json::object()))[0].contains("result"));
  }
  for (const char* bytes : {"x", "-1:", "01:", "1048577", "3:abcd", "GET / HTTP/1.1\r\n"}) {
    absl::Status status;
    const auto answers = Take(Open().get(), bytes, &status);
    ASSERT_EQ(answers.size(), 1u) << bytes;
    EXPECT_EQ(answers[0]["error"]["code"], -32700) << bytes;
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bytes;
  }
}

}  // namespace
}  // namespace ronchi::hw
