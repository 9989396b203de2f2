// What a monitor's streams are in control, kept in a policy's file: so that a deployment can be
// judged against the instrument that the agent was trained for.
#pragma once

#include "agents/policy_file.h"
#include "experiments/loop/deployment.h"

namespace ronchi {

// Entries "reference/<stream>/frames", "/mean", "/standard_deviation" of a policy's provenance.
void PutReferences(const References& references, agents::Provenance* provenance);
References GetReferences(const agents::Provenance& provenance);

}  // namespace ronchi
