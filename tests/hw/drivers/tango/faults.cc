// What asyncroscopy's devices and Tiled may do wrong, one answer at a time: each ends in a clear
// error, and leaves the driver usable and able to blank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/hw/drivers/tango/fake_site.h"
#include "tests/hw/drivers/tango/small_scope.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing_support::Fails;
using testing_support::FakeSite;
using testing_support::kNoHttp;
using testing_support::NullState;
using testing_support::Says;
using testing_support::SmallScan;
using testing_support::SmallScope;
using testing_support::TangoAnswer;
using wire::TangoLink;
using wire::TangoValue;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

struct TangoFaultCase {
  const char* name;
  std::string of;  // "set_defocus", "http full" …
  std::function<TangoAnswer(const TangoValue&)> answer;
  std::string bytes;  // of http
  ErrorKind kind;
  const char* words;
};

// Never the same twice.
std::function<TangoAnswer(const TangoValue&)> Wanders() {
  auto n = std::make_shared<double>(0);
  return [n](const TangoValue&) -> TangoAnswer {
    *n += 1e-6;
    return TangoValue(Numbers{*n, 0, 0, 0, 0});
  };
}

std::string Http(int status, const std::string& body) {
  return wire::HttpAnswerBytes(status, status == 200 ? "OK" : "Not so", body, "x/y", true);
}
std::string Metadata(const std::string& structure, const char* family = "array") {
  json s = {{"data_type", {{"endianness", "little"}, {"kind", "f"}, {"itemsize", 4}}},
            {"shape", {8, 8}}};
  s.merge_patch(json::parse(structure));
  return Http(
      200,
      json{{"data", {{"attributes", {{"structure_family", family}, {"structure", s}}}}}}.dump());
}
std::string NotANumber() {
  std::string pixels(256, '\0');
  pixels[6] = char(0xc0), pixels[7] = 0x7f;  // the second pixel
  return Http(200, pixels);
}

const auto kLink = ErrorKind::kCommunication, kBroken = ErrorKind::kHardware;
const auto kLate = ErrorKind::kTimeout, kOff = ErrorKind::kOutOfTolerance;

void AddErrorFaults(std::vector<TangoFaultCase>* all) {
  const auto add = [&](const char* name, const char* of, auto answer, ErrorKind kind,
                       const char* words) {
    all->push_back({name, of, answer, "", kind, words});
  };
  add("python_error", "get_defocus",
      Fails({{"PyDs_PythonError", "TypeError: _get() takes 0", "f.py:7"}}), kBroken,
      "TypeError: _get() takes 0 (f.py:7)");
  add("a_stack", "set_defocus",
      Fails({{"Lens", "off", "lens.py"}, {"API_CommandFailed", "Failed to execute", "Connection"}}),
      kBroken, "Lens: off (lens.py); then API_CommandFailed");
  add("an_empty_stack", "set_defocus", Fails({}), kBroken, "does not say why");
  add("escapes_in_a_stack", "set_defocus", Fails({{"x\x1b[2J", "y\nz", ""}}), kBroken, "y\\nz");
  add("a_huge_stack", "set_defocus",
      Fails(std::vector<wire::TangoFault>(1000, {"r", std::string(100000, 'd'), ""})), kBroken,
      "d …");
  add("no_such_command", "get_defocus", Fails({{"API_CommandNotFound", "no get_defocus", ""}}),
      ErrorKind::kCannot, "no get_defocus");
  add("not_allowed_now", "move_stage", Fails({{"API_CommandNotAllowed", "state MOVING", ""}}),
      ErrorKind::kImpossibleNow, "MOVING");
  add("locked", "move_stage", Fails({{"API_DeviceLocked", "by another", ""}}), ErrorKind::kBusy,
      "by another");
  add("other_types", "set_defocus",
      Fails({{"API_IncompatibleCmdArgumentType", "wants a text", ""}}), ErrorKind::kBadCommand,
      "wants a text");
  add("dwell_out_of_limits", "write dwell_time",
      Fails({{"API_WAttrOutsideLimit", "Set value for attribute dwell_time", ""}}),
      ErrorKind::kOutOfLimits, "dwell_time");
  add("read_only_dwell", "write dwell_time", Fails({{"API_AttrNotWritable", "dwell_time", ""}}),
      ErrorKind::kReadOnly, "dwell_time");
  add("no_attribute", "write imsize", Fails({{"API_AttrNotFound", "imsize", ""}}),
      ErrorKind::kCannot, "imsize");
  add("late", "get_defocus", Fails({{"API_DeviceTimedOut", "after 3000 ms", ""}}, TangoLink::kLate),
      kLate, "after 3000 ms");
  add("late_move", "move_stage", Fails({{"API_DeviceTimedOut", "late", ""}}, TangoLink::kLate),
      kLate, "late");
  add("late_scan", "acquire_scanned_image",
      Fails({{"API_DeviceTimedOut", "late", ""}}, TangoLink::kLate), kLate, "late");
  add("no_more_places", "place_beam", Fails({{"API_DeviceTimedOut", "late", ""}}, TangoLink::kLate),
      kLate, "late");
  add("lost", "get_defocus", Fails({{"API_CorbaException", "COMM_FAILURE", ""}}, TangoLink::kLost),
      kLink, "COMM_FAILURE");
  add("restarted", "set_defocus",
      Fails({{"API_CantConnectToDevice", "refused", ""}}, TangoLink::kUnreached), kLink, "refused");
}

void AddAnswerFaults(std::vector<TangoFaultCase>* all) {
  const TangoValue none;
  const auto add = [&](const char* name, const char* of, auto answer, ErrorKind kind,
                       const char* words) {
    all->push_back({name, of, answer, "", kind, words});
  };
  add("did_nothing", "set_defocus", Says(none), kOff, "instead of");
  add("moved_nothing", "move_stage", Says(none), kOff, "instead of");
  add("shifted_nothing", "set_image_shift", Says(none), kOff, "instead of");
  add("clamped_field", "set_fov", Says(none), kOff, "the field stands at");
  add("clamped_dwell", "read dwell_time", Says(2e-6), kOff, "dwell_time stands at");
  add("clamped_size", "write imsize", Says(none), kOff, "imsize stands at");
  add("another_region", "read scan_region", Says(Numbers{0.25, 0, 0.5, 1}), kOff, "scan_region");
  add("region_of_three", "read scan_region", Says(Numbers{0, 0, 1}), kBroken, "not 4 finite");
  add("exposure_clamped", "write exposure_time", Says(none), kOff, "exposure_time stands at");
  add("never_stands", "get_stage", Wanders(), kLate, "the stage is");
  add("stage_of_three", "get_stage", Says(Numbers{0, 0, 0}), kBroken, "not 5 finite numbers");
  add("stage_nan", "get_stage", Says(Numbers{0, 0, kNan, 0, 0}), kBroken, "not 5 finite numbers");
  add("stage_a_text", "get_stage", Says(std::string("[0,0]")), kBroken, "the text '[0,0]'");
  add("stage_texts", "get_stage", Says(Texts{"0"}), kBroken, "1 texts");
  add("defocus_nan", "get_defocus", Says(kNan), kBroken, "no finite number");
  add("defocus_infinite", "get_defocus", Says(kInf), kBroken, "no finite number");
  add("defocus_nothing", "get_defocus", Says(none), kBroken, "but nothing");
  add("defocus_true", "get_defocus", Says(true), kBroken, "but true");
  add("current_negative", "get_screen_current", Says(-5.0), kBroken, "-5 pA cannot be");
  add("current_in_another_unit", "get_screen_current", Says(5e7), kBroken, "pA cannot be");
  add("blanked_unknown", "get_beam_blanked", Says(int64_t{2}), kBroken, "neither true nor false");
}

void AddImageFaults(std::vector<TangoFaultCase>* all) {
  const auto key = [&](const char* name, TangoValue value, const char* words) {
    all->push_back({name, "acquire_scanned_image", Says(value), "", kBroken, words});
  };
  const auto http = [&](const char* name, const char* of, const std::string& bytes, ErrorKind kind,
                        const char* words) {
    all->push_back({name, std::string("http ") + of, nullptr, bytes, kind, words});
  };
  key("no_key", TangoValue(), "but nothing");
  key("an_empty_key", std::string(), "is no key");
  key("a_climbing_key", std::string("../../admin"), "is no key");
  key("a_key_of_lines", std::string("a\r\nX: y"), "is no key");
  key("a_long_key", std::string(5000, 'k'), "is no key");
  key("three_keys", Texts{"a", "b", "c"}, "3 texts");
  key("a_number_for_a_key", int64_t{7}, "but 7");
  all->push_back({"a_key_without_image", "acquire_scanned_image", Says(std::string("gone")), "",
                  ErrorKind::kDataLoss, "404"});
  all->push_back({"camera_without_key", "acquire_camera_image", Says(TangoValue()), "", kBroken,
                  "but nothing"});
  http("no_entry", "metadata", Http(404, "{\"detail\": \"No such entry\"}"), ErrorKind::kDataLoss,
       "No such entry");
  http("no_permission", "metadata", Http(401, "no key"), ErrorKind::kRefused, "401");
  http("broken_server", "metadata", Http(500, "boom"), kBroken, "500");
  http("no_json", "metadata", Http(200, "<html>"), kBroken, "is no array");
  http("deep_json", "metadata", Http(200, std::string(100000, '[')), kBroken, "is no array");
  http("a_table", "metadata", Metadata("{}", "table"), kBroken, "is no array");
  http("another_shape", "metadata", Metadata("{\"shape\": [4, 16]}"), kBroken,
       "its shape is [4,16]");
  http("a_shape_of_one", "metadata", Metadata("{\"shape\": [64]}"), kBroken, "its shape is [64]");
  http("a_huge_shape", "metadata", Metadata("{\"shape\": [8, 1e18]}"), kBroken, "its shape is");
  http("a_negative_shape", "metadata", Metadata("{\"shape\": [-8, -8]}"), kBroken, "its shape is");
  http("a_shape_of_texts", "metadata", Metadata("{\"shape\": [\"8\", 8]}"), kBroken,
       "its shape is");
  http("no_shape", "metadata", Metadata("{\"shape\": null}"), kBroken, "its shape is null");
  http("objects", "metadata", Metadata("{\"data_type\": {\"kind\": \"O\"}}"), kBroken,
       "of the type");
  http("complex_numbers", "metadata",
       Metadata("{\"data_type\": {\"kind\": \"c\", \"itemsize\": 8}}"), kBroken, "of the type");
  http("half_floats", "metadata", Metadata("{\"data_type\": {\"itemsize\": 2}}"), kBroken,
       "of the type");
  http("huge_items", "metadata", Metadata("{\"data_type\": {\"itemsize\": 4000000000}}"), kBroken,
       "of the type");
  http("too_few_bytes", "full", Http(200, std::string(255, 'x')), kBroken,
       "255 bytes instead of 256");
  http("too_many_bytes", "full", Http(200, std::string(257, '\0')), kBroken,
       "257 bytes instead of 256");
  http("far_too_many_bytes", "full", Http(200, std::string(100000, '\0')), kLink, "no HTTP");
  http("nan_pixel", "full", NotANumber(), kBroken, "pixel 1 is no number");
  http("cut_off", "full", Http(200, std::string(256, '\0')).substr(0, 200), kLink, "cut off");
  http("closes", "full", "", kLink, "closed it");
  http("silent", "metadata", kNoHttp, kLate, "no answer in time");
}

void AddCorrectorFaults(std::vector<TangoFaultCase>* all) {
  const auto add = [&](const char* name, const char* of, auto answer, ErrorKind kind,
                       const char* words) {
    all->push_back({name, of, answer, "", kind, words});
  };
  const auto text = [](const char* s) { return Says(std::string(s)); };
  add("tableau_posted", "acquire_tableau", text("{\"status\": \"posted\", \"id\": 7}"), kBroken,
      "no aberration in");
  add("tableau_failed_later", "acquire_tableau",
      text("{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32000, \"message\": \"drifted\"}}"),
      kBroken, "drifted");
  add("tableau_no_json", "acquire_tableau", text("Fast 18 failed"), kBroken, "no JSON");
  add("tableau_nan", "acquire_tableau", text("{\"C1\": [NaN]}"), kBroken, "no JSON");
  add("tableau_in_nm", "acquire_tableau", text("{\"C1\": [12.5]}"), kBroken, "lengths below");
  add("tableau_nothing", "acquire_tableau", Says(TangoValue()), kBroken, "no text");
  add("c1a1_list", "measure_c1a1", text("[1, 2]"), kBroken, "no aberration in");
  add("c1a1_late", "measure_c1a1", Fails({{"API_DeviceTimedOut", "late", ""}}, TangoLink::kLate),
      kLate, "late");
  add("correction_refused", "correct_aberration", Fails({{"CeosError", "A1 out of range", ""}}),
      kBroken, "out of range");
  add("correction_error", "correct_aberration", text("{\"error\": \"busy\"}"), kBroken, "busy");
  add("correction_lost", "correct_aberration",
      Fails({{"API_CorbaException", "gone", ""}}, TangoLink::kLost), kLink, "gone");
}

std::vector<TangoFaultCase> TangoFaultCases() {
  std::vector<TangoFaultCase> all;
  AddErrorFaults(&all);
  AddAnswerFaults(&all);
  AddImageFaults(&all);
  AddCorrectorFaults(&all);
  return all;
}

void PrintTo(const TangoFaultCase& fault, std::ostream* out) { *out << fault.name; }

class TangoFaultTest : public testing::TestWithParam<TangoFaultCase> {};

TEST_P(TangoFaultTest, IsToldClearlyAndLeavesTheLinkUsable) {
  const TangoFaultCase& fault = GetParam();
  const auto state = std::make_shared<NullState>();
  SmallScope scope(state);
  FakeSite site(&scope);
  TangoOptions options = site.Options();
  options.detectors.erase("BF");
  if (fault.kind == ErrorKind::kTimeout) options.answer_s = options.move_s = 0.1;
  const auto column = *MakeTango(options, site.Opener());
  ASSERT_TRUE(column->Execute(Unblank{}).ok());
  if (fault.answer) {
    site.script->tango[fault.of] = fault.answer;
  } else {
    site.script->http[fault.of.substr(5)] = fault.bytes;
  }
  const Command commands[] = {Read{{"optics.C10", "stage.x", "image.shift.x", "beam.current"}},
                              Set{.property = "stage.x", .value = Metres(5e-6)},
                              Set{.property = "optics.C10", .value = Metres(5e-9)},
                              Set{.property = "image.shift.x", .value = Metres(5e-9)},
                              SmallScan(),
                              Park{0, 0, 1e-6},
                              Expose{.camera = "camera", .time_s = 0.01},
                              Measure{"defocus"},
                              Measure{"aberrations"},
                              Set{.property = "optics.C12.a", .value = Metres(1e-9)}};
  absl::Status failed;
  for (const Command& command : commands) {
    if (failed.ok()) failed = column->Execute(command).status();
  }
  ASSERT_FALSE(failed.ok());
  const Error e = ErrorOf(failed);
  EXPECT_EQ(e.kind, fault.kind) << failed;
  EXPECT_THAT(e.cause, testing::HasSubstr(fault.words));
  EXPECT_FALSE(e.remedy.empty());
  EXPECT_LT(e.cause.size(), 2000u);
  for (const char c : e.cause) EXPECT_GE(uint8_t(c), uint8_t(' ')) << e.cause;
  site.script->tango.clear();
  site.script->http.clear();
  EXPECT_TRUE(column->Execute(commands[0]).ok());
  EXPECT_TRUE(column->Execute(SmallScan()).ok());
  EXPECT_TRUE(column->BlankNow().ok());
  EXPECT_TRUE(state->blanked);
}

INSTANTIATE_TEST_SUITE_P(All, TangoFaultTest, testing::ValuesIn(TangoFaultCases()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ronchi::hw
