// The one door to instruments. A config says what is to be opened: the name of a preset
// (data/twins), a file, or a mapping with `kind` and the keys of that kind; `preset` names a file
// of data/twins whose keys are defaults. Beside them stand the keys of the wrappers around it
// (experiments/catalog/instrument_chain.h). Whatever asks for an instrument (run, deploy, conform,
// workflows, environments, Python) comes through here.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "experiments/catalog/instrument_chain.h"
#include "hw/instrument/instrument.h"

namespace ronchi {

// Everything random in a simulation derives from `seed`. May be called from several threads.
using InstrumentMaker =
    std::function<absl::StatusOr<std::unique_ptr<hw::Instrument>>(uint64_t seed)>;

// One row of the table of kinds.
struct InstrumentKind {
  std::string kind;     // "column", "particles", "sheet" …
  std::string summary;  // a line for people
  // Reads the config, once for any number of instruments; the wrappers' keys are not seen here.
  absl::StatusOr<InstrumentMaker> (*prepare)(const Config& node);
  // Of this config, a line for people; without making the instrument.
  absl::StatusOr<std::string> (*summarise)(const Config& node);
  // The ranges of hidden numbers by name, [low, high]; null where nothing is hidden from us by us.
  absl::StatusOr<nlohmann::json> (*prior)(const Config& node) = nullptr;
  std::string once = "";  // its name in files of earlier versions
  // What it will say of itself, without making it; null: only it knows.
  absl::StatusOr<hw::Description> (*describe)(const Config& node) = nullptr;
  bool may_be_real = false;  // there may be a beam behind it: docs/safety.md says what follows
  // Of `ronchi describe <kind>`: key, what it means.
  std::vector<std::pair<std::string, std::string>> keys = {};
};
const std::vector<InstrumentKind>& InstrumentKinds();
// InvalidArgument: a kind that there is none of, with those there are.
absl::StatusOr<const InstrumentKind*> KindOf(const Config& node);

// The instrument with its wrappers. Whoever puts a guard around it says so in `door`.
absl::StatusOr<InstrumentMaker> PrepareInstrument(const Config& node, const DoorOptions& door = {});
absl::StatusOr<std::unique_ptr<hw::Instrument>> OpenInstrument(const Config& node, uint64_t seed,
                                                               const DoorOptions& door = {});
// What the instrument will say of itself, where that is known beforehand.
absl::StatusOr<std::optional<hw::Description>> DescriptionOf(const Config& node);
// The config that a preset's name, a file, or a path of either stands for. NotFound: neither.
absl::StatusOr<Config> InstrumentConfig(const std::string& name,
                                        const std::vector<std::string>& overrides = {});

// A line for people on what the config opens, without opening it.
absl::StatusOr<std::string> SummariseInstrument(const Config& node);

// The files of data/twins, without ".yaml", sorted.
std::vector<std::string> InstrumentPresets();

// Properties and detectors by name, each a line for people: dimension, bounds, meaning; the ring.
nlohmann::json DescribeProperties(const hw::Description& description);
nlohmann::json DescribeDetectors(const hw::Description& description);
// What may stand in a config of that kind; and of one instrument, by the name of its preset or its
// file: properties, detectors, what it cannot do, what is hidden.
nlohmann::json DescribeInstrumentKind(const InstrumentKind& kind);
absl::StatusOr<nlohmann::json> DescribeInstrument(const std::string& name);

}  // namespace ronchi
