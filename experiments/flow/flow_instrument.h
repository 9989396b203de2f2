// The instrument that a workflow is checked against or run on, from its name.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/status.h"
#include "hw/instrument/ground_truth.h"
#include "hw/instrument/instrument.h"
#include "hw/workflow/check.h"

namespace ronchi {

struct FlowInstrument {
  std::string name;  // empty: by its config, a mapping in the workflow
  std::optional<Config> config;
  hw::Description description;
  std::unique_ptr<hw::Instrument> instrument;  // null: a description alone, for checking
  hw::GroundTruth* truth = nullptr;            // of a twin: its clock
  bool real_time = false;                      // which goes as the wall's does
  // What it reads now: the beam's current, where its properties stand. Nothing has moved.
  hw::workflow::CheckOptions measured;
};

// `name`: a preset of data/twins, a twin's YAML file, or a JSON file with a description:
//   {"description": {…}, "beam_current_A": 5e-11, "positions": {"optics.C10": 0}}
// Several readings of the current are averaged; at most is their mean plus six standard errors of a
// reading, which is above what the guard takes from the one that it reads (its value plus three).
// NotFound: none of these; the message lists the presets. With `hurry` a twin in real time is
// opened as one that is not: to be given again what it was given before.
// Nothing guards it yet: a workflow puts the guard of its own document around it.
absl::StatusOr<FlowInstrument> OpenFlowInstrument(const std::string& name, uint64_t seed,
                                                  bool hurry = false);
// The same of a config: a mapping in a workflow.
absl::StatusOr<FlowInstrument> OpenFlowInstrument(const Config& config, uint64_t seed,
                                                  bool hurry = false);

}  // namespace ronchi
