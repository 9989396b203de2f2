#include "experiments/record/replay.h"

#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/printable.h"
#include "experiments/catalog/instruments.h"
#include "experiments/loop/deployment.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi {
namespace {

using nlohmann::json;

// "" when equal, else what differs.
std::string Difference(const absl::StatusOr<hw::Reply>& recorded,
                       const absl::StatusOr<hw::Reply>& now) {
  if (recorded.ok() != now.ok()) {
    return absl::StrCat("recorded ", recorded.ok() ? "a reply" : "an error", ", now the other");
  }
  if (!recorded.ok()) {
    return recorded.status().message() == now.status().message() ? "" : "another error message";
  }
  if (hw::ToJson(*recorded) != hw::ToJson(*now)) {
    return absl::StrCat("recorded ", hw::ToJson(*recorded).dump(), ", now ",
                        hw::ToJson(*now).dump());
  }
  for (size_t i = 0; i < recorded->frames.size(); ++i) {
    if (recorded->frames[i].counts != now->frames[i].counts) {
      return absl::StrCat("pixels of frame ", i);
    }
  }
  return "";
}

void Pass(const std::vector<double>& seconds, hw::Instrument* instrument) {
  hw::GroundTruth* truth = instrument->ground_truth();
  for (double s : seconds) {
    if (truth) truth->Pass(s);
  }
}

// The log's first note holds the checksum of the config that was run.
absl::Status SameConfig(const std::string& folder) {
  const std::string path = folder + "/config.yaml";
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::ifstream log(folder + "/events.jsonl");
  std::string line;
  if (!std::getline(log, line)) return absl::OkStatus();  // whatever is wrong is told by its reader
  const json note = json::parse(line, nullptr, false);
  const bool tells = note.is_object() && note.value("note", json()) == "config";
  if (!tells || note.value("detail", json()) == HashOf(text).LowHex()) return absl::OkStatus();
  return absl::InvalidArgumentError(path + ": has been changed since it was run");
}

// Nobody waits for a twin in real time to be given again what it was given before.
absl::StatusOr<Recipe> RecipeToReplay(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const Config written, Config::Load(path));
  std::vector<std::string> overrides;
  ConfigReader r(written);
  for (const char* stage : {"train", "deploy"}) {
    ConfigReader s(r.Child(stage));
    bool real_time = false;
    ConfigReader(s.Child("instrument")).Bool("real_time", &real_time);
    if (real_time) overrides.push_back(absl::StrCat(stage, ".instrument.real_time=false"));
  }
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(path, overrides));
  return ReadRecipe(config);
}

// Nobody guards what is given the commands again, and a beam would expose again.
absl::Status OnlySimulated(const Recipe& recipe, const std::string& role,
                           const hw::Description& description) {
  const Config& config = role == "tune" ? recipe.train_instrument : recipe.deploy_instrument;
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(config));
  if (!kind->may_be_real || description.simulated) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", role, "' was ", Printable(description.id),
                   ", which is no simulation: it is given no command a second time"));
}

}  // namespace

void ReplayEvent(const hw::LoggedEvent& event, hw::Instrument* instrument, ReplaySummary* summary) {
  Pass(event.passed_s, instrument);
  hw::ExecuteOptions options;
  // What ended early ends at the same line again, by the instrument's clock; a hair later, so that
  // rounding does not take that line away.
  const bool early = event.reply.ok() && event.reply->ended != hw::Ended::kComplete;
  if (early) options.timeout_s = event.reply->elapsed_s * (1 + 1e-9);
  absl::StatusOr<hw::Reply> now = instrument->Execute(event.command, options);
  if (early && now.ok() && now->ended != hw::Ended::kComplete) now->ended = event.reply->ended;
  if (event.reply.ok()) summary->frames += event.reply->frames.size();
  if (const std::string what = Difference(event.reply, now); !what.empty()) {
    if (summary->different++ == 0) {
      summary->first_difference =
          absl::StrCat("command ", summary->commands, " (", hw::VerbName(event.command), " on ",
                       event.instrument, "): ", what);
    }
  }
  ++summary->commands;
}

absl::Status ReplayRecording(const std::string& folder, const std::string& name,
                             hw::Instrument* instrument, ReplaySummary* summary) {
  RONCHI_ASSIGN_OR_RETURN(const hw::EventLogContents log, hw::ReadRecording(folder));
  for (const hw::LoggedEvent& event : log.events) {
    if (event.instrument == name) ReplayEvent(event, instrument, summary);
  }
  if (const auto rest = log.passed_s.find(name); rest != log.passed_s.end()) {
    Pass(rest->second, instrument);
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplaySummary> ReplayRun(const std::string& folder) {
  RONCHI_RETURN_IF_ERROR(SameConfig(folder));
  RONCHI_ASSIGN_OR_RETURN(const Recipe recipe, RecipeToReplay(folder + "/config.yaml"));
  RONCHI_ASSIGN_OR_RETURN(const hw::EventLogContents log, hw::ReadRecording(folder));
  if (!log.torn.empty()) return absl::InvalidArgumentError(log.torn);
  for (const auto& [role, description] : log.descriptions) {
    RONCHI_RETURN_IF_ERROR(Annotate(OnlySimulated(recipe, role, description), folder));
  }
  std::map<std::string, std::unique_ptr<hw::Instrument>> instruments;
  ReplaySummary summary;
  for (const hw::LoggedEvent& event : log.events) {
    std::unique_ptr<hw::Instrument>& instrument = instruments[event.instrument];
    if (!instrument) {
      RONCHI_ASSIGN_OR_RETURN(instrument, MakeInstrument(recipe, event.instrument));
      RONCHI_RETURN_IF_ERROR(
          Annotate(OnlySimulated(recipe, event.instrument, instrument->description()), folder));
    }
    ReplayEvent(event, instrument.get(), &summary);
  }
  return summary;
}

}  // namespace ronchi
