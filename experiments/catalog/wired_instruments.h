// Kinds of instruments that speak a maker's wire (hw/drivers/<name>/). Rows of the table in
// experiments/catalog/instruments.cc, and what rows there are made of.
#pragma once

#include <string>

#include "core/config.h"
#include "experiments/catalog/instruments.h"

namespace ronchi {

// Whole rows.
InstrumentKind DeKind();       // {kind: de, address: "10.0.0.9:13240", …}
InstrumentKind DeTemKind();    // {kind: de_tem, address: "10.0.0.7:5002", …}
InstrumentKind DectrisKind();  // {kind: dectris, address: "10.0.0.9:80", stream: "10.0.0.9:9999"}
InstrumentKind GmsKind();      // {kind: gms, address: "10.0.0.9:5555", …}
InstrumentKind TangoKind();    // {kind: tango, address: "10.0.0.7:10000", tiled: "10.0.0.7:9091", …}

// {kind: temscript, address: "10.0.0.7:8080", …}
absl::StatusOr<InstrumentMaker> PrepareTemscript(const Config& node);
absl::StatusOr<std::string> SummariseTemscript(const Config& node);
// {kind: merlin, control: "10.0.0.8:6341", data: "10.0.0.8:6342"}
absl::StatusOr<InstrumentMaker> PrepareMerlin(const Config& node);
absl::StatusOr<std::string> SummariseMerlin(const Config& node);
// {kind: ceos, address: "10.0.0.7:7072", …}
absl::StatusOr<InstrumentMaker> PrepareCeos(const Config& node);
absl::StatusOr<std::string> SummariseCeos(const Config& node);

}  // namespace ronchi
