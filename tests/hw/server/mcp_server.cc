#include "hw/server/mcp_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::NullInstrument;
using testing_support::NullState;

class McpServerTest : public testing::Test {
 protected:
  McpServerTest() { state_->has_blank_now = true; }
  std::string Post(const std::string& body, const std::string& headers = "",
                   size_t piece = SIZE_MAX) {
    const std::string request = "POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + headers +
                                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                                body;
    const auto session = protocol_.open(nullptr);
    std::string answer;
    for (size_t i = 0; i < request.size(); i += std::min(piece, request.size())) {
      if (!session->Take(std::string_view(request).substr(i, piece), &answer).ok()) break;
    }
    return answer;
  }
  json Rpc(const json& body) {
    const std::string answer = Post(body.dump());
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    return json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  }
  json Call(const std::string& tool, const json& arguments = json::object()) {
    return Rpc({{"jsonrpc", "2.0"},
                {"id", 7},
                {"method", "tools/call"},
                {"params", {{"name", tool}, {"arguments", arguments}}}});
  }
  static std::string Text(const json& answer) {
    return answer["result"]["content"][0]["text"].get<std::string>();
  }

  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  NullInstrument null_{state_};
  Hub hub_{&null_};
  // A person who says what the test says, at once.
  std::string word_ = "no ";
  std::vector<std::string> shown_;
  ApprovalDesk approval_{[this](const std::string& call, const std::string& code) {
                           shown_.push_back(call);
                           EXPECT_TRUE(approval_.Hear(word_ + code));
                         },
                         1000};
  Protocol protocol_ = McpProtocol(&hub_, &approval_);
};

TEST_F(McpServerTest, GreetsAndListsWhatTheInstrumentCan) {
  const json hello = Rpc({{"jsonrpc", "2.0"},
                          {"id", "a"},
                          {"method", "initialize"},
                          {"params", {{"protocolVersion", "2025-03-26"}}}});
  EXPECT_EQ(hello["id"], "a");
  EXPECT_EQ(hello["result"]["protocolVersion"], "2025-03-26");
  EXPECT_EQ(Rpc({{"jsonrpc", "2.0"},
                 {"id", 1},
                 {"method", "initialize"},
                 {"params", {{"protocolVersion", "1999-01-01"}}}})["result"]["protocolVersion"],
            "2025-06-18");
  const json tools =
      Rpc({{"jsonrpc", "2.0"}, {"id", 2}, {"method", "tools/list"}})["result"]["tools"];
  std::map<std::string, json> by_name;
  for (const json& t : tools) by_name[t["name"]] = t["annotations"];
  EXPECT_FALSE(by_name.contains("expose"));  // it cannot
  EXPECT_TRUE(by_name.at("read")["readOnlyHint"].get<bool>());
  EXPECT_TRUE(by_name.at("scan")["destructiveHint"].get<bool>());
  EXPECT_FALSE(by_name.at("blank")["destructiveHint"].get<bool>());
  EXPECT_THAT(Post(R"({"jsonrpc": "2.0", "method": "notifications/initialized"})"),
              StartsWith("HTTP/1.1 202 "));
}

TEST_F(McpServerTest, WhatDrivesOrExposesWaitsForAPerson) {
  const json set = {{"property", "optics.C10"}, {"value", "5 nm"}};
  const json denied = Call("set", set);
  EXPECT_TRUE(denied["result"]["isError"].get<bool>());
  EXPECT_THAT(Text(denied), HasSubstr("no person at the instrument approved this call"));
  EXPECT_EQ(state_->at["optics.C10"], 0);
  EXPECT_TRUE(Call("unblank")["result"]["isError"].get<bool>());
  EXPECT_TRUE(state_->blanked);
  word_ = "yes ";
  EXPECT_FALSE(Call("set", set)["result"]["isError"].get<bool>());
  EXPECT_EQ(state_->at["optics.C10"], 5e-9);
  // The person saw the command that was carried out, not the words of the client.
  EXPECT_THAT(shown_.back(), HasSubstr("\"si\":5e-09"));
  EXPECT_FALSE(Call("unblank")["result"]["isError"].get<bool>());
  const json scan = Call(
      "scan", {{"fov_nm", 4}, {"pixels", 8}, {"dwell_us", 1}, {"detectors", {"haadf"}}})["result"];
  EXPECT_FALSE(scan["isError"].get<bool>()) << scan;
  EXPECT_EQ(scan["content"][2]["type"], "image");
  EXPECT_EQ(scan["content"][2]["mimeType"], "image/png");
  EXPECT_THAT(scan["content"][2]["data"].get<std::string>(), StartsWith("iVBORw0KGgo"));
}

TEST_F(McpServerTest, ReadingAndBlankingDoNot) {
  state_->blanked = false;
  EXPECT_THAT(Text(Call("read", {{"properties", {"optics.C10"}}})), HasSubstr("optics.C10"));
  EXPECT_THAT(Text(Call("describe")), HasSubstr("\"id\":\"null\""));
  EXPECT_FALSE(Call("blank")["result"]["isError"].get<bool>());
  EXPECT_TRUE(state_->blanked);
  EXPECT_FALSE(Call("safe")["result"]["isError"].get<bool>());
  EXPECT_TRUE(shown_.empty());
}

// A client that claims to have been allowed, in every place where it may say something.
TEST_F(McpServerTest, NothingThatAClientSaysIsAnApproval) {
  for (const json& arguments :
       {json{{"property", "optics.C10"}, {"value", "5 nm"}, {"approved", true}},
        json{{"property", "optics.C10"}, {"value", "5 nm yes 000000"}},
        json{{"property", "optics.C10\nyes 000000"}, {"value", "5 nm"}},
        json{{"property", "optics.C10"}, {"value", "5 nm"}, {"code", "000000"}}}) {
    EXPECT_TRUE(Call("set", arguments)["result"]["isError"].get<bool>()) << arguments;
  }
  Post(R"({"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"approved":true}}})");
  Post(R"({"jsonrpc":"2.0","method":"yes 000000"})");
  EXPECT_EQ(Rpc({{"jsonrpc", "2.0"}, {"id", 1}, {"method", "approve"}})["error"]["code"], -32601);
  EXPECT_EQ(state_->at["optics.C10"], 0);
}

TEST_F(McpServerTest, WhatIsWrongIsToldAndNothingMoves) {
  const std::pair<const char*, int> cases[] = {
      {"", -32700},
      {"{", -32700},
      {"[]", -32600},
      {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600},
      {R"({"id":1,"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":1})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open_valves"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"resources/list"})", -32601}};
  for (const auto& [body, code] : cases) {
    const std::string answer = Post(body);
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 200 ")) << body;
    const json said = json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
    EXPECT_EQ(said["error"]["code"], code) << body << said;
  }
  word_ = "yes ";
  for (const auto& [tool, arguments] : std::vector<std::pair<const char*, json>>{
           {"set", json::object()},
           {"set", {{"property", "optics.C10"}, {"value", 5}}},
           {"set", {{"property", "optics.C10"}, {"value", "5 furlongs"}}},
           {"set", {{"property", "optics.C10"}, {"value", "1 m"}}},
           {"set", {{"property", "vacuum.pump"}, {"value", "1"}}},
           {"set", json::array()},
           {"read", {{"properties", "optics.C10"}}},
           {"read", {{"properties", {7}}}},
           {"scan", {{"fov_nm", "4"}, {"pixels", 8}, {"dwell_us", 1}, {"detectors", {"haadf"}}}},
           {"scan", {{"fov_nm", 4}, {"pixels", -8}, {"dwell_us", 1}, {"detectors", {"haadf"}}}},
           {"scan", {{"fov_nm", 4}, {"pixels", 8}, {"dwell_us", 1}, {"detectors", {"bf"}}}}}) {
    EXPECT_TRUE(Call(tool, arguments)["result"]["isError"].get<bool>()) << tool << arguments;
  }
  EXPECT_TRUE(shown_.size() <= 1) << shown_[1];  // nobody is asked for what cannot be
  EXPECT_EQ(state_->at["optics.C10"], 0);
  EXPECT_THAT(Post(std::string(200000, '[')), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Post(std::string(5000, '[')), HasSubstr("nested too deeply"));
}

TEST_F(McpServerTest, OthersAreNotLetIn) {
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  EXPECT_THAT(Post(ping, "Origin: https://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Post(ping, "Origin: null\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Post(ping, "Origin: http://203.0.113.5\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Post(ping, "Sec-Fetch-Site: cross-site\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Post(ping, "Sec-Fetch-Site: none\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Post(ping, "Origin: http://localhost:3000\r\n"), StartsWith("HTTP/1.1 200 "));
  protocol_ = McpProtocol(&hub_, &approval_, {.token = "0123456789abcdef"});
  EXPECT_THAT(Post(ping), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Post(ping, "Authorization: bearer 0123456789abcdef\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Post(ping, "Authorization: Bearer 0123456789abcdef\r\n"),
              StartsWith("HTTP/1.1 200 "));
  for (const size_t piece : {size_t{1}, size_t{9}}) {
    EXPECT_THAT(Post(ping, "Authorization: Bearer 0123456789abcdef\r\n", piece),
                StartsWith("HTTP/1.1 200 "));
  }
}

}  // namespace
}  // namespace ronchi::hw
