// Whatever a corrector answers: a correction that is known to be made or not, or is said not to be
// known and never made twice; a measurement that is right or an error, and right when asked again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/drivers/ceos/ceos_served.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::Scripted;
using testing_support::ScriptedCorrector;

using Kind = ErrorKind;

struct Fault {
  std::string name;
  Scripted answer;
  std::optional<Kind> kind;  // nothing: no fault
  bool made_known = false;   // it says that nothing was done
};
std::ostream& operator<<(std::ostream& out, const Fault& f) { return out << f.name; }

Fault Fine(const char* name, const Scripted& answer) { return {name, answer, std::nullopt}; }
Fault NoAnswer(const char* name, const std::string& text, bool framed = true, bool ends = false) {
  return {name, {text, framed, ends}, Kind::kCommunication};
}
Fault Late(const char* name, const std::string& text) {
  return {name, {text, false}, Kind::kTimeout};
}
Fault Says(const char* name, const std::string& error, Kind kind, bool known = false) {
  return {name, {R"({"jsonrpc": "2.0", "id": $ID, "error": )" + error + "}"}, kind, known};
}

std::vector<Fault> Faults() {
  const std::string deep(200, '['), close(200, ']');
  return {
      Fine("none", {"$GOOD"}),
      Fine("a_byte_a_packet", {.text = "$GOOD", .in_pieces = true}),
      Fine("extra_keys", {R"({"jsonrpc": "2.0", "id": $ID, "result": $RESULT, "took": [1, {}]})"}),
      Fine("null_error", {R"({"id": $ID, "result": $RESULT, "error": null})"}),
      Fine("white_space", {" \r\n\t$GOOD\n "}),
      Fine("two_answers_merged", {"$FRAME$FRAME", false}),
      Fine("answer_and_half", {"$FRAME12:{\"js", false}),
      Fine("answer_and_garbage", {"$FRAMEgarbage", false}),
      Fine("answer_and_end", {"$GOOD", true, true}),
      NoAnswer("reordered", R"(41:{"jsonrpc":"2.0","id":99999,"result":true},$FRAME)", false),
      NoAnswer("id_of_before", R"({"jsonrpc": "2.0", "id": 1, "result": $RESULT})"),
      NoAnswer("id_text", R"({"jsonrpc": "2.0", "id": "$ID", "result": $RESULT})"),
      NoAnswer("id_null", R"({"jsonrpc": "2.0", "id": null, "result": $RESULT})"),
      NoAnswer("id_missing", R"({"jsonrpc": "2.0", "result": $RESULT})"),
      NoAnswer("id_fraction", R"({"jsonrpc": "2.0", "id": $ID.5, "result": $RESULT})"),
      NoAnswer("id_huge", R"({"jsonrpc": "2.0", "id": 1e300, "result": $RESULT})"),
      NoAnswer("id_negative", R"({"jsonrpc": "2.0", "id": -$ID, "result": $RESULT})"),
      NoAnswer("id_list", R"({"jsonrpc": "2.0", "id": [$ID], "result": $RESULT})"),
      NoAnswer("error_without_id", R"({"jsonrpc": "2.0", "id": null, "error": {"code": -32700}})"),
      NoAnswer("nan", R"({"jsonrpc": "2.0", "id": $ID, "result": NaN})"),
      NoAnswer("none_of_python", R"({"jsonrpc": "2.0", "id": $ID, "result": None})"),
      NoAnswer("infinity", R"({"jsonrpc": "2.0", "id": $ID, "result": {"C1": -Infinity}})"),
      NoAnswer("beyond_doubles", R"({"jsonrpc": "2.0", "id": $ID, "result": {"C1": 1e999}})"),
      NoAnswer("quotes_of_python", R"({'jsonrpc': '2.0', 'id': $ID, 'result': 1})"),
      NoAnswer("no_result", R"({"jsonrpc": "2.0", "id": $ID})"),
      NoAnswer("list", R"([{"jsonrpc": "2.0", "id": $ID, "result": $RESULT}])"),
      NoAnswer("number", "4711"),
      NoAnswer("text", R"("$ID")"),
      NoAnswer("empty", ""),
      NoAnswer("deep", R"({"id": $ID, "result": )" + deep + close + "}"),
      NoAnswer("no_utf8", "{\"id\": $ID, \"result\": \"\xff\xfe\"}"),
      NoAnswer("cut_json", R"({"jsonrpc": "2.0", "id": $ID, "resu)"),
      NoAnswer("json_and_more", "$GOOD$GOOD"),
      NoAnswer("zeros", std::string("\0\0\0\0", 4)),
      NoAnswer("preamble", "Welcome to the corrector\r\n$FRAME", false),
      NoAnswer("http", "HTTP/1.1 400 Bad Request\r\n\r\n", false),
      NoAnswer("length_with_zero", "0$FRAME", false),
      NoAnswer("length_negative", "-$FRAME", false),
      NoAnswer("length_huge", "99999999999999999999:{}", false),
      NoAnswer("length_hexadecimal", "0x10:$GOOD,", false),
      NoAnswer("length_missing", ":$GOOD,", false),
      NoAnswer("length_endless", std::string(5000, '1'), false),
      NoAnswer("length_too_short", "5:$GOOD,", false),
      NoAnswer("lines_for_frames", "$GOOD\n", false),
      NoAnswer("length_too_long_and_end", "5000:$GOOD,", false, true),
      NoAnswer("end_in_mid_frame", "40:{\"jsonrpc\"", false, true),
      NoAnswer("end_in_the_length", "4", false, true),
      NoAnswer("end", "", false, true),
      Late("silence", ""),
      Late("stall_in_mid_frame", "40:{\"jsonrpc\""),
      Late("stall_in_the_length", "4"),
      Late("no_comma", "2:{}"),
      Late("length_too_long", "5000:$GOOD,"),
      Says("no_such_method", R"({"code": -32601, "message": "what?"})", Kind::kCannot, true),
      Says("bad_params", R"({"code": -32602, "message": "what?"})", Kind::kBadCommand, true),
      Says("bad_request", R"({"code": -32600})", Kind::kBadCommand, true),
      Says("theirs", R"({"code": -32000, "message": "Server error", "data": {"message": "no"}})",
           Kind::kHardware),
      Says("code_text", R"({"code": "-32601", "message": "what?"})", Kind::kHardware),
      Says("code_huge", R"({"code": 1e300, "message": "what?"})", Kind::kHardware),
      Says("code_unsigned", R"({"code": 18446744073709551615, "message": 3})", Kind::kHardware),
      Says("no_code", R"({"message": "\u001b[31mred\n"})", Kind::kHardware),
      Says("error_text", R"("no")", Kind::kHardware),
      Says("error_number", "-1", Kind::kHardware),
      Says("error_true", "true", Kind::kHardware),
      Says("error_false", "false", Kind::kHardware),
      Says("error_empty", "{}", Kind::kHardware),
      Says("error_list", "[]", Kind::kHardware),
      Says("error_and_result", R"({"code": 1, "message": "no"}, "result": true)", Kind::kHardware),
      Says("data_odd", R"({"code": 1, "message": "no", "data": [{"kind": 4}]})", Kind::kHardware),
      Says("kind_unknown",
           R"({"code": 1, "message": "no", "data": {"kind": "x", "effect": "none"}})",
           Kind::kHardware),
      Says("kind_of_ours", R"({"code": 1, "data": {"kind": "refused", "effect": "none"}})",
           Kind::kRefused, true),
      Says("kind_without_effect", R"({"code": 1, "data": {"kind": "busy", "effect": 1}})",
           Kind::kBusy),
      Says("kind_of_a_link", R"({"code": 1, "data": {"kind": "communication"}})",
           Kind::kCommunication),
  };
}

class CeosFaults : public testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    // Long enough for a busy machine; what is late is late by all of it.
    const double within_s = GetParam().kind == Kind::kTimeout ? 0.2 : 30;
    ceos::CeosOptions options;
    options.answer_s = options.measure_s = within_s;
    auto opened = ceos::MakeCeos(corrector_.address(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    driver_ = *std::move(opened);
  }
  absl::StatusOr<Reply> SetA1() { return driver_->Execute(Set{"optics.C12.a", Metres(5e-9)}); }
  Reading ReadA1() { return driver_->Execute(Read{{"optics.C12.a"}})->readings[0]; }

  ScriptedCorrector corrector_;
  std::unique_ptr<Instrument> driver_;
};

TEST_P(CeosFaults, ACorrectionIsNeverMadeTwice) {
  const Fault& f = GetParam();
  corrector_.Next(f.answer);
  const auto first = SetA1();
  ASSERT_EQ(first.ok(), !f.kind) << first.status();
  EXPECT_EQ(corrector_.corrections, 1);
  if (first.ok()) {
    EXPECT_EQ(ReadA1().value.si, 5e-9);
    // The next correction stands on what this one did.
    const auto next = driver_->Execute(Set{"optics.C12.a", Metres(7e-9)});
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(corrector_.last()["params"]["value"], nlohmann::json({5e-9, 0.0}));
    return;
  }
  const Error e = ErrorOf(first.status());
  EXPECT_EQ(e.kind, *f.kind) << first.status();
  EXPECT_EQ(*e.effect, f.made_known ? Effect::kNone : Effect::kPerhaps) << first.status();
  EXPECT_THAT(e.cause, HasSubstr("corrector"));
  EXPECT_THAT(e.cause, HasSubstr("correctAberration"));
  for (const char c : e.cause) EXPECT_FALSE(c >= 0 && c < ' ') << e.cause;
  EXPECT_EQ(ReadA1().value.si, 0);
  EXPECT_EQ(ReadA1().uncertainty, f.made_known ? 0 : 5e-9);
  const auto again = SetA1();
  if (f.made_known) {
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(ReadA1().value.si, 5e-9);
    return;
  }
  EXPECT_EQ(ErrorOf(again.status()).kind, ErrorKind::kHardware);
  EXPECT_THAT(ErrorOf(again.status()).cause, HasSubstr("is not known"));
  EXPECT_EQ(corrector_.corrections, 1);
  // Another aberration is in no doubt.
  EXPECT_TRUE(driver_->Execute(Set{"optics.C21.a", Metres(5e-9)}).ok());
}

TEST_P(CeosFaults, AMeasurementIsRightOrRightTheNextTime) {
  const Fault& f = GetParam();
  corrector_.Next(f.answer);
  const auto first = driver_->Execute(Measure{"defocus"});
  ASSERT_EQ(first.ok(), !f.kind) << first.status();
  if (f.kind) {
    EXPECT_EQ(ErrorOf(first.status()).kind, *f.kind) << first.status();
  }
  const auto again = driver_->Execute(Measure{"defocus"});
  ASSERT_TRUE(again.ok()) << again.status();
  for (const auto& reply : {first, again}) {
    if (!reply.ok()) continue;
    ASSERT_EQ(reply->estimates.size(), 1u);
    const Estimate& estimate = reply->estimates[0];
    EXPECT_EQ(estimate.names, (std::vector<std::string>{"C10", "C12.a", "C12.b"}));
    EXPECT_EQ(estimate.values[2], Metres(3e-9));
    EXPECT_TRUE(estimate.covariance.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, CeosFaults, testing::ValuesIn(Faults()),
                         [](const auto& info) { return info.param.name; });

class CeosLink : public testing::Test {
 protected:
  ScriptedCorrector corrector_;
};

TEST_F(CeosLink, ARestartedServerIsFoundAgain) {
  const auto driver = *ceos::MakeCeos(corrector_.address());
  ASSERT_TRUE(driver->Execute(Set{"optics.C12.a", Metres(5e-9)}).ok());
  corrector_.Stop();
  // It may show only when the question is on its way; a measurement may be repeated.
  absl::StatusOr<Reply> reply = driver->Execute(Measure{"defocus"});
  EXPECT_EQ(ErrorOf(reply.status()).kind, ErrorKind::kCommunication);
  reply = driver->Execute(Set{"optics.C12.a", Metres(6e-9)});
  EXPECT_EQ(*ErrorOf(reply.status()).effect, Effect::kNone) << reply.status();
  corrector_.Restart();
  reply = driver->Execute(Set{"optics.C12.a", Metres(6e-9)});
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(corrector_.last()["params"]["value"], nlohmann::json({5e-9, 0.0}));
}

TEST_F(CeosLink, AnAnswerThatComesTooLateAnswersNothingElse) {
  ceos::CeosOptions options;
  options.measure_s = 0.1;
  const auto driver = *ceos::MakeCeos(corrector_.address(), options);
  corrector_.Next({"", false});
  EXPECT_EQ(ErrorOf(driver->Execute(Measure{"defocus"}).status()).kind, ErrorKind::kTimeout);
  const int before = corrector_.connections;
  EXPECT_TRUE(driver->Execute(Set{"optics.C21.a", Metres(1e-9)}).ok());
  EXPECT_EQ(corrector_.connections, before + 1);
}

TEST_F(CeosLink, IdsOnlyGrow) {
  const auto driver = *ceos::MakeCeos(corrector_.address());
  uint64_t last = 1;
  for (int i = 1; i < 5; ++i) {
    if (i == 3) corrector_.Restart();
    (void)driver->Execute(Measure{"defocus"});
    const uint64_t id = corrector_.last()["id"];
    EXPECT_GT(id, last);
    last = id;
  }
}

TEST_F(CeosLink, NobodyThereIsSaidAtOnce) {
  corrector_.Stop();
  const auto driver = ceos::MakeCeos(corrector_.address());
  EXPECT_EQ(ErrorOf(driver.status()).kind, ErrorKind::kCommunication) << driver.status();
  EXPECT_EQ(*ErrorOf(driver.status()).effect, Effect::kNone);
}

}  // namespace
}  // namespace ronchi::hw
