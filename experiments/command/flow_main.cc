// `ronchi-flow`: the verbs of `ronchi` as far as they are about workflows. That program hands over
// to this one (hand_over.h), which is built when it is first needed.
#include "experiments/command/flow_verbs.h"
#include "experiments/command/program.h"

int main(int argc, char** argv) {
  using namespace ronchi;
  return RunProgram({{"run", RunWorkflow},
                     {"check", CheckWorkflow},
                     {"flow", Flow},
                     {"replay", ReplayWorkflow},
                     {"report", ReportWorkflow},
                     {"describe", DescribeWorkflow}},
                    argc, argv);
}
