// A Policy as one JSON file: format and version, kind, training provenance, and everything that
// the policy needs to act elsewhere (spaces with units, normalisation, weights as base64 float32),
// with a checksum. Threads: registration belongs to start-up; the rest may be called from anywhere.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "agents/policy.h"
#include "core/status.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::agents {

// Where a policy comes from: "environment", "seed", "steps", "git_commit", … as the caller likes.
using Provenance = std::map<std::string, std::variant<std::string, double>>;

// Appears whole or not at all. Errors: those of WriteFileAtomically.
absl::Status SavePolicy(const Policy& policy, const Provenance& provenance,
                        const std::string& path);

// NotFound: no such file. InvalidArgument, one line: not a policy file, truncated, altered, of a
// newer version, or of a kind that nobody registered.
absl::StatusOr<std::unique_ptr<Policy>> LoadPolicy(const std::string& path);
absl::StatusOr<Provenance> LoadProvenance(const std::string& path);

// Another of the same weights, with a memory of its own.
absl::StatusOr<std::unique_ptr<Policy>> CopyPolicy(const Policy& policy);

// Makes a policy of what its ToJson gave. May throw nlohmann::json::exception: LoadPolicy turns it
// into InvalidArgument.
using PolicyReader =
    std::function<absl::StatusOr<std::unique_ptr<Policy>>(const nlohmann::json& json)>;
// The kinds of agents/kinds.h are always there. Registering a kind again replaces its reader.
void RegisterPolicy(const std::string& kind, PolicyReader reader);

}  // namespace ronchi::agents
