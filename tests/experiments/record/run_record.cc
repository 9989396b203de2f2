#include "experiments/record/run_record.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/report/run_report.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

using testing_support::ReadAll;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

AlarmCount Count(std::vector<int> disturbed, const std::vector<int>& alarms) {
  RunRecord r;
  r.deploy.has_truth = true;
  r.disturbed_at = std::move(disturbed);
  for (int image : alarms) r.deploy.alarms.push_back({image, "C10", "C10", {}});
  return CountAlarms(r);
}

TEST(CountAlarms, TellsRightFromFalse) {
  struct Case {
    std::vector<int> disturbed, alarms;
    int right, false_alarms, delay;
  };
  const Case cases[] = {
      {{}, {}, 0, 0, -1},
      {{}, {5, 9}, 0, 2, -1},  // nothing happened: all are false
      {{10}, {}, 0, 0, -1},    // missed
      {{10}, {10}, 1, 0, 1},   // at the disturbed image itself
      {{10}, {13}, 1, 0, 4},
      {{10}, {9}, 0, 1, -1},  // one too early does not count
      {{10}, {9, 12}, 1, 1, 3},
      {{10}, {12, 20}, 1, 1, 3},      // the second for one disturbance is false
      {{10, 30}, {12, 33}, 2, 0, 3},  // the delay is the first disturbance's
      {{10, 30}, {33}, 1, 0, -1},     // the first was missed: its delay is unknown
      {{10, 30}, {12, 20, 33}, 2, 1, 3},
  };
  for (const Case& c : cases) {
    const AlarmCount count = Count(c.disturbed, c.alarms);
    const std::string what =
        ::testing::PrintToString(c.disturbed) + " against " + ::testing::PrintToString(c.alarms);
    EXPECT_EQ(count.right, c.right) << what;
    EXPECT_EQ(count.false_alarms, c.false_alarms) << what;
    EXPECT_EQ(count.delay_images, c.delay) << what;
  }
}

TEST(CountAlarms, NobodyKnowsWithoutGroundTruth) {
  RunRecord r;
  r.deploy.alarms = {{5, "C10", "C10", {}}};
  EXPECT_FALSE(CountAlarms(r).known);
  EXPECT_EQ(CountAlarms(r).false_alarms, 0);
  const nlohmann::json deploy = Summarise(r).at("deploy");
  for (const char* key : {"alarms_right", "alarms_false", "alarm_delay_images"}) {
    EXPECT_TRUE(deploy.at(key).is_null()) << key;
  }
  EXPECT_THAT(RunTable(r), testing::AllOf(testing::HasSubstr("not watched"),
                                          testing::Not(testing::HasSubstr("false"))));
  r.deploy.armed_at = 2;
  EXPECT_THAT(RunTable(r), testing::Not(testing::HasSubstr("false")));
}

Trace SomeTrace(int rows) {
  Trace t;
  for (int i = 0; i < rows; ++i) {
    t.Begin(Array<float>({2, 3}, {0.5f * float(i), 1, 2, 3, 4, 5}));
    for (const char* name : {"time_s", "dose_e_per_A2", "contrast", "true_ratio", "true_C10_nm"}) {
      t.Put(name, 1.0 / (i + 1));
    }
    if (i != 1) t.Put("log10_statistic", -i);  // a gap
  }
  return t;
}

RunRecord SomeRecord() {
  RunRecord r;
  r.name = "some";
  r.title = "A \"title\" with <marks> & ü";
  r.agent = "gp";
  r.config = "version: 1\n";
  r.commit = "0123456789ab";
  r.version = "1.2.3";
  r.seed = ~uint64_t{0};  // beyond what a double holds
  r.frames_between_false_alarms = 2000;
  r.training.steps = 77;
  r.training.episodes = 3;
  r.tune = SomeTrace(2);
  r.tune_steps_planned = 1;
  r.deploy.trace = SomeTrace(4);
  r.deploy.alarms = {{3, "C12a", "none of these", {0.1, -2, 1e-17}}};
  r.deploy.armed_at = 1;
  r.deploy.probing_images = 6;
  r.deploy.ended_by = "steps";
  r.deploy.steps_planned = 3;
  r.disturbed_at = {2};
  return r;
}

void ExpectSame(const Trace& a, const Trace& b) {
  ASSERT_EQ(a.rows(), b.rows());
  for (size_t i = 0; i < a.rows(); ++i) {
    EXPECT_EQ(a.images[i].shape(), b.images[i].shape());
    EXPECT_TRUE(std::equal(a.images[i].begin(), a.images[i].end(), b.images[i].begin()));
  }
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (const auto& [name, values] : a.columns) {
    ASSERT_EQ(b[name].size(), values.size()) << name;
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i]))
        EXPECT_TRUE(std::isnan(b[name][i])) << name;
      else
        EXPECT_EQ(values[i], b[name][i]) << name;
    }
  }
}

TEST(RunRecord, ComesBackAsItWasWritten) {
  const TemporaryFolder folder;
  const RunRecord r = SomeRecord();
  WriteAll(folder / "config.yaml", r.config);
  ASSERT_TRUE(WriteRunRecord(folder.path(), r).ok());
  const auto back = ReadRunRecord(folder.path());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(Summarise(*back), Summarise(r));
  EXPECT_EQ(back->seed, r.seed);
  EXPECT_EQ(back->config, r.config);
  ExpectSame(back->deploy.trace, r.deploy.trace);
  ASSERT_TRUE(back->tune.has_value());
  ExpectSame(*back->tune, *r.tune);
  EXPECT_EQ(back->deploy.alarms[0].moved_nm, r.deploy.alarms[0].moved_nm);
  // And so does what is made of it.
  ASSERT_TRUE(WriteRunReport(folder / "a.html", r).ok());
  ASSERT_TRUE(WriteRunReport(folder / "b.html", *back).ok());
  EXPECT_TRUE(ReadAll(folder / "a.html") == ReadAll(folder / "b.html"));
  EXPECT_EQ(RunTable(*back), RunTable(r));
}

TEST(RunRecord, WithoutTuning) {
  const TemporaryFolder folder;
  RunRecord r = SomeRecord();
  r.tune.reset();
  WriteAll(folder / "config.yaml", r.config);
  ASSERT_TRUE(WriteRunRecord(folder.path(), r).ok());
  const auto back = ReadRunRecord(folder.path());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_FALSE(back->tune.has_value());
  EXPECT_EQ(RunTable(*back).find("tune"), std::string::npos);
}

// The summary of a version that named no ending and counted no steps planned.
TEST(RunRecord, OfAnEarlierVersionIsRead) {
  const TemporaryFolder folder;
  const RunRecord r = SomeRecord();
  WriteAll(folder / "config.yaml", r.config);
  ASSERT_TRUE(WriteRunRecord(folder.path(), r).ok());
  nlohmann::json summary = nlohmann::json::parse(ReadAll(folder / "summary.json"));
  for (const char* key : {"ending", "environment"}) summary.erase(key);
  for (const char* key : {"steps_planned", "episodes", "watched", "has_ground_truth"}) {
    summary["deploy"].erase(key);
  }
  summary["tune"].erase("steps_planned");
  const struct {
    bool interrupted;
    const char* ended_by;
    Ending ending;
  } cases[] = {{false, "steps", Ending::kDone},
               {true, "interrupted", Ending::kInterrupted},
               {false, "the guard refused", Ending::kEarly}};
  for (const auto& c : cases) {
    summary["interrupted"] = c.interrupted;
    summary["ended_by"] = c.ended_by;
    WriteAll(folder / "summary.json", summary.dump());
    const auto back = ReadRunRecord(folder.path());
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->deploy.ending, c.ending) << c.ended_by;
    EXPECT_EQ(back->environment, "AberrationTuning-v0");
    EXPECT_EQ(back->deploy.steps_planned, 3);
    EXPECT_EQ(back->tune_steps_planned, 1);
    EXPECT_TRUE(back->deploy.has_truth);
    EXPECT_TRUE(WriteRunReport(folder / "report.html", *back).ok());
  }
}

// Whatever ended a deployment before its end is said in red, by the table and by the exit status,
// and nothing that was not shown is green.
TEST(RunRecord, WhatEndedEarlySaysSo) {
  const TemporaryFolder folder;
  RunRecord r = SomeRecord();
  r.deploy.has_truth = true;
  WriteAll(folder / "config.yaml", r.config);
  ASSERT_TRUE(WriteRunReport(folder / "whole.html", r).ok());
  const std::string whole = ReadAll(folder / "whole.html");
  EXPECT_EQ(whole.find("class=\"banner"), std::string::npos);
  EXPECT_THAT(whole, ::testing::HasSubstr("tile good"));
  EXPECT_EQ(RunTable(r).find("not all"), std::string::npos);
  struct Case {
    Ending ending;
    const char* why;
    const char* says;
  };
  for (const Case& c : {Case{Ending::kEarly, "refused by the guard: the dose <there>",
                             "ended early after 3 of 150 steps"},
                        Case{Ending::kFault, "the beam is lost", "failed after 3 of 150 steps"},
                        Case{Ending::kInterrupted, "interrupted", "interrupted after 3 of 150"}}) {
    r.deploy.steps_planned = 150;
    r.deploy.ending = c.ending;
    r.deploy.ended_by = c.why;
    r.deploy.armed_at = -1;
    r.deploy.alarms.clear();
    r.disturbed_at.clear();
    r.tune.reset();
    ASSERT_TRUE(WriteRunRecord(folder.path(), r).ok());
    const auto back = ReadRunRecord(folder.path());
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(Summarise(*back), Summarise(r));
    ASSERT_TRUE(WriteRunReport(folder / "early.html", *back).ok());
    const std::string early = ReadAll(folder / "early.html");
    EXPECT_THAT(early, ::testing::HasSubstr("class=\"banner bad\""));
    EXPECT_THAT(early, ::testing::HasSubstr(c.says));
    EXPECT_THAT(early, ::testing::HasSubstr("tile bad"));
    EXPECT_EQ(early.find("tile good"), std::string::npos) << "green, though nothing was watched";
    EXPECT_THAT(RunTable(*back), ::testing::HasSubstr("deploy (not all)"));
    EXPECT_THAT(DescribeEnding(back->deploy).what, ::testing::HasSubstr(c.says));
  }
  EXPECT_THAT(ReadAll(folder / "early.html"), ::testing::HasSubstr("never came to rest"));
  EXPECT_EQ(ExitStatus(Ending::kDone), 0);
  EXPECT_EQ(ExitStatus(Ending::kEarly), 3);
  EXPECT_EQ(ExitStatus(Ending::kFault), 1);
  EXPECT_EQ(ExitStatus(Ending::kInterrupted), 130);
}

TEST(RunRecord, TrainingAndTuningThatWereInterruptedAreNotGreen) {
  const TemporaryFolder folder;
  RunRecord r = SomeRecord();
  r.tune->columns["true_ratio"] = {0.99, 0.99};
  ASSERT_TRUE(WriteRunReport(folder / "a.html", r).ok());
  EXPECT_THAT(ReadAll(folder / "a.html"),
              ::testing::HasSubstr("tile good\"><span class=\"name\">Tuned"));
  r.tune_steps_planned = 45;
  r.training.interrupted = true;
  WriteAll(folder / "config.yaml", r.config);
  ASSERT_TRUE(WriteRunRecord(folder.path(), r).ok());
  const auto back = ReadRunRecord(folder.path());
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_TRUE(WriteRunReport(folder / "b.html", *back).ok());
  const std::string html = ReadAll(folder / "b.html");
  EXPECT_EQ(html.find("tile good\"><span class=\"name\">Tuned"), std::string::npos);
  EXPECT_THAT(html, ::testing::HasSubstr("interrupted before its end"));
  EXPECT_THAT(RunTable(*back), ::testing::HasSubstr("tune (not all)"));
}

// During an alarm's own images the run may end: what moved is then not known, and not 0.
TEST(RunRecord, AnAlarmWithoutAnEstimateShowsNoNumbers) {
  const TemporaryFolder folder;
  RunRecord r = SomeRecord();
  r.deploy.alarms = {{3, "C12a", "", {0, 0, 0}}};
  ASSERT_TRUE(WriteRunReport(folder / "a.html", r).ok());
  const std::string html = ReadAll(folder / "a.html");
  EXPECT_THAT(html, ::testing::HasSubstr("not known: the run ended first"));
  EXPECT_EQ(html.find("+0.00"), std::string::npos);
}

TEST(RunRecord, DamageIsNamed) {
  const TemporaryFolder folder;
  const RunRecord r = SomeRecord();
  WriteAll(folder / "config.yaml", r.config);
  ASSERT_TRUE(WriteRunRecord(folder.path(), r).ok());
  const std::string good = ReadAll(folder / "summary.json");
  nlohmann::json without = nlohmann::json::parse(good);
  without.erase("seed");
  nlohmann::json wrong = nlohmann::json::parse(good);
  wrong["alarms"][0]["moved_nm"] = {1, 2};
  for (const std::string& bad :
       {std::string(), good.substr(0, 40), std::string("[]"), without.dump(), wrong.dump()}) {
    WriteAll(folder / "summary.json", bad);
    const absl::Status s = ReadRunRecord(folder.path()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(s)) << s << " for " << bad;
    EXPECT_THAT(std::string(s.message()), ::testing::HasSubstr("summary.json"));
  }
  WriteAll(folder / "summary.json", good);
  std::filesystem::remove(folder / "data.hdf5");
  EXPECT_TRUE(absl::IsNotFound(ReadRunRecord(folder.path()).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadRunRecord(folder / "absent").status()));
}

}  // namespace
}  // namespace ronchi
