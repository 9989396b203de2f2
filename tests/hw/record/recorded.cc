// The event log gives back what passed, to the bit; commands survive the way through JSON.
#include "hw/record/recorded.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/files.h"
#include "core/hash.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"
#include "tests/support/column.h"
#include "tests/support/command.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

namespace fs = std::filesystem;
using testing_support::SameReply;
using testing_support::TwinFromYaml;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kReals[] = {0.0,
                             -0.0,
                             0.1,
                             -1e-9 / 3,
                             std::numeric_limits<double>::min(),
                             std::numeric_limits<double>::denorm_min(),
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::epsilon(),
                             9007199254740993.0,
                             1e300,
                             kInf,
                             -kInf,
                             kNan};

// Every verb with this number wherever it has one.
std::vector<Command> EveryVerb(double v) {
  const std::string odd = "optics.C10 \"quoted\" \\ \n µ";
  return {Read{{"optics.C10", odd}},
          Read{},
          Set{odd, {v, Dimension::kDose}, true, v, -v},
          Set{"optics.C10", Nanometres(v), false},
          Scan{v, -v, v, v, 3, SIZE_MAX, v, 2, {"haadf", odd}},
          Scan{v, -v, v, v, 3, SIZE_MAX, v, 2, {"a"}, ScanPattern::kPoints, v, {{v, -v}, {-v, v}}},
          Scan{v, -v, v, v, 3, SIZE_MAX, v, 2, {"a"}, ScanPattern::kSpiral, -v, {}, v},
          Park{v, -v, v},
          Expose{odd, v},
          Expose{odd, v, -v, v, 7, SIZE_MAX},
          Measure{odd},
          Measure{odd, v, -v, v},
          Blank{},
          Unblank{},
          Safe{},
          Abort{}};
}

// The same to the bit, as far as the text shows: 17 digits, signs of zero, nan.
std::string Text(const Command& c) { return ToJson(c).dump(); }

bool SameBits(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

TEST(CommandJson, EveryVerbComesBackWithEveryBit) {
  for (double v : kReals) {
    for (const Command& c : EveryVerb(v)) {
      const auto parsed = nlohmann::json::parse(Text(c));
      const absl::StatusOr<Command> back = CommandFromJson(parsed);
      ASSERT_TRUE(back.ok()) << Text(c) << " " << back.status();
      EXPECT_EQ(back->index(), c.index());
      EXPECT_EQ(Text(*back), Text(c));
      if (const auto* park = std::get_if<Park>(&*back)) {
        EXPECT_TRUE(SameBits(park->x_m, v) && SameBits(park->y_m, -v)) << v;
      }
      if (const auto* scan = std::get_if<Scan>(&*back)) {
        EXPECT_EQ(scan->pixels_y, SIZE_MAX);
        EXPECT_EQ(scan->frames, 2u);
        EXPECT_TRUE(SameBits(scan->dwell_s, v) && SameBits(scan->center_y_m, -v));
        const Scan& was = std::get<Scan>(c);
        EXPECT_EQ(scan->pattern, was.pattern);
        EXPECT_TRUE(SameBits(scan->rotation_rad, was.rotation_rad));
        EXPECT_TRUE(SameBits(scan->turns, was.turns));
        ASSERT_EQ(scan->points_m.size(), was.points_m.size());
      }
      if (const auto* set = std::get_if<Set>(&*back)) {
        EXPECT_EQ(set->value.dimension, std::get<Set>(c).value.dimension);
        EXPECT_EQ(set->relative, std::get<Set>(c).relative);
        EXPECT_TRUE(SameBits(set->tolerance, std::get<Set>(c).tolerance));
        EXPECT_TRUE(SameBits(set->timeout_s, std::get<Set>(c).timeout_s));
      }
    }
  }
}

TEST(CommandJson, WhatIsNoCommandIsRefused) {
  for (const char* text :
       {"{}", "3", "null", "[]", R"({"verb":"fly"})", R"({"verb":"read"})",
        R"({"verb":"read","properties":3})", R"({"verb":"park","position_m":[0],"duration_s":1})",
        R"({"verb":"park","position_m":[0,"far"],"duration_s":1})",
        R"({"verb":"set","property":"x","value":{"si":1,"dimension":"mass"},"relative":false})",
        R"({"verb":"scan","center_m":[0,0],"fov_m":[1,1],"pixels":[-1,4],"dwell_s":1,"frames":1,)"
        R"("detectors":[]})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CommandFromJson(nlohmann::json::parse(text)).status()))
        << text;
  }
}

TEST(CommandJson, RepliesComeBackWithoutPixels) {
  Reply r{.time_s = 0.1, .elapsed_s = kInf, .electrons = 1e300, .dose_e_per_m2 = kNan};
  r.blanked = false;
  r.readings = {{"a", {-0.0, Dimension::kVoltage}, kInf, kNan},
                {"b", {1e-300, Dimension::kNone}, 0, 0.1}};
  r.ended = Ended::kTimeout;
  r.estimates = {{"aberrations", {"C10", "C12.a"}, {Metres(1e-9), Metres(kNan)}, {1, kInf, 0, 2}},
                 {"drift", {}, {}, {}}};
  r.frames = {{"haadf", Array<float>({2, 3}, 7.0f)}};
  const auto back = ReplyFromJson(nlohmann::json::parse(ToJson(r).dump()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(ToJson(*back).dump(), ToJson(r).dump());
  EXPECT_TRUE(std::signbit(back->readings[0].value.si));
  EXPECT_EQ(back->frames[0].counts, Array<float>({2, 3}));
  EXPECT_EQ(back->ended, Ended::kTimeout);
  ASSERT_EQ(back->estimates.size(), 2u);
  EXPECT_EQ(back->estimates[0].covariance.size(), 4u);
  EXPECT_EQ(back->readings[1].time_s, 0.1);
  auto absurd = ToJson(r);
  absurd["frames"][0]["shape"] = {1u << 31, 1u << 31, 4u};
  EXPECT_TRUE(absl::IsInvalidArgument(ReplyFromJson(absurd).status()));
}

// Every line with the checksum that its changed text should have.
std::string Resummed(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.rfind(",\"sum\":");
    const std::string body = line.substr(0, at) + "}";
    out += line.substr(0, at) + ",\"sum\":\"" + HashOf(body).LowHex() + "\"}\n";
  }
  return out;
}

class RecordedTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        (fs::path(testing::TempDir()) /
         (std::string("recorded_") + testing::UnitTest::GetInstance()->current_test_info()->name()))
            .string();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string Events() const { return *ReadFile(folder_ + "/events.jsonl"); }
  void Write(const std::string& file, const std::string& bytes) {
    std::ofstream(folder_ + "/" + file, std::ios::binary) << bytes;
  }
  // Runs a short session; returns what the instrument answered.
  std::vector<std::pair<Command, absl::StatusOr<Reply>>> Session() {
    auto log = EventLog::Create(folder_);
    RONCHI_CHECK(log.ok());
    auto instrument = MakeRecorded(*MakeTwin(TwinFromYaml(), 3), "deploy", *log);
    Scan scan{.fov_x_m = 1e-9,
              .fov_y_m = 2e-9,
              .pixels_x = 8,
              .pixels_y = 5,
              .dwell_s = 1e-6,
              .frames = 2,
              .detectors = {"haadf"}};
    Scan bad = scan;
    bad.dwell_s = kNan;
    std::vector<std::pair<Command, absl::StatusOr<Reply>>> said;
    for (const Command& c :
         std::vector<Command>{scan, Unblank{}, Read{{"beam.current", "optics.C10"}}, scan,
                              Set{"optics.C10", Nanometres(1.5)},
                              Set{"optics.C10", Nanometres(kNan)}, bad, Park{0, 1e-9, 0.1}, scan,
                              Expose{"c", 1}, Measure{"\xe5ngstrom"}, Abort{}, Blank{}, Safe{}}) {
      said.emplace_back(c, instrument->Execute(c));
      RONCHI_CHECK((*log)->Note("remark", "after " + VerbName(c)).ok());
    }
    return said;
  }
  std::string folder_;
};

TEST_F(RecordedTest, TheLogGivesBackWhatPassedToTheBit) {
  const auto said = Session();
  const auto log = ReadEventLog(folder_);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(log->size(), said.size());  // the notes are left out
  int errors = 0, frames = 0;
  for (size_t i = 0; i < said.size(); ++i) {
    const auto& [command, reply] = said[i];
    const LoggedEvent& event = (*log)[i];
    EXPECT_EQ(event.instrument, "deploy");
    if (VerbName(command) != "measure") {  // its name was no UTF-8
      EXPECT_EQ(Text(event.command), Text(command));
    }
    ASSERT_EQ(event.reply.ok(), reply.ok()) << i;
    if (reply.ok()) {
      EXPECT_TRUE(SameReply(*event.reply, *reply)) << VerbName(command);
      frames += int(reply->frames.size());
    } else {
      EXPECT_EQ(event.reply.status(), reply.status());
      ++errors;
    }
  }
  EXPECT_EQ(errors, 5);
  EXPECT_EQ(frames, 4);
}

TEST_F(RecordedTest, TheSameRunGivesTheSameBytes) {
  Session();
  const std::string events = Events(), frames = *ReadFile(folder_ + "/frames.f32");
  SetUp();
  Session();
  EXPECT_EQ(Events(), events);
  EXPECT_EQ(*ReadFile(folder_ + "/frames.f32"), frames);
}

TEST_F(RecordedTest, NothingIsOverwritten) {
  Session();
  const std::string events = Events();
  EXPECT_TRUE(absl::IsAlreadyExists(EventLog::Create(folder_).status()));
  EXPECT_EQ(Events(), events);
  EXPECT_TRUE(absl::IsNotFound(EventLog::Create(folder_ + "/missing").status()));
}

TEST_F(RecordedTest, AGarbledLogIsToldByFileAndLine) {
  Session();
  const std::string events = Events(), frames = *ReadFile(folder_ + "/frames.f32");
  auto expect = [&](const std::string& text, int line) {
    Write("events.jsonl", text);
    const auto log = ReadEventLog(folder_);
    ASSERT_TRUE(absl::IsInvalidArgument(log.status())) << log.status();
    const std::string start = folder_ + "/events.jsonl:" + std::to_string(line) + ": ";
    EXPECT_EQ(std::string(log.status().message()).rfind(start, 0), 0u) << log.status();
  };
  auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = events;
    const size_t at = text.find(from);
    RONCHI_CHECK(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  const int lines = int(std::count(events.begin(), events.end(), '\n'));
  expect(events.substr(0, events.size() - 20), lines);  // cut within the last line
  expect("garbage\n" + events, 1);
  expect(changed(R"("blanked":false)", R"("blanked":true)"), 4);  // one word, without its sum
  for (const bool summed : {false, true}) {  // by whoever makes the sum right again, too
    const auto with = [&](const std::string& from, const std::string& to) {
      return summed ? Resummed(changed(from, to)) : changed(from, to);
    };
    expect(with(R"("verb":"unblank")", R"("verb":"unplank")"), 4);
    expect(with(R"("blanked":false)", R"("blanked":"no")"), 4);
    expect(with(R"("frame_offset":0)", R"("frame_offset":-1)"), 8);
    expect(with(R"("frame_offset":0)", R"("frame_offset":4611686018427387900)"), 8);
    expect(with(R"("shape":[5,8])", R"("shape":[5,-8])"), 8);
    expect(with(R"("shape":[5,8])", R"("shape":[5000000000,8])"), 8);
    expect(with(R"("dimension":"length")", R"("dimension":"lengths")"), 1);  // the description's
  }
  Write("events.jsonl", events);
  Write("frames.f32", frames.substr(0, frames.size() - 4));
  const auto cut = ReadEventLog(folder_);
  ASSERT_TRUE(absl::IsInvalidArgument(cut.status()));
  EXPECT_NE(cut.status().message().find("frames.f32 ends before"), std::string::npos);
  std::string flipped = frames;
  flipped[flipped.size() / 2] ^= 1;
  Write("frames.f32", flipped);
  EXPECT_NE(ReadEventLog(folder_).status().message().find("checksum"), std::string::npos);
}

// Cut anywhere in its last line, as by a kill, a recording still gives all that is whole.
TEST_F(RecordedTest, ATornEndIsPassedOverAndTold) {
  Session();
  const std::string events = Events();
  const size_t whole = ReadRecording(folder_)->events.size();
  EXPECT_EQ(ReadRecording(folder_)->torn, "");
  const size_t note = events.rfind('\n', events.size() - 2) + 1;  // the last line is a note
  for (size_t n = note + 1; n < events.size(); n += 7) {
    Write("events.jsonl", events.substr(0, n));
    const auto log = ReadRecording(folder_);
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_EQ(log->events.size(), whole);
    EXPECT_NE(log->torn.find("the last line is cut off"), std::string::npos);
    EXPECT_FALSE(ReadEventLog(folder_).ok());
  }
}

// The description is in the log, bit for bit.
TEST_F(RecordedTest, TheLogKnowsTheInstrument) {
  Session();
  const auto log = ReadRecording(folder_);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_TRUE(log->descriptions.contains("deploy"));
  const Description was = (*MakeTwin(TwinFromYaml(), 3))->description();
  EXPECT_EQ(ToJson(log->descriptions.at("deploy")).dump(), ToJson(was).dump());
  EXPECT_EQ(log->descriptions.at("deploy").FindProperty("optics.C10")->max,
            was.FindProperty("optics.C10")->max);
  EXPECT_EQ(log->descriptions.at("deploy").cannot, was.cannot);
}

TEST_F(RecordedTest, HostClockAndRawBytesStandBeside) {
  const auto log = *EventLog::Create(folder_, {.host_clock = true});
  ASSERT_TRUE(log->Raw("deploy", true, std::string("\0\xff GET", 6)).ok());
  ASSERT_TRUE(log->Note("a", "b").ok());
  const std::string clock = *ReadFile(folder_ + "/host_clock.tsv");
  EXPECT_EQ(std::count(clock.begin(), clock.end(), '\n'), 2);
  EXPECT_EQ(clock.substr(0, 2), "0\t");
  const auto line = nlohmann::json::parse(Events().substr(0, Events().find('\n')));
  EXPECT_EQ(line["raw"], "sent");
  EXPECT_EQ(*FromBase64(line["base64"].get<std::string>()), std::string("\0\xff GET", 6));
  EXPECT_TRUE(ReadRecording(folder_).ok());
}

// A command without a record is an error, and not one of bad input: a guard outside blanks. The
// disk is full in effect when no file may grow any more.
TEST_F(RecordedTest, ACommandThatCannotBeRecordedIsAFault) {
  auto log = EventLog::Create(folder_);
  ASSERT_TRUE(log.ok());
  auto instrument = MakeRecorded(*MakeTwin(TwinFromYaml(), 3), "deploy", *log);
  ASSERT_TRUE(instrument->Execute(Unblank{}).ok());
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none{Events().size(), before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  const auto r = instrument->Execute(Read{{"beam.current"}});
  const auto blank = instrument->Execute(Blank{});  // confirmed without a record
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(absl::IsDataLoss(r.status())) << r.status();
  ASSERT_TRUE(blank.ok()) << blank.status();
  EXPECT_TRUE(blank->blanked);
  EXPECT_TRUE((*log)->Sync().ok());
  EXPECT_NE(Events().find("deploy: blank, confirmed"), std::string::npos)
      << "in place of it, later";
}

// Killed between the making of the two files: nothing was recorded, and reading says so.
TEST(Recording, AnEmptyLogNeedsNoFrames) {
  const testing_support::TemporaryFolder folder;
  testing_support::WriteAll(folder / "events.jsonl", "");
  const auto log = ReadRecording(folder.path().string());
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_TRUE(log->events.empty());
  testing_support::WriteAll(folder / "events.jsonl", "{\"note\":\"x\"");
  EXPECT_FALSE(ReadRecording(folder.path().string()).ok());  // then there is to be the other file
}

}  // namespace
}  // namespace ronchi::hw
