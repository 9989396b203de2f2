#include "experiments/flow/flow_instrument.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/config.h"
#include "core/files.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "experiments/catalog/instruments.h"
#include "experiments/loop/recipe.h"
#include "hw/instrument/description_json.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

absl::StatusOr<FlowInstrument> FromDescription(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kConfigFile));
  FlowInstrument out;
  out.name = path;
  if (NestsTooDeeply(text)) return absl::InvalidArgumentError(path + ": nested too deeply");
  const json j = json::parse(text, nullptr, false);
  try {
    if (j.is_discarded()) return absl::InvalidArgumentError(path + ": not JSON");
    absl::StatusOr<hw::Description> d = hw::DescriptionFromJson(j.at("description"));
    if (!d.ok()) return Annotate(d.status(), path);
    out.description = std::move(*d);
    out.measured.current_A = j.value("beam_current_A", 0.0);
    out.measured.worst_current_A = j.value("worst_beam_current_A", out.measured.current_A);
    if (j.contains("positions")) j.at("positions").get_to(out.measured.positions);
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", JsonError(e)));
  }
  return out;
}

absl::Status Measure(FlowInstrument* out) {
  constexpr int kReadings = 16;  // of 2 % each: their mean is good to half a per cent
  double sum = 0, uncertainty = 0;
  if (out->description.FindProperty("beam.current")) {
    for (int i = 0; i < kReadings; ++i) {
      RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply,
                              out->instrument->Execute(hw::Read{{"beam.current"}}));
      sum += reply.readings.at(0).value.si;
      uncertainty = std::max(uncertainty, reply.readings[0].uncertainty);
    }
  }
  out->measured.current_A = sum / kReadings;
  out->measured.worst_current_A = sum / kReadings + 6 * uncertainty;
  for (const hw::PropertyInfo& p : out->description.properties) {
    if (!p.writable) continue;
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, out->instrument->Execute(hw::Read{{p.name}}));
    out->measured.positions[p.name] = reply.readings.at(0).value.si;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FlowInstrument> OpenFlowInstrument(const std::string& name, uint64_t seed,
                                                  bool hurry) {
  if (absl::EndsWith(name, ".json")) return FromDescription(name);
  const std::vector<std::string> presets = InstrumentPresets();
  const bool preset = std::find(presets.begin(), presets.end(), name) != presets.end();
  const absl::StatusOr<Config> config = InstrumentConfig(name);
  if (absl::IsNotFound(config.status())) {
    return absl::NotFoundError(
        absl::StrCat(config.status().message(),
                     "; files: an instrument (.yaml), or a description to check against (.json)"));
  }
  RONCHI_RETURN_IF_ERROR(config.status());
  RONCHI_ASSIGN_OR_RETURN(FlowInstrument out, OpenFlowInstrument(*config, seed, hurry));
  out.name = preset ? name : fs::absolute(name).lexically_normal().string();
  return out;
}

absl::StatusOr<FlowInstrument> OpenFlowInstrument(const Config& given, uint64_t seed, bool hurry) {
  Config config = given;
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(given));
  if (hurry && !kind->may_be_real && kind->prior) {
    RONCHI_ASSIGN_OR_RETURN(config, Config::Parse(given.Dump(), given.file(), {"real_time=false"}));
  }
  FlowInstrument out;
  out.config = given;
  RONCHI_ASSIGN_OR_RETURN(out.instrument,
                          OpenInstrument(config, DeriveSeed(seed, "workflow.instrument"),
                                         {.guard = DoorGuard::kCallers}));
  // Of a simulation it stands there by now, if only as a default.
  if (config.Has("real_time")) ConfigReader(config).Bool("real_time", &out.real_time);
  out.truth = out.instrument->ground_truth();
  out.description = out.instrument->description();
  RONCHI_RETURN_IF_ERROR(Measure(&out));
  return out;
}

}  // namespace ronchi
