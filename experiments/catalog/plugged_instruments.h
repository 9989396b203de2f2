// Kinds of instruments that come from elsewhere: a recording, several instruments as one, a
// program, a server, a shared library. Rows of the table in experiments/catalog/instruments.cc.
#pragma once

#include <string>

#include "core/config.h"
#include "experiments/catalog/instruments.h"

namespace ronchi {

// {kind: replay, folder: runs/x, instrument: deploy}
absl::StatusOr<InstrumentMaker> PrepareReplay(const Config& node);
absl::StatusOr<std::string> SummariseReplay(const Config& node);
// {kind: composite, parts: [<instrument>, …]}: names of presets or files, or mappings
absl::StatusOr<InstrumentMaker> PrepareComposite(const Config& node);
absl::StatusOr<std::string> SummariseComposite(const Config& node);
// {kind: program, command: [python3, column.py]}
absl::StatusOr<InstrumentMaker> PrepareProgram(const Config& node);
absl::StatusOr<std::string> SummariseProgram(const Config& node);
// {kind: remote, address: "10.0.0.7:4711"}
absl::StatusOr<InstrumentMaker> PrepareRemote(const Config& node);
absl::StatusOr<std::string> SummariseRemote(const Config& node);
// {kind: library, path: mine.so, options: {…}}
absl::StatusOr<InstrumentMaker> PrepareLibrary(const Config& node);
absl::StatusOr<std::string> SummariseLibrary(const Config& node);

}  // namespace ronchi
