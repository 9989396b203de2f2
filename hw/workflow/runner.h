// The inside of run.h.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hw/instrument/cost.h"
#include "hw/workflow/commands.h"
#include "hw/workflow/run.h"
#include "hw/workflow/tally.h"

namespace ronchi::hw::workflow::internal {

class Runner {
 public:
  explicit Runner(const RunSetup& setup);
  absl::StatusOr<RunResult> Run();

 private:
  // runner.cc: the journal, faults, pauses, the beginning and the end.
  absl::Status Begin();
  absl::Status Finish(const absl::Status& status, RunResult* result);
  absl::Status RunHandler(const absl::Status& fault);
  absl::Status Note(const std::string& what, const std::string& detail);
  // The next entry of an earlier sitting, which must be of this step; null when there is none.
  absl::StatusOr<const nlohmann::json*> NextEntry(const Step& step, const std::string& label);
  // Before the first thing that is really done: puts the instrument where the journal left it.
  absl::Status PutBack(const std::string& property, const Quantity& value);
  absl::Status GoLive();
  // What the step decides: from the journal, or from `compute`, which is then written down.
  absl::StatusOr<Value> Settle(const Step& step, const std::string& label,
                               const std::function<absl::StatusOr<Value>()>& compute);
  absl::Status LookAround(bool* skip);  // pause, resume, skip, stop, Ctrl-C
  absl::Status Pause(const std::string& who, bool* skip);
  void End(std::string why, bool finished);

  // runner_steps.cc
  absl::Status RunBlock(const Block& block);
  absl::Status RunStep(const Step& step);
  absl::Status RunCommand(const Step& step);
  absl::StatusOr<Command> Exactly(const Step& step);
  absl::Status Perform(const Step& step, const Command& command);
  absl::StatusOr<Reply> Attempt(const Step& step, const Command& command, const Cost& cost);
  // What came of it into books and journal; `before_s` was taken by a reading for it.
  absl::Status NoteFailure(const Step& step, const absl::Status& fault, const Cost& cost,
                           double before_s, nlohmann::json entry);
  absl::Status NoteReply(const Step& step, const Command& command, const Reply& reply,
                         double before_s, nlohmann::json entry);
  absl::Status TakeFromJournal(const Step& step, const nlohmann::json& entry);
  absl::Status Bind(const Step& step, const Reply& reply, nlohmann::json* kept);
  absl::StatusOr<Reply> Aside(const Command& command);  // of ours, not of the workflow
  absl::Status CheckForeseen(const Step& step, const std::string& name, const Value& value) const;

  // runner_budget.cc: what is spent, and what stops before it passes a budget. Nothing of it hangs
  // on what the check has proven.
  // What a command will cost at most, from where things stand; `where` is on the specimen.
  Cost Forecast(const Command& command) const;
  using Stands = std::map<std::string, double>;  // properties, as last read back
  std::vector<Rectangle> OnSpecimen(std::vector<Rectangle> where, const Stands& stands,
                                    bool* known) const;
  // Where scan and stage stand now: what goes to the journal with a dose, as going on with a run
  // reads of it before it knows where they stood.
  Stands Frame() const;
  // Ends the run (or the handler) when it would. `command`: whose cost it is, where it exposes.
  bool WouldPassBudget(const Step& step, const Cost& cost, double commands, double bytes,
                       const Command* command = nullptr);
  bool WouldPassSteps(const Step& step);
  void Spend(const Command& command, const Stands& stands, double commands, double elapsed_s,
             double electrons, double dose_e_per_m2);
  void SpendTime(double seconds);
  void ShowSpent();
  absl::Status SpendAsWritten(const nlohmann::json& entry);
  absl::Status Skipped(const Step& step, const std::string& label);

  // runner_words.cc
  absl::Status RunLet(const Step& step, const LetStep& let);
  absl::Status RunSave(const Step& step, const SaveStep& save);
  absl::Status RunWait(const Step& step, const WaitStep& wait);
  absl::Status RunFor(const Step& step, const ForStep& loop);
  absl::Status RunRepeat(const Step& step, const RepeatStep& loop);
  absl::Status RunRounds(const Step& step, const RepeatStep& loop, double most,
                         const Spending& one);
  absl::Status RunAsk(const Step& step, const AskStep& ask);
  absl::StatusOr<Answer> AskBlanked(const Question& question);
  absl::StatusOr<std::optional<Value>> Answered(const AskStep& ask, const Question& question,
                                                Dimension dimension);
  absl::Status RunDecide(const Step& step, const DecideStep& decide);

  const RunSetup& setup_;
  const Workflow& workflow_;
  const Description description_;
  Scope scope_;
  std::set<std::string> used_;  // names that some expression refers to
  // Images that are only in the journal's files so far, by name.
  std::map<std::string, nlohmann::json> pending_images_;
  std::map<std::string, Quantity> set_;  // as last read back: what going on puts right again
  bool unblanked_ = false;

  std::vector<const nlohmann::json*> replay_;  // what decides: commands done, values
  size_t next_ = 0;
  std::optional<nlohmann::json> in_flight_;
  bool live_ = false, in_handler_ = false;
  double read_before_s_ = -1;  // what the read before a set by an increment took; -1: none

  Spending spent_;
  Tally tally_;
  struct Open {  // a budget within the workflow, and what was spent since
    const Step* step;
    Spending limit, spent;
    Tally tally;
  };
  std::vector<Open> open_;
  absl::StatusOr<Spending> ReadLimit(const Budget& budget) const;
  Stands stands_;

  std::optional<std::string> ended_by_;
  bool finished_ = false;
  absl::Status misfit_;  // of the journal: nothing is to be written to it
  RunResult result_;
};

}  // namespace ronchi::hw::workflow::internal
