// The record of a run as short as one can be: three images, one alarm.
#pragma once

#include "experiments/record/run_record.h"

namespace ronchi::testing_support {

inline RunRecord SmallRecord() {
  RunRecord r;
  r.name = "small";
  r.title = "A small run";
  r.agent = "gp";
  r.config = "version: 1\n";
  r.deploy.ended_by = "steps";
  for (int i = 0; i < 3; ++i) {
    r.deploy.trace.Begin(Array<float>({4, 4}, 1.0f));
    for (const char* name : {"contrast", "true_ratio", "time_s", "dose_e_per_A2", "scan"}) {
      r.deploy.trace.Put(name, i + 1);
    }
  }
  r.deploy.alarms.push_back({2, "C10", "C10", {1, 2, 3}});
  r.disturbed_at = {1};
  return r;
}

}  // namespace ronchi::testing_support
