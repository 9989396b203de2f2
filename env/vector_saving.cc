// Save and Restore of a whole vector: each environment's own state, and the rows as they stand.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "env/vector_workers.h"

namespace ronchi::env {
namespace {

using nlohmann::json;

constexpr int kSavedVectorVersion = 1;

template <class T>
json Bytes(const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return json::binary({bytes, bytes + values.size() * sizeof(T)});
}

// The states of some environments before they are given others.
class Undo {
 public:
  // Restores all, unless the new states are to stay.
  ~Undo() {
    for (const auto& [environment, state] : states_) RONCHI_CHECK(environment->Restore(state).ok());
  }
  void Keep(Environment* environment) {
    // One whose first episode has not begun has no state to go back to.
    const absl::StatusOr<std::string> state = environment->Save();
    if (state.ok()) states_.emplace_back(environment, *state);
  }
  void Forget() { states_.clear(); }

 private:
  std::vector<std::pair<Environment*, std::string>> states_;
};

}  // namespace

absl::StatusOr<std::string> VectorEnvironment::Save() const {
  if (under_way() > 0) return absl::FailedPreconditionError("Save with environments under way");
  json states = json::array();
  for (size_t i = 0; i < size(); ++i) {
    const absl::StatusOr<std::string> state = environments_[i]->Save();
    if (!state.ok()) return Annotate(state.status(), absl::StrCat("environment ", i));
    states.push_back(json::binary({state->begin(), state->end()}));
  }
  const json saved = {{"version", kSavedVectorVersion},
                      {"id", spec().id},
                      {"autoreset", int(options_.autoreset)},
                      {"states", std::move(states)},
                      {"observations", Bytes(observations_)},
                      {"rewards", Bytes(rewards_)},
                      {"terminated", Bytes(terminated_)},
                      {"truncated", Bytes(truncated_)},
                      {"info", Bytes(info_)},
                      {"ended", Bytes(ended_)},
                      {"has_final", Bytes(has_final_)},
                      {"final_observations", Bytes(final_observations_)},
                      {"final_info", Bytes(final_info_)}};
  const std::vector<uint8_t> bytes = json::to_cbor(saved);
  return std::string(bytes.begin(), bytes.end());
}

absl::Status VectorEnvironment::Restore(const std::string& bytes) {
  if (under_way() > 0) return absl::FailedPreconditionError("Restore with environments under way");
  const absl::StatusOr<json> read = ReadCbor(bytes);
  if (!read.ok()) return Annotate(read.status(), "this is no saved vector of " + spec().id);
  const json& saved = *read;
  try {
    if (!saved.is_object() || saved.value("version", 0) != kSavedVectorVersion ||
        saved.value("id", "") != spec().id) {
      return absl::InvalidArgumentError("this is no saved vector of " + spec().id);
    }
    const json& states = saved.at("states");
    if (states.size() != size() || saved.at("autoreset").get<int>() != int(options_.autoreset)) {
      return absl::InvalidArgumentError(absl::StrCat("saved by a vector of ", states.size(),
                                                     " environments; this one has ", size(),
                                                     ", or another way to start episodes anew"));
    }
    // With every row, whose addresses stay.
    const auto all_rows = [&](const auto& take) {
      return take("observations", &observations_) && take("rewards", &rewards_) &&
             take("terminated", &terminated_) && take("truncated", &truncated_) &&
             take("info", &info_) && take("ended", &ended_) && take("has_final", &has_final_) &&
             take("final_observations", &final_observations_) && take("final_info", &final_info_);
    };
    const bool whole = all_rows([&](const char* key, auto* row) {
      return saved.at(key).get_binary().size() == row->size() * sizeof((*row)[0]);
    });
    if (!whole) return absl::InvalidArgumentError("saved with other options of " + spec().id);
    Undo undo;
    for (size_t i = 0; i < size(); ++i) {
      const auto& state = states.at(i).get_binary();
      undo.Keep(environments_[i].get());
      const absl::Status status = environments_[i]->Restore({state.begin(), state.end()});
      if (!status.ok()) return Annotate(status, absl::StrCat("environment ", i));
    }
    undo.Forget();
    (void)all_rows([&](const char* key, auto* row) {
      const auto& bytes = saved.at(key).get_binary();
      if (!bytes.empty()) std::memcpy(row->data(), bytes.data(), bytes.size());
      return true;
    });
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat("saved vector of ", spec().id, ": ", JsonError(e)));
  }
  std::fill(status_.begin(), status_.end(), absl::OkStatus());
  std::fill(started_.begin(), started_.end(), 1);
  return absl::OkStatus();
}

}  // namespace ronchi::env
