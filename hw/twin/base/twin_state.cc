// The state of a twin: drawn, asked for, saved, restored.
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "hw/instrument/description_json.h"
#include "hw/instrument/state_archive.h"
#include "hw/twin/base/twin_base.h"

namespace ronchi::hw {

void TwinBase::Randomise(uint64_t seed, uint64_t environment, uint64_t episode) {
  hidden_ = {basis_.prior.Draw(seed, environment, episode), seed, environment, episode};
  ledger_.Clear();
  time_s_ = 0;
  blanked_ = true;
  advances_ = scans_ = 0;
  exposures_ = 0;
  BeginEpisode();
  FollowHidden();
}

void TwinBase::BeginExposure() {
  bool changed = false;
  for (const TwinEvent& event : basis_.events) {
    if (event.at_scan != exposures_) continue;
    for (const auto& [name, by] : event.add) {
      // The current goes on from where its decay has brought it.
      if (name == "current_decay_per_h") {
        hidden_.values.at("current_ratio") *= std::exp(by * time_s_ / 3600);
      }
      hidden_.values.at(name) += by;
      HiddenJumped(name, by);
      changed = true;
    }
  }
  ++exposures_;
  if (changed) FollowHidden();
}

std::map<std::string, double> TwinBase::Hidden() const {
  std::map<std::string, double> all = hidden_.values;
  AddDerived(&all);
  return all;
}

void TwinBase::Archive(StateArchive* a) {
  a->All(&hidden_, &ledger_, &time_s_, &blanked_, &advances_, &scans_, &exposures_);
  ArchivePhysics(a);
}

// Twins that describe themselves alike, are made from the same, have the same hidden numbers and
// are befallen by the same events can go on with each other's states.
std::string TwinBase::StateMark() const {
  if (!mark_.empty()) return mark_;
  mark_ = absl::StrCat(ToJson(description()).dump(), "\n", MadeFrom());
  for (const auto& [name, value] : hidden_.values) absl::StrAppend(&mark_, "\n", name);
  for (const TwinEvent& event : basis_.events) {
    absl::StrAppend(&mark_, "\n", event.at_scan);
    for (const auto& [name, by] : event.add) absl::StrAppend(&mark_, " ", name, " ", by);
  }
  return mark_;
}

absl::StatusOr<std::string> TwinBase::Save() const {
  StateArchive archive;
  const_cast<TwinBase*>(this)->Archive(&archive);  // an archive that collects writes nothing
  return archive.Seal(StateMark());
}

absl::Status TwinBase::Restore(const std::string& state) {
  RONCHI_ASSIGN_OR_RETURN(StateArchive archive, StateArchive::Open(state, StateMark()));
  StateArchive before;
  Archive(&before);
  Archive(&archive);
  const absl::Status status = archive.Finish();
  if (!status.ok()) before.GiveBack([this](StateArchive* a) { Archive(a); });
  FollowHidden();
  return status;
}

}  // namespace ronchi::hw
