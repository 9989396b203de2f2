#include "hw/server/temscript_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hw/wire/temscript_images.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::NullInstrument;
using testing_support::NullState;

class TemscriptServerTest : public testing::Test {
 protected:
  // One request over a connection of its own, in pieces of so many bytes.
  std::string Ask(const std::string& request, size_t piece = SIZE_MAX) {
    const auto session = protocol_.open(nullptr);
    std::string answer;
    for (size_t i = 0; i < request.size(); i += std::min(piece, request.size())) {
      if (!session->Take(std::string_view(request).substr(i, piece), &answer).ok()) break;
    }
    return answer;
  }
  std::string Get(const std::string& what, const std::string& headers = "") {
    return Ask("GET /v1/" + what + " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" + headers + "\r\n");
  }
  std::string Put(const std::string& what, const std::string& body, size_t piece = SIZE_MAX) {
    return Ask("PUT /v1/" + what + " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body,
               piece);
  }
  json Value(const std::string& what) {
    const std::string answer = Get(what);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n")) << what;
    return json::parse(answer.substr(answer.find("\r\n\r\n") + 4), nullptr, false);
  }

  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  NullInstrument null_{state_};
  Hub hub_{&null_};
  Protocol protocol_ = TemscriptProtocol(&hub_);
};

TEST_F(TemscriptServerTest, AnswersInTemscriptsUnits) {
  state_->at["beam.energy"] = 2e5;
  state_->at["stage.alpha"] = 0.25;
  EXPECT_EQ(Value("voltage"), 200.0);
  EXPECT_EQ(Value("stage_position")["a"], 0.25);
  EXPECT_EQ(Value("stage_position")["b"], 0.0);  // there is none
  EXPECT_EQ(Value("stage_limits")["z"], (json{-3e-4, 3e-4}));
  EXPECT_EQ(Value("screen_current"), 1e-12);
  EXPECT_EQ(Value("family"), "SIMULATION");
  EXPECT_EQ(Value("version"), "2.0.0");
  EXPECT_EQ(Value("beam_blanked"), true);
  EXPECT_EQ(Value("stem_detectors")["haadf"]["type"], "STEM_DETECTOR");
}

TEST_F(TemscriptServerTest, SetsHoweverTheBytesAreCut) {
  for (const size_t piece : {size_t{1}, size_t{5}, SIZE_MAX}) {
    state_->at.clear();
    for (const auto& p : null_.description().properties) state_->at[p.name] = 0;
    EXPECT_THAT(Put("probe_defocus", "-5e-09", piece), StartsWith("HTTP/1.1 204 "));
    EXPECT_EQ(state_->at["optics.C10"], -5e-9);
    EXPECT_THAT(Put("stage_position?method=MOVE&speed=0.5", "{\"x\": 1e-6, \"a\": 0.1, \"q\": 1}"),
                StartsWith("HTTP/1.1 204 "));
    EXPECT_EQ(state_->at["stage.x"], 1e-6);
    EXPECT_EQ(state_->at["stage.alpha"], 0.1);
  }
}

TEST_F(TemscriptServerTest, ScansWhatItWasTold) {
  EXPECT_THAT(Get("acquire?detectors=haadf"), HasSubstr("500 "));  // blanked
  EXPECT_THAT(Put("beam_blanked", "false"), StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(Put("stem_acquisition_param",
                  "{\"image_size\": \"HALF\", \"binning\": 128, \"dwell_time(s)\": 2e-06}"),
              StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(Put("stem_magnification", "5e7"), StartsWith("HTTP/1.1 204 "));
  const json images = Value("acquire?detectors=haadf");
  const auto counts = wire::ImageFromTemscript(images["haadf"], 8, 8);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(*counts, Array<float>({8, 8}, 1.0f));
  EXPECT_DOUBLE_EQ(state_->time_s, 64 * 2e-6);
}

TEST_F(TemscriptServerTest, ABlankIsABlank) {
  EXPECT_THAT(Put("beam_blanked", "false"), StartsWith("HTTP/1.1 204 "));
  EXPECT_FALSE(state_->blanked);
  EXPECT_EQ(Value("beam_blanked"), false);
  EXPECT_THAT(Put("beam_blanked", "true"), StartsWith("HTTP/1.1 204 "));
  EXPECT_TRUE(state_->blanked);
}

TEST_F(TemscriptServerTest, WhatIsWrongIsToldInTheReason) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"probe_defocus", "1", "500 Error handling request '/v1/probe_defocus': optics.C10 = 1 m"},
      {"probe_defocus", "\"1\"", "a finite number is needed"},
      {"probe_defocus", "NaN", "no JSON"},
      {"probe_defocus", "1e999", "no JSON"},
      {"probe_defocus", "", "no JSON"},
      {"probe_defocus", std::string(10000, '['), "nested too deeply"},
      {"beam_blanked", "1", "true or false"},
      {"beam_shift", "[0, 0]", "the instrument has no beam.shift.x"},
      {"beam_shift", "[0]", "two numbers"},
      {"stage_position", "[0]", "an object"},
      {"stage_position", "{\"x\": null}", "a finite number"},
      {"stage_position", "{\"b\": 0.1}", "the instrument has no stage.beta"},
      {"stage_position?method=JUMP", "{\"x\": 0}", "GO or MOVE"},
      {"stem_magnification", "0", "above 0"},
      {"stem_magnification", "-5", "above 0"},
      {"stem_acquisition_param", "{\"binning\": 3}", "a divisor of 2048"},
      {"stem_acquisition_param", "{\"binning\": 0}", "a divisor of 2048"},
      {"stem_acquisition_param", "{\"binning\": 1.5}", "a divisor of 2048"},
      {"stem_acquisition_param", "{\"image_size\": \"\"}", "FULL, HALF"},
      {"stem_acquisition_param", "{\"image_size\": 7}", "FULL, HALF"},
      {"stem_acquisition_param", "{\"dwell_time(s)\": 0}", "more than 0"},
      {"stem_acquisition_param", "{\"dwelltime\": 1}", "no parameter 'dwelltime'"},
      {"column_valves_open", "true", "prohibited"},
      {"camera_param/ceta", "{}", "404 Unknown endpoint"},
      {"high_tension", "0", "404 Unknown endpoint: 'high_tension'"}};
  for (const auto& [what, body, words] : cases) {
    const std::string answer = Put(what, body);
    EXPECT_THAT(answer.substr(0, answer.find("\r\n")), HasSubstr(words)) << what << body;
  }
  EXPECT_THAT(Get("acquire?detectors=bf"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get("nosuch"), StartsWith("HTTP/1.1 404 Unknown endpoint: 'nosuch'"));
  EXPECT_THAT(Ask("GET /v2/family HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 Unknown API"));
  EXPECT_THAT(Ask("DELETE /v1/family HTTP/1.1\r\n\r\n"), HasSubstr("GET or PUT"));
  EXPECT_TRUE(state_->blanked);
}

TEST_F(TemscriptServerTest, ARefusedMoveMovesNothing) {
  EXPECT_THAT(Put("stage_position", "{\"x\": 1e-8, \"y\": 99}"), HasSubstr("500 "));
  EXPECT_EQ(state_->at["stage.x"], 0);
}

TEST_F(TemscriptServerTest, WithoutItsTokenNothingIsTold) {
  protocol_ = TemscriptProtocol(&hub_, {.token = "0123456789abcdef"});
  for (const std::string header :
       {"", "Authorization: Bearer\r\n", "Authorization: Bearer 0123456789abcdeg\r\n",
        "Authorization: Bearer 0123456789abcdef0\r\n", "Authorization: 0123456789abcdef\r\n",
        "Authorization: Bearer \r\n"}) {
    EXPECT_THAT(Get("family", header), StartsWith("HTTP/1.1 401 ")) << header;
  }
  EXPECT_THAT(Get("family", "Authorization: Bearer 0123456789abcdef\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Put("beam_blanked", "false"), StartsWith("HTTP/1.1 401 "));
  EXPECT_TRUE(state_->blanked);
}

// The page of a browser that made its own name stand for this machine.
TEST_F(TemscriptServerTest, WhoAsksForANameIsRefused) {
  EXPECT_THAT(Ask("GET /v1/family HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  for (const std::string host : {"localhost:80", "127.0.0.1", "[::1]:8080", ""}) {
    EXPECT_THAT(Ask("GET /v1/family HTTP/1.1\r\nHost: " + host + "\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(TemscriptServerTest, FloodsAreRefused) {
  EXPECT_THAT(Put("probe_defocus", std::string(100000, '1')), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Get(std::string(10000, 'x')), StartsWith("HTTP/1.1 413 "));
}

}  // namespace
}  // namespace ronchi::hw
