// What GMS' bridge may do wrong, one answer at a time: each ends in a clear error, and the next
// command is right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/instrument/error.h"
#include "tests/hw/drivers/gms/fake_gms.h"

namespace ronchi::hw::gms {
namespace {

using testing::HasSubstr;
using testing_support::FakeGms;

const Command kRead = Read{{"stage.x", "stage.beta"}};
const Command kMove = Set{.property = "stage.x", .value = Metres(5e-6)};
const Command kTilt = Set{.property = "stage.alpha", .value = Radians(0.01)};
const Command kScan = Scan{.fov_x_m = 1e-7,
                           .fov_y_m = 1e-7,
                           .pixels_x = 4,
                           .pixels_y = 4,
                           .dwell_s = 1e-6,
                           .detectors = {"haadf"}};
const Command kExpose = Expose{.camera = "cam", .time_s = 0.01};

struct GmsFault {
  const char* name;
  Command command;
  const char* of;
  FakeGms::Spoil spoil;
  ErrorKind kind;
  const char* words;
};
void PrintTo(const GmsFault& f, std::ostream* out) { *out << f.name; }

FakeGms::Spoil Says(const std::string& answer) {
  return [=](const std::string&) { return answer; };
}
// The right answer with other keys.
FakeGms::Spoil With(const std::string& change) {
  return [=](const std::string& right) {
    nlohmann::json j = nlohmann::json::parse(right);
    j.update(nlohmann::json::parse(change));
    return j.dump();
  };
}
FakeGms::Spoil Without(const std::string& key) {
  return [=](const std::string& right) {
    nlohmann::json j = nlohmann::json::parse(right);
    j.erase(key);
    return j.dump();
  };
}
FakeGms::Spoil Silence() {
  return [](const std::string&) { return std::nullopt; };
}
std::string Failed(const std::string& why) {
  return nlohmann::json{{"success", false}, {"error", why}}.dump();
}

std::vector<GmsFault> GmsFaults() {
  using enum ErrorKind;
  const char* const stage = "EMGetStagePositions";
  const char* const move = "EMSetStagePositions";
  const char* const acquire = "DS_Acquire";
  const char* const camera = "CM_AcquireImage";
  return {
      {"empty", kRead, stage, Says(""), kHardware, "no JSON object"},
      {"garbage", kRead, stage, Says("\x01\x02\xff"), kHardware, "no JSON object"},
      {"cut", kRead, stage, Says("{\"success\": true, \"x_um\""), kHardware, "no JSON object"},
      {"a_list", kRead, stage, Says("[]"), kHardware, "no JSON object"},
      {"a_number", kRead, stage, Says("7"), kHardware, "no JSON object"},
      {"two_answers", kRead, stage, Says("{\"success\":true}{}"), kHardware, "no JSON object"},
      {"nested", kRead, stage, Says(std::string(100000, '[')), kHardware, "nested"},
      {"no_success", kRead, stage, Says("{}"), kHardware, "without success"},
      {"success_of_no_kind", kRead, stage, With("{\"success\": 1}"), kHardware, "without success"},
      {"nan", kRead, stage, Says("{\"success\": true, \"x_um\": NaN}"), kHardware, "no JSON"},
      {"infinite", kRead, stage, Says("{\"success\": true, \"x_um\": 1e999, \"beta_deg\": 0}"),
       kHardware, ""},
      {"null_axis", kRead, stage, With("{\"x_um\": null}"), kHardware, "x_um: no finite number"},
      {"text_axis", kRead, stage, With("{\"x_um\": \"1\"}"), kHardware, "no finite number"},
      {"no_axis", kRead, stage, Without("beta_deg"), kHardware, "beta_deg: not told"},
      {"failed", kRead, stage, Says(Failed("COM error")), kHardware, "COM error"},
      {"failed_silently", kRead, stage, Says("{\"success\": false}"), kHardware, "it failed"},
      {"terminal", kRead, stage, Says(Failed("\x1b[2J")), kHardware, "\\x1b[2J"},
      {"unknown", kRead, stage, Says(Failed("Unknown function: 'x'")), kCannot, "knows no"},
      {"silent", kRead, stage, Silence(), kTimeout, "no answer in time"},
      {"silent_move", kMove, move, Silence(), kTimeout, "no answer in time"},
      {"refused_move", kMove, move, Says(Failed("stage is locked")), kHardware, "locked"},
      {"did_nothing", kMove, stage, With("{\"x_um\": 1}"), kOutOfTolerance, "instead of"},
      {"micrometres_for_metres", kMove, stage, With("{\"x_um\": 5000000}"), kOutOfTolerance,
       "instead of"},
      {"radians_for_degrees", kTilt, stage, With("{\"alpha_deg\": 0.01}"), kOutOfTolerance,
       "instead of"},
      {"a_flipped_axis", kMove, stage, With("{\"x_um\": -5}"), kOutOfTolerance, "instead of"},
      {"half_way", kMove, stage, With("{\"x_um\": 2.5}"), kOutOfTolerance, "instead of"},
      {"no_magnification", kScan, "EM_GetState", With("{\"magnification\": null}"), kHardware,
       "magnification: no finite number"},
      {"magnification_0", kScan, "EM_GetState", With("{\"magnification\": 0}"), kOutOfLimits,
       "the scanned field"},
      {"another_magnification", kScan, "EM_GetState", With("{\"magnification\": 5000}"),
       kOutOfLimits, "asked for are 100 nm"},
      {"refused_configuration", kScan, "DS_Configure", Says(Failed("DigiScan is busy")), kHardware,
       "DigiScan is busy"},
      {"silent_configuration", kScan, "DS_Configure", Silence(), kTimeout, "no answer"},
      {"no_image", kScan, acquire, Says("{\"success\": true}"), kHardware, "shape is not told"},
      {"another_shape", kScan, acquire, With("{\"data_shape\": [2, 8]}"), kHardware,
       "[2,8], not [4, 4]"},
      {"a_volume", kScan, acquire, With("{\"data_shape\": [1, 4, 4]}"), kHardware, "not [4, 4]"},
      {"a_float_shape", kScan, acquire, With("{\"data_shape\": [4, \"4\"]}"), kHardware, "not [4"},
      {"complex_pixels", kScan, acquire, With("{\"data_dtype\": \"complex64\"}"), kHardware,
       "type 'complex64'"},
      {"no_type", kScan, acquire, Without("data_dtype"), kHardware, "type ''"},
      {"short_data", kScan, acquire, With("{\"data_b64\": \"AAAA\"}"), kHardware, "32 bytes"},
      {"no_base64", kScan, acquire, With("{\"data_b64\": \"\\u0000!\"}"), kHardware, "32 bytes"},
      {"no_data", kScan, acquire, Without("data_b64"), kHardware, "32 bytes"},
      {"nan_pixels", kScan, acquire,
       With("{\"data_dtype\": \"float32\", \"data_b64\": \"" + Base64(std::string(64, '\xff')) +
            "\"}"),
       kHardware, "no finite number"},
      {"another_image_in_front", kExpose, camera, With("{\"data_shape\": [512, 512]}"), kHardware,
       "[512,512], not [12, 16]"},
      {"camera_is_out", kExpose, camera, Says(Failed("camera is retracted")), kHardware,
       "retracted"},
      {"wider_pixels", kExpose, camera, With("{\"data_dtype\": \"uint32\"}"), kHardware,
       "768 bytes"},
  };
}

class GmsFaultTest : public testing::TestWithParam<GmsFault> {};

TEST_P(GmsFaultTest, IsToldClearlyAndTheNextCommandIsRight) {
  const GmsFault& fault = GetParam();
  FakeGms fake;
  const bool late = fault.kind == ErrorKind::kTimeout;
  const auto gms = *MakeGms(fake.Options(late ? 0.3 : 60));
  fake.Put(fault.of, fault.spoil);
  const absl::Status s = gms->Execute(fault.command).status();
  EXPECT_EQ(KindName(ErrorOf(s).kind), KindName(fault.kind)) << s;
  EXPECT_THAT(std::string(s.message()), HasSubstr(fault.words));
  EXPECT_THAT(std::string(s.message()), testing::Not(HasSubstr("\x1b")));
  fake.PutNothing();
  if (late) return;  // the deadline is too short for a busy machine
  const auto again = gms->Execute(fault.command);
  EXPECT_TRUE(again.ok()) << again.status();
}

INSTANTIATE_TEST_SUITE_P(Catalogue, GmsFaultTest, testing::ValuesIn(GmsFaults()),
                         [](const auto& info) { return info.param.name; });

TEST(GmsLink, WhoIsNotThereIsSaidAndNothingWasDone) {
  GmsOptions options;
  {
    FakeGms fake;
    options = fake.Options(0.2);
  }
  const absl::Status s = MakeGms(options).status();
  EXPECT_EQ(KindName(ErrorOf(s).kind), "communication");
  EXPECT_THAT(std::string(s.message()), HasSubstr("nobody answers there by ZeroMQ"));
  EXPECT_FALSE(MayHaveHappened(s));
}

}  // namespace
}  // namespace ronchi::hw::gms
