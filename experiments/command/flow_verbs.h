// The verbs of ronchi-flow.
#pragma once

#include "experiments/command/command_line.h"

namespace ronchi {

int CheckWorkflow(const Arguments& a);
int RunWorkflow(const Arguments& a);
int Flow(const Arguments& a);
int ReplayWorkflow(const Arguments& a);
int ReportWorkflow(const Arguments& a);
// Its schema, which is all there is to describe.
int DescribeWorkflow(const Arguments& a);

}  // namespace ronchi
