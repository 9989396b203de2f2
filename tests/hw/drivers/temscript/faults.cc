// What a server of temscript's may do wrong, one answer at a time: each ends in a clear error, with
// the beam blanked at the end or the error saying that it is not known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/drivers/temscript/served.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using testing_support::HttpJson;
using testing_support::kSilence;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::ServedByTemscript;
using testing_support::SmallScan;

struct TemscriptFault {
  const char* name;
  std::string of, answer;
  ErrorKind kind;
  const char* words;
};

const Command kMove = Set{.property = "stage.x", .value = Metres(5e-6)};
const Command kFocus = Set{.property = "optics.C10", .value = Metres(5e-9)};
const Command kRead = Read{{"stage.x", "optics.C10", "beam.current", "beam.energy"}};
const Command kImage = SmallScan();

std::string Status(int status, const char* reason) {
  return wire::HttpAnswerBytes(status, reason, "", "", true);
}
std::string Image(const std::string& change) {
  nlohmann::json j = {{"width", 8},           {"height", 8},
                      {"type", "UINT8"},      {"endianness", "BIG"},
                      {"encoding", "BASE64"}, {"data", std::string(88, 'A')}};
  j["data"] = std::string(86, 'A') + "==";
  j.update(nlohmann::json::parse(change));
  return HttpJson(nlohmann::json{{"haadf", j}}.dump());
}

const auto kLink = ErrorKind::kCommunication;
const auto kBroken = ErrorKind::kHardware;

std::vector<TemscriptFault> TemscriptFaults() {
  return {
      {"closes", "GET stage_position", "", kLink, "closed it"},
      {"half_a_header", "GET stage_position", "HTTP/1.1 200 OK\r\nConte", kLink, "cut off"},
      {"half_a_body", "GET stage_position",
       "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"x\": 1", kLink, "cut off"},
      {"garbage", "GET stage_position", "\x01\x02\x03\x04\r\n\r\n", kLink, "no HTTP"},
      {"garbage_before", "GET stage_position", "xx" + HttpJson("{\"x\": 0}"), kLink, "no HTTP"},
      {"another_protocol", "GET stage_position", "MPX,0000000003,GE", kLink, "no HTTP"},
      {"negative_length", "GET stage_position", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
       kLink, "no HTTP"},
      {"huge_length", "GET stage_position",
       "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n{}", kLink, "no HTTP"},
      {"two_lengths", "GET stage_position",
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", kLink, "no HTTP"},
      {"bad_chunk", "GET stage_position",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", kLink, "no HTTP"},
      {"no_json", "GET stage_position", HttpJson("<html>"), kBroken, "no JSON"},
      {"empty_body", "GET stage_position", HttpJson(""), kBroken, "no JSON"},
      {"no_content", "GET stage_position", Status(204, "No Content"), kBroken, "null"},
      {"nested", "GET stage_position", HttpJson(std::string(100000, '[')), kBroken, "nested"},
      {"nan_axis", "GET stage_position", HttpJson("{\"x\": NaN}"), kBroken, "no JSON"},
      {"null_axis", "GET stage_position", HttpJson("{\"x\": null}"), kBroken, "stage_position"},
      {"text_axis", "GET stage_position", HttpJson("{\"x\": \"1\"}"), kBroken, "stage_position"},
      {"no_axis", "GET stage_position", HttpJson("{}"), kBroken, "stage_position"},
      {"a_list", "GET stage_position", HttpJson("[0, 0]"), kBroken, "stage_position"},
      {"nan", "GET probe_defocus", HttpJson("NaN"), kBroken, "no JSON"},
      {"infinite", "GET probe_defocus", HttpJson("1e999"), kBroken, ""},
      {"a_text", "GET probe_defocus", HttpJson("\"in focus\\u001b[2J\""), kBroken, "no finite"},
      {"error_500", "GET probe_defocus", Status(500, "COM error"), kBroken, "500 COM error"},
      {"error_404", "GET probe_defocus", Status(404, "Unknown"), ErrorKind::kCannot, "knows no"},
      {"moved", "GET probe_defocus", Status(302, "Found"), kBroken, "302 Found"},
      {"teapot", "GET probe_defocus", Status(418, "I'm a teapot"), kBroken, "418"},
      {"refused_set", "PUT probe_defocus", Status(500, "ValueError"), kBroken, "ValueError"},
      {"refused_move", "PUT stage_position", Status(500, "not eucentric"), kBroken, "eucentric"},
      {"did_nothing", "PUT probe_defocus", Status(204, "No Content"), ErrorKind::kOutOfTolerance,
       "instead of"},
      {"moved_nothing", "PUT stage_position", Status(204, "No Content"), ErrorKind::kOutOfTolerance,
       "instead of"},
      {"another_scan", "PUT stem_magnification", Status(204, "No Content"),
       ErrorKind::kOutOfTolerance, "the scan stands at magnification"},
      {"another_dwell", "PUT stem_acquisition_param", Status(204, "No Content"),
       ErrorKind::kOutOfTolerance, "the scan stands at"},
      {"odd_acquisition", "GET stem_acquisition_param", HttpJson("{\"binning\": \"x\"}"),
       ErrorKind::kOutOfTolerance, "the scan stands at"},
      {"half_an_acquisition", "GET stem_acquisition_param", HttpJson("{\"dwell_time(s)\": 1e-06}"),
       ErrorKind::kOutOfTolerance, "the scan stands at"},
      {"no_image", "GET acquire", HttpJson("{}"), kBroken, "no image of haadf"},
      {"a_list_of_images", "GET acquire", HttpJson("[]"), kBroken, "no image of haadf"},
      {"another_shape", "GET acquire", Image("{\"width\": 4, \"height\": 16}"), kBroken, "width"},
      {"short_image", "GET acquire", Image("{\"data\": \"AAAA\"}"), kBroken, "64 bytes"},
      {"pickled", "GET acquire", Image("{\"type\": \"OBJECT\"}"), kBroken, "type 'OBJECT'"},
      {"no_base64", "GET acquire", Image("{\"data\": \"\\u0000\\u0001\"}"), kBroken, "64 bytes"},
      {"image_cut_off", "GET acquire", Image("{}").substr(0, 150), kLink, "cut off"},
      {"blanked_unknown", "GET beam_blanked", HttpJson("\"maybe\""), kBroken, "neither true"},
      {"silent", "GET stage_position", kSilence, ErrorKind::kTimeout, "no answer in time"},
      {"silent_move", "PUT stage_position", kSilence, ErrorKind::kTimeout, "no answer in time"},
      {"never_ready", "GET stage_status", HttpJson("\"MOVING\""), ErrorKind::kTimeout, "MOVING"},
      {"status_of_no_kind", "GET stage_status", HttpJson("7"), kBroken, "no text"},
  };
}

class TemscriptFaultTest : public testing::TestWithParam<TemscriptFault> {};

TEST_P(TemscriptFaultTest, IsToldClearlyAndLeavesTheLinkUsable) {
  const TemscriptFault& fault = GetParam();
  const auto state = std::make_shared<NullState>();
  NullInstrument null(state);
  ServedByTemscript served(&null);
  TemscriptOptions options = served.Options();
  if (fault.kind == ErrorKind::kTimeout) options.answer_s = options.move_s = 0.1;
  const auto column = *MakeTemscript(options);
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  (*served.spoils)[fault.of] = fault.answer;
  absl::Status failed;
  for (const Command& command : {kRead, kMove, kFocus, kImage}) {
    if (failed.ok()) failed = column->Execute(command).status();
  }
  ASSERT_FALSE(failed.ok());
  const Error e = ErrorOf(failed);
  EXPECT_EQ(e.kind, fault.kind) << failed;
  EXPECT_THAT(e.cause, testing::HasSubstr(fault.words));
  for (const char c : e.cause) EXPECT_GE(uint8_t(c), uint8_t(' ')) << e.cause;
  served.spoils->clear();
  EXPECT_TRUE(column->Execute(kRead).ok());
  EXPECT_TRUE(column->BlankNow().ok());
  EXPECT_TRUE(state->blanked);
}

INSTANTIATE_TEST_SUITE_P(All, TemscriptFaultTest, testing::ValuesIn(TemscriptFaults()),
                         [](const auto& info) { return std::string(info.param.name); });

// A server that says it has blanked, and has not.
TEST(TemscriptFaults, ABlankIsConfirmed) {
  NullInstrument null;
  ServedByTemscript served(&null);
  const auto column = *MakeTemscript(served.Options());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  (*served.spoils)["PUT beam_blanked"] = Status(204, "No Content");
  for (const absl::Status& s :
       {column->BlankNow(), column->Execute(Blank{}).status(), column->Execute(Safe{}).status()}) {
    EXPECT_THAT(std::string(s.message()), testing::HasSubstr("not blanked after a blank"));
  }
  served.spoils->clear();
}

// What answers at the address is no temscript, or one that describes itself in no sensible way.
TEST(TemscriptFaults, WhatIsNoTemscriptIsRefusedWhenItIsOpened) {
  NullInstrument null;
  ServedByTemscript served(&null);
  const std::pair<const char*, std::string> cases[] = {
      {"GET family", HttpJson("7")},
      {"GET family", Status(404, "Not Found")},
      {"GET microscope_id", HttpJson("null")},
      {"GET stage_limits", HttpJson("[]")},
      {"GET stage_limits", HttpJson("{\"x\": [1, -1], \"y\": [0, 0], \"z\": [0, 0], \"a\": [0, 0], "
                                    "\"b\": [0, 0]}")},
      {"GET stem_available", HttpJson("1")},
      {"GET stem_detectors", HttpJson("[]")}};
  for (const auto& [of, answer] : cases) {
    *served.spoils = {{of, answer}};
    const auto opened = MakeTemscript(served.Options());
    EXPECT_FALSE(opened.ok()) << of << answer;
  }
}

}  // namespace
}  // namespace ronchi::hw
