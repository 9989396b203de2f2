#include "experiments/flow/flow_answers.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "experiments/flow/flow_host.h"
#include "hw/workflow/check.h"
#include "hw/workflow/commands.h"
#include "hw/workflow/names.h"
#include "hw/workflow/results.h"

namespace ronchi {
namespace {

namespace wf = hw::workflow;

// By the name under which it is answered; several may share one.
using Questions = std::multimap<std::string, const wf::AskStep*>;

void Collect(const wf::Block& block, Questions* questions) {
  for (const wf::Step& step : block) {
    if (const auto* ask = std::get_if<wf::AskStep>(&step.body)) {
      questions->emplace(ask->name.empty() ? step.as : ask->name, ask);
    }
    for (const wf::Block* inner : wf::internal::InnerBlocks(step)) Collect(*inner, questions);
  }
}

// What its bounds are, as far as the constants tell.
wf::Interval BoundsOf(const wf::Workflow& workflow, const wf::AskStep& ask) {
  const wf::Interval any = {-wf::kInfinity, wf::kInfinity};
  Dimension dimension = Dimension::kNone;
  if (!ask.between || !wf::DimensionNamed(ask.answer, &dimension)) return any;
  const auto constants = wf::Constants(workflow);
  if (!constants.ok()) return any;
  const auto pair = wf::Pair(*ask.between, *constants, dimension, false);
  return pair.ok() ? wf::Interval{(*pair)[0].low, (*pair)[1].high} : any;
}

std::string Allowed(const wf::AskStep& ask, const wf::Interval& bounds) {
  if (ask.answer == "yes_no") return "yes, no, with 'because …' if you like";
  Dimension dimension = Dimension::kNone;
  (void)wf::DimensionNamed(ask.answer, &dimension);
  const bool open = std::isinf(bounds.low) || std::isinf(bounds.high);
  return absl::StrCat("a ", ask.answer, " with its unit",
                      open ? ""
                           : absl::StrCat(", ", Format({bounds.low, dimension}), " … ",
                                          Format({bounds.high, dimension})));
}

}  // namespace

absl::Status CheckAnswers(const wf::Workflow& workflow,
                          const std::map<std::string, std::string>& answers) {
  Questions questions;
  Collect(workflow.steps, &questions);
  Collect(workflow.on_fault, &questions);
  std::vector<std::string> names;
  for (const auto& [name, ask] : questions) {
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  for (const auto& [name, text] : answers) {
    const auto [begin, end] = questions.equal_range(name);
    if (begin == end && name == kBeamQuestion) {  // the guard's, if it should ask
      RONCHI_RETURN_IF_ERROR(CheckBeamAnswer(answers));
      continue;
    }
    if (begin == end) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--answer, --yes-to: ", workflow.file, " asks nothing that is called '", name,
          "'; its questions: ", names.empty() ? "none" : absl::StrJoin(names, ", ")));
    }
    for (auto it = begin; it != end; ++it) {
      const wf::AskStep& ask = *it->second;
      const wf::Interval bounds = BoundsOf(workflow, ask);
      wf::Answer answer;
      if (ParseAnswer({.name = name, .kind = ask.answer, .between = bounds}, text, &answer))
        continue;
      return absl::InvalidArgumentError(
          absl::StrCat("--answer '", name, "=", text,
                       "': no answer to that question; allowed: ", Allowed(ask, bounds)));
    }
  }
  return absl::OkStatus();
}

}  // namespace ronchi
