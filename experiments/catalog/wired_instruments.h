// Kinds of instruments that speak a maker's wire (hw/drivers/<name>/). Rows of the table in
// experiments/catalog/instruments.cc.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "experiments/catalog/instruments.h"

namespace ronchi {

// {kind: temscript, address: "10.0.0.7:8080", …}
absl::StatusOr<InstrumentMaker> PrepareTemscript(const Config& node);
absl::StatusOr<std::string> SummariseTemscript(const Config& node);
// {kind: merlin, control: "10.0.0.8:6341", data: "10.0.0.8:6342"}
absl::StatusOr<InstrumentMaker> PrepareMerlin(const Config& node);
absl::StatusOr<std::string> SummariseMerlin(const Config& node);

// {kind: ceos, address: "10.0.0.7:7072", …}
absl::StatusOr<InstrumentMaker> PrepareCeos(const Config& node);
absl::StatusOr<std::string> SummariseCeos(const Config& node);

// Of `ronchi describe <kind>`: key, what it means.
using InstrumentKeys = std::vector<std::pair<std::string, std::string>>;

// {kind: de, address: "10.0.0.9:13240", …}
absl::StatusOr<InstrumentMaker> PrepareDe(const Config& node);
absl::StatusOr<std::string> SummariseDe(const Config& node);
InstrumentKeys DeKeys();
// {kind: de_tem, address: "10.0.0.7:5002", …}
absl::StatusOr<InstrumentMaker> PrepareDeTem(const Config& node);
absl::StatusOr<std::string> SummariseDeTem(const Config& node);
InstrumentKeys DeTemKeys();

}  // namespace ronchi
