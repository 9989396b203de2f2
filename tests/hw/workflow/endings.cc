// How a run of a workflow ends, and what must not look like a good end.
#include <gmock/gmock.h>

#include "hw/workflow/run.h"
#include "tests/support/command.h"
#include "tests/support/flow.h"

namespace ronchi::hw::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::Described;
using testing_support::kColumnCurrent_A;
using testing_support::ParseFlow;
using testing_support::ScriptedDecider;
using testing_support::ScriptedHost;
using testing_support::SmallColumn;
using testing_support::SmallColumnNow;
using testing_support::TemporaryFolder;

constexpr char kHead[] = "version: 1\nworkflow: test\nbudget: {dose: 1e6 e/A^2, time: 1000 s}\n";
constexpr char kScanStep[] =
    "scan: {fov: 4 nm, pixels: 16, dwell: 1 us, frames: 2, detectors: haadf}\n";

// Says that it is safe with the beam on.
class Stubborn final : public Instrument {
 public:
  explicit Stubborn(Instrument* inner) : inner_(*inner) {}
  const Description& description() const override { return inner_.description(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    absl::StatusOr<Reply> reply = inner_.Execute(command, options);
    if (reply.ok() && std::holds_alternative<Safe>(command)) reply->blanked = false;
    return reply;
  }
  Instrument& inner_;
};

class Endings : public testing::Test {
 protected:
  RunResult Run(const std::string& steps, bool resume = false, bool stubborn = false) {
    const std::string folder = folder_.path().string();
    const auto workflow = ParseFlow(kHead + steps);
    const CheckReport report = Check(*workflow, SmallColumn(), SmallColumnNow());
    EXPECT_TRUE(report.ok());
    const auto journal = *(resume ? Journal::Reopen(folder) : Journal::Create(folder));
    Described column(SmallColumn(), kColumnCurrent_A, nullptr);
    Stubborn stands(&column);
    const auto result = RunWorkflow({.workflow = &*workflow,
                                     .report = &report,
                                     .instrument = stubborn ? (Instrument*)&stands : &column,
                                     .journal = journal.get(),
                                     .folder = folder,
                                     .host = &host_,
                                     .decider = &decider_,
                                     .worst_current_A = kColumnCurrent_A});
    EXPECT_TRUE(result.ok()) << result.status();
    verbs_.clear();
    for (const Command& c : column.commands) verbs_.push_back(VerbName(c));
    return result.ok() ? *result : RunResult{};
  }
  TemporaryFolder folder_;
  ScriptedHost host_;
  ScriptedDecider decider_;
  std::vector<std::string> verbs_;
};

TEST_F(Endings, ABeamThatIsNotOffIsNotDone) {
  const RunResult r = Run("steps:\n  - read: optics.C10\n", false, true);
  EXPECT_FALSE(r.fault.ok());
  EXPECT_FALSE(r.finished);
  EXPECT_THAT(r.ended_by, HasSubstr("BLANKING COULD NOT BE CONFIRMED"));
}

// The beam goes off for the time that a person takes, and a stop meanwhile is no answer.
TEST_F(Endings, AskingBlanksAndAStopIsNoAnswer) {
  const std::string steps =
      "steps:\n  - unblank\n  - ask: \"go?\"\n    name: go\n    timeout: 9 s\n"
      "    on_timeout: deny\n  - " +
      std::string(kScanStep);
  host_.wish = [&](int) {
    return host_.questions.empty() ? Wish{} : Wish{Wish::Kind::kStop, "ada"};
  };
  const RunResult stopped = Run(steps);
  EXPECT_EQ(stopped.ended_by, "stopped by ada");
  EXPECT_FALSE(stopped.finished);
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "blank", "safe"));
  host_.wish = nullptr;
  host_.answers = {{.given = true, .yes = true, .who = "ada"}};
  const RunResult done = Run(steps, true);
  EXPECT_EQ(done.ended_by, "done");
  EXPECT_EQ(host_.questions.size(), 2u) << "it is asked again";
  EXPECT_THAT(verbs_, ElementsAre("blank", "unblank", "blank", "unblank", "scan", "safe"));
  EXPECT_EQ(done.spent.commands, 3) << "the blanking for a person is nobody's cost";
}

TEST_F(Endings, AGoalThatWasNotReachedIsTold) {
  EXPECT_EQ(Run("steps:\n  - let: {n: 0}\n  - repeat:\n      - let: {n: n + 1}\n"
                "    until: n > 5\n    max: 3\n")
                .ended_by,
            "done");
  EXPECT_THAT(host_.lines, ElementsAre(HasSubstr("not reached: 'n > 5' in line 6")));
}

}  // namespace
}  // namespace ronchi::hw::workflow
