#include "agents/checkpoint.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/nesting.h"

namespace ronchi::agents {

using nlohmann::json;

namespace {
constexpr char kCheckpointFormat[] = "ronchi-checkpoint";
}

json SummaryToJson(const TrainingSummary& s) {
  json curve = json::array();
  for (const TrainingPoint& p : s.curve) curve.push_back({p.steps, p.mean_return, p.mean_length});
  return {{"steps", s.steps},
          {"steps_asked", s.steps_asked},
          {"episodes", s.episodes},
          {"curve", curve}};
}

TrainingSummary SummaryFromJson(const json& j) {
  TrainingSummary s{.steps = j.at("steps").get<int64_t>(),
                    .steps_asked = j.at("steps_asked").get<int64_t>(),
                    .episodes = j.at("episodes").get<int64_t>()};
  for (const json& p : j.at("curve")) {
    s.curve.push_back({p.at(0).get<int64_t>(), p.at(1).get<double>(), p.at(2).get<double>()});
  }
  return s;
}

absl::Status WriteCheckpoint(const std::string& path, const json& identity, const json& state) {
  const std::vector<uint8_t> bytes = json::to_cbor(
      {{"format", kCheckpointFormat}, {"version", 1}, {"of", identity}, {"state", state}});
  return WriteFileAtomically(path, std::string(bytes.begin(), bytes.end()));
}

absl::StatusOr<json> ReadCheckpoint(const std::string& path, const json& identity) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec)) return json();
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  const absl::StatusOr<json> read = ReadCbor(bytes);
  if (!read.ok() || !read->is_object() || read->value("format", "") != kCheckpointFormat ||
      !read->contains("of") || !read->contains("state")) {
    return absl::InvalidArgumentError(path + ": not a checkpoint of a training, or not whole");
  }
  if (read->value("version", 0) != 1) {
    return absl::InvalidArgumentError(path + ": a checkpoint of another version; allowed: 1");
  }
  const json& of = (*read)["of"];
  for (const auto& [key, value] : identity.items()) {
    if (of.contains(key) && of[key] == value) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": a checkpoint of another training: ", key, " is ",
        of.contains(key) ? of[key].dump() : "not said", " there and ", value.dump(), " here"));
  }
  return (*read)["state"];
}

}  // namespace ronchi::agents
