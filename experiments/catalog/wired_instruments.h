// Kinds of instruments that speak a maker's wire (hw/drivers/<name>/). Rows of the table in
// experiments/catalog/instruments.cc.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "experiments/catalog/instruments.h"

namespace ronchi {

// Of `ronchi describe <kind>`: key, what it means.
using InstrumentKeys = std::vector<std::pair<std::string, std::string>>;

// {kind: temscript, address: "10.0.0.7:8080", …}
absl::StatusOr<InstrumentMaker> PrepareTemscript(const Config& node);
absl::StatusOr<std::string> SummariseTemscript(const Config& node);
// {kind: merlin, control: "10.0.0.8:6341", data: "10.0.0.8:6342"}
absl::StatusOr<InstrumentMaker> PrepareMerlin(const Config& node);
absl::StatusOr<std::string> SummariseMerlin(const Config& node);
// {kind: dectris, address: "10.0.0.9:80", stream: "10.0.0.9:9999"}
absl::StatusOr<InstrumentMaker> PrepareDectris(const Config& node);
absl::StatusOr<std::string> SummariseDectris(const Config& node);
InstrumentKeys DectrisKeys();
// {kind: gms, address: "10.0.0.9:5555", …}
absl::StatusOr<InstrumentMaker> PrepareGms(const Config& node);
absl::StatusOr<std::string> SummariseGms(const Config& node);
InstrumentKeys GmsKeys();

// {kind: ceos, address: "10.0.0.7:7072", …}
absl::StatusOr<InstrumentMaker> PrepareCeos(const Config& node);
absl::StatusOr<std::string> SummariseCeos(const Config& node);

// Whole rows. {kind: de, address: "10.0.0.9:13240", …}, {kind: de_tem, address: "10.0.0.7:5002", …}
InstrumentKind DeKind();
InstrumentKind DeTemKind();

}  // namespace ronchi
