// report.html of a run: what was done, what came of it, pictures and curves, in one file.
#pragma once

#include <string>

#include "core/status.h"
#include "experiments/record/run_record.h"

namespace ronchi {

absl::Status WriteRunReport(const std::string& path, const RunRecord& record);

// How the deployment ended when not all was done, in two parts: "ended early after 15 of 150
// steps", and why. Both empty when all was done.
struct EndingWords {
  std::string what, why;
};
EndingWords DescribeEnding(const DeploymentResult& deploy);

// The short table that ends a run, for a terminal.
std::string RunTable(const RunRecord& record);

}  // namespace ronchi
