// Retrying, Faulty, Slow, Composite, Leased, Replayed: each against what its header says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "core/background.h"
#include "hw/composite.h"
#include "hw/faulty.h"
#include "hw/leased.h"
#include "hw/recorded.h"
#include "hw/replayed.h"
#include "hw/retrying.h"
#include "hw/slow.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SameReply;
using testing_support::Seen;
using testing_support::SmallScan;
using testing_support::Spy;
using testing_support::TwinFromYaml;

// ---- Retrying.

// Which commands are repeated after which errors: the whole table.
TEST(Retrying, RepeatsOnlyWhatCannotDoHarm) {
  using Kind = ErrorKind;
  const Command commands[] = {Read{{"a"}},  Set{"a"}, Set{"a", {}, true},
                              SmallScan(),  Park{},   Expose{},
                              Measure{"d"}, Blank{},  Safe{}};
  for (int k = 0; k < kErrorKinds; ++k) {
    for (Effect effect : {Effect::kNone, Effect::kPerhaps, Effect::kDone}) {
      for (const Command& c : commands) {
        const bool link =
            Kind(k) == Kind::kCommunication || Kind(k) == Kind::kTimeout || Kind(k) == Kind::kBusy;
        const auto* set = std::get_if<Set>(&c);
        const bool harmful = Exposes(c) || (set && set->relative);
        EXPECT_EQ(MayRepeat(c, MakeError({Kind(k), "x", "", effect})),
                  link && (effect == Effect::kNone || !harmful))
            << VerbName(c) << " " << KindName(Kind(k));
      }
    }
  }
}

TEST(Retrying, CountsAndBacksOff) {
  auto seen = std::make_shared<Seen>();
  int failures = 2;
  std::vector<double> waits;
  RetryOptions options{.attempts = 5, .first_wait_s = 0.1, .longest_wait_s = 0.3};
  options.wait = [&](double s) { waits.push_back(s); };
  auto instrument = MakeRetrying(std::make_unique<Spy>(std::make_unique<NullInstrument>(), seen,
                                                       [&](const Command&) {
                                                         return failures-- > 0
                                                                    ? absl::UnavailableError("link")
                                                                    : absl::OkStatus();
                                                       }),
                                 options);
  EXPECT_TRUE(instrument->Execute(Read{{"optics.C10"}}).ok());
  EXPECT_EQ(seen->commands.size(), 3u);
  EXPECT_THAT(waits, testing::ElementsAre(0.1, 0.2));
  failures = 100;
  waits.clear();
  const absl::Status s = instrument->Execute(Set{"optics.C10", Nanometres(1)}).status();
  EXPECT_THAT(std::string(s.message()), HasSubstr("after 5 attempts"));
  EXPECT_THAT(waits, testing::ElementsAre(0.1, 0.2, 0.3, 0.3));
  failures = 1;
  seen->commands.clear();
  EXPECT_FALSE(instrument->Execute(Set{"optics.C10", Nanometres(1), true}).ok());
  EXPECT_EQ(seen->commands.size(), 1u) << "a relative move is never repeated";
}

// ---- Faulty, Slow.

TEST(Faulty, FaultsComeAsOftenAsAskedAndTheSameEveryTime) {
  constexpr int kN = 20000;
  const FaultOptions options{.lost_before = 0.1, .busy = 0.05, .throws = 0.02, .seed = 3};
  auto a = MakeFaulty(std::make_unique<NullInstrument>(), options);
  auto b = MakeFaulty(std::make_unique<NullInstrument>(), options);
  std::map<absl::StatusCode, int> count;
  for (int i = 0; i < kN; ++i) {
    const absl::Status s = a->Execute(Read{{"optics.C10"}}).status();
    EXPECT_EQ(s, b->Execute(Read{{"optics.C10"}}).status());
    ++count[s.code()];
  }
  // Binomial: five standard deviations.
  const auto near = [&](absl::StatusCode code, double p) {
    EXPECT_NEAR(count[code], kN * p, 5 * std::sqrt(kN * p * (1 - p)));
  };
  near(absl::StatusCode::kUnavailable, 0.1);
  near(absl::StatusCode::kResourceExhausted, 0.05);
  near(absl::StatusCode::kInternal, 0.02);
}

TEST(Slow, WaitsAndEndsItsWaitWhenCancelled) {
  auto slow = MakeSlow(std::make_unique<NullInstrument>(), {.latency_s = 0.05});
  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  EXPECT_TRUE(slow->Execute(Read{{"optics.C10"}}).ok());
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(50));
  slow = MakeSlow(std::make_unique<NullInstrument>(), {.latency_s = 30});
  start = Clock::now();
  CancelToken token;
  token.SetDeadline(start + std::chrono::milliseconds(50));
  ExecuteOptions options;
  options.cancel = &token;
  EXPECT_TRUE(absl::IsCancelled(slow->Execute(Set{"optics.C10", Nanometres(1)}, options).status()));
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  slow = MakeSlow(*MakeTwin(TwinFromYaml(), 1), {.real_time = 1});
  start = Clock::now();
  const Reply reply = *slow->Execute(Set{"optics.C10", Nanometres(1)});  // settles for 50 ms
  EXPECT_GE(Clock::now() - start, std::chrono::duration<double>(reply.elapsed_s));
}

// ---- Composite.

// A camera with a property of its own.
class Camera final : public Instrument {
 public:
  explicit Camera(std::shared_ptr<std::vector<std::string>> log) : log_(std::move(log)) {
    description_.id = "camera";
    description_.properties.push_back({.name = "camera.gain", .writable = true, .meaning = ""});
    description_.detectors.push_back(
        {.name = "ceta", .kind = DetectorKind::kCamera, .pixels_x = 4, .pixels_y = 2});
    description_.cannot = {"scan", "park", "measure", "blank", "unblank"};
  }
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions&) override {
    log_->push_back(VerbName(command));
    Reply reply;
    reply.time_s = 1e9;  // another clock
    if (const auto* e = std::get_if<Expose>(&command)) {
      reply.frames.push_back({e->camera, Array<float>({2, 4})});
    }
    if (const auto* read = std::get_if<Read>(&command)) {
      for (const auto& name : read->properties) reply.readings.push_back({name, Number(2)});
    }
    return reply;
  }
  Description description_;
  std::shared_ptr<std::vector<std::string>> log_;
};

class CompositeTest : public testing::Test {
 protected:
  CompositeTest() {
    std::vector<std::unique_ptr<Instrument>> parts;
    parts.push_back(std::make_unique<NullInstrument>(state_));
    parts.push_back(std::make_unique<Camera>(log_));
    composite_ = *MakeComposite(std::move(parts));
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  std::shared_ptr<std::vector<std::string>> log_ = std::make_shared<std::vector<std::string>>();
  std::unique_ptr<Instrument> composite_;
};

TEST_F(CompositeTest, RoutesByWhoHasIt) {
  const Reply read = *composite_->Execute(Read{{"camera.gain", "optics.C10", "beam.current"}});
  ASSERT_EQ(read.readings.size(), 3u);
  EXPECT_EQ(read.readings[0].property, "camera.gain");
  EXPECT_EQ(read.readings[0].value.si, 2);
  EXPECT_EQ(read.readings[2].property, "beam.current");
  EXPECT_LT(read.time_s, 1e6) << "the column's clock";
  EXPECT_TRUE(absl::IsFailedPrecondition(composite_->Execute(Expose{"ceta", 0.1}).status()))
      << "blanked: the column refuses to park";
  ASSERT_TRUE(composite_->Execute(Unblank{}).ok());
  EXPECT_EQ(composite_->Execute(Expose{"ceta", 0.1})->frames.size(), 1u);
  EXPECT_TRUE(composite_->Execute(SmallScan()).ok());
  Scan with_camera = SmallScan();
  with_camera.detectors = {"ceta"};
  EXPECT_TRUE(absl::IsUnimplemented(composite_->Execute(with_camera).status()));
  EXPECT_TRUE(absl::IsNotFound(composite_->Execute(Read{{"nonsense"}}).status()));
}

TEST_F(CompositeTest, SafeReachesEveryPart) {
  ASSERT_TRUE(composite_->Execute(Unblank{}).ok());
  log_->clear();
  EXPECT_TRUE(composite_->Execute(Safe{})->blanked);
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(*log_, testing::ElementsAre("safe"));
}

TEST(Composite, NamesInTwoPartsAreRefused) {
  std::vector<std::unique_ptr<Instrument>> parts;
  parts.push_back(std::make_unique<NullInstrument>());
  parts.push_back(std::make_unique<NullInstrument>());
  EXPECT_THAT(std::string(MakeComposite(std::move(parts)).status().message()),
              HasSubstr("two parts have 'optics.C10'"));
  EXPECT_FALSE(MakeComposite({}).ok());
}

// ---- Leased.

class LeasedTest : public testing::Test {
 protected:
  LeasedTest() {
    LeaseOptions options;
    options.compared = {{"stage.x", 1e-9}};
    options.on_foreign_hand = [this](const std::string& what) { told_ = what; };
    desk_ = *LeaseDesk::Create(std::make_unique<NullInstrument>(state_), options);
    agent_ = desk_->MakeLeased("agent");
    person_ = desk_->MakeLeased("person");
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  std::string told_;
  std::shared_ptr<LeaseDesk> desk_;
  std::unique_ptr<Instrument> agent_, person_;
};

TEST_F(LeasedTest, OneWriter) {
  const Command move = Set{"stage.x", Nanometres(10)};
  EXPECT_TRUE(absl::IsPermissionDenied(agent_->Execute(move).status())) << "nobody has it";
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  EXPECT_TRUE(agent_->Execute(move).ok());
  EXPECT_FALSE(desk_->Acquire("person").ok());
  const absl::Status refused = person_->Execute(move).status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("'agent' does"));
  EXPECT_TRUE(person_->Execute(Read{{"stage.x"}}).ok()) << "anybody reads";
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  EXPECT_TRUE(person_->Execute(Blank{})->blanked) << "and blanks";
  desk_->Release("agent");
  EXPECT_TRUE(desk_->Acquire("person").ok());
}

TEST_F(LeasedTest, AForeignHandStopsTheAgentAndIsReported) {
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  ASSERT_TRUE(agent_->Execute(Set{"stage.x", Nanometres(10)}).ok());
  ASSERT_TRUE(agent_->Execute(SmallScan()).ok());
  state_->at["stage.x"] = 12e-9;  // somebody turns a knob
  EXPECT_TRUE(absl::IsPermissionDenied(agent_->Execute(SmallScan()).status()));
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(told_, HasSubstr("stage.x stands at 12 nm, last here 10 nm"));
  EXPECT_EQ(desk_->holder(), "");
  EXPECT_FALSE(desk_->Acquire("agent").ok()) << "it does not take it back by itself";
  ASSERT_TRUE(desk_->TakeOver("person").ok());
  EXPECT_TRUE(person_->Execute(Set{"stage.x", Nanometres(0)}).ok());
  desk_->Release("person");
  EXPECT_TRUE(desk_->Acquire("agent").ok());
  EXPECT_TRUE(agent_->Execute(Set{"stage.x", Nanometres(1)}).ok());
}

TEST_F(LeasedTest, TakingOverCancelsWhatRuns) {
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  state_->stall_s = 10;
  absl::StatusOr<Reply> reply = Reply{};
  {
    const Background scanning([&] { reply = agent_->Execute(SmallScan()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(desk_->TakeOver("person").ok());
  }
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_TRUE(absl::IsPermissionDenied(agent_->Execute(SmallScan()).status()));
}

TEST_F(LeasedTest, WhoLeavesWithTheLeaseBlanks) {
  ASSERT_TRUE(desk_->Acquire("agent").ok());
  ASSERT_TRUE(agent_->Execute(Unblank{}).ok());
  agent_.reset();
  EXPECT_TRUE(state_->blanked);
  EXPECT_EQ(desk_->holder(), "");
}

// ---- Replayed.

class ReplayedTest : public testing::Test {
 protected:
  ReplayedTest() : folder_(testing::TempDir() + "replayed") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    auto recorded =
        MakeRecorded(*MakeTwin(TwinFromYaml(), 3), "deploy", *EventLog::Create(folder_));
    commands_ = {SmallScan(),
                 Unblank{},
                 Read{{"beam.current"}},
                 Set{"optics.C10", Nanometres(2)},
                 SmallScan(),
                 Park{0, 0, 1e-6},
                 SmallScan()};
    for (const Command& c : commands_) said_.push_back(recorded->Execute(c));
  }
  ~ReplayedTest() override { fs::remove_all(folder_); }
  std::string folder_;
  std::vector<Command> commands_;
  std::vector<absl::StatusOr<Reply>> said_;
};

TEST_F(ReplayedTest, TheSameCommandsGetTheSameReplies) {
  auto replayed = OpenReplayed(folder_, "deploy");
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ((*replayed)->description().id, "twin:corrected_200kV");
  for (size_t i = 0; i < commands_.size(); ++i) {
    std::vector<float> streamed;
    ExecuteOptions options;
    options.on_line = [&](const ScanLine& l) {
      streamed.insert(streamed.end(), l.counts.begin(), l.counts.end());
    };
    const auto reply = (*replayed)->Execute(commands_[i], options);
    ASSERT_EQ(reply.status(), said_[i].status()) << i;
    if (!reply.ok()) continue;
    EXPECT_TRUE(SameReply(*reply, *said_[i])) << i;
    EXPECT_EQ(streamed.size(), reply->frames.empty() ? 0u : reply->frames[0].counts.size());
  }
  EXPECT_TRUE(absl::IsOutOfRange((*replayed)->Execute(Read{{"beam.current"}}).status()));
  EXPECT_TRUE((*replayed)->Execute(Safe{})->blanked);
  EXPECT_TRUE(absl::IsNotFound(OpenReplayed(folder_, "tune").status()));
}

TEST_F(ReplayedTest, AnotherCommandIsToldByEventAndDifference) {
  auto replayed = *OpenReplayed(folder_, "deploy");
  ASSERT_EQ(replayed->Execute(commands_[0]).status(), said_[0].status());
  const absl::Status s = replayed->Execute(Set{"optics.C10", Nanometres(2)}).status();
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware);
  EXPECT_FALSE(MayHaveHappened(s));
  EXPECT_THAT(std::string(s.message()),
              HasSubstr("event 2: the log has 'unblank', asked was 'set optics.C10 to 2 nm'"));
  // Whoever guards it can always blank, and the clock does not run back.
  const auto safe = replayed->Execute(Safe{});
  ASSERT_TRUE(safe.ok()) << safe.status();
  EXPECT_TRUE(safe->blanked);
  EXPECT_TRUE(replayed->Execute(commands_[1]).ok()) << "the right one still goes";
  ASSERT_TRUE(replayed->Execute(commands_[2]).ok());
  EXPECT_EQ(replayed->Execute(Blank{})->time_s, said_[2]->time_s);
  const absl::Status last_bit =
      replayed->Execute(Set{"optics.C10", {std::nextafter(2e-9, 1), Dimension::kLength}}).status();
  EXPECT_THAT(std::string(last_bit.message()), HasSubstr("event 4: the log has …"));
}

}  // namespace
}  // namespace ronchi::hw
