// The state of a twin: drawn, asked for, saved, restored.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "hw/description_json.h"
#include "hw/state_archive.h"
#include "hw/twin/base/twin_base.h"

namespace ronchi::hw {

void TwinBase::Randomise(uint64_t seed, uint64_t environment, uint64_t episode) {
  hidden_ = {basis_.prior.Draw(seed, environment, episode), seed, environment, episode};
  ledger_.Clear();
  time_s_ = 0;
  blanked_ = true;
  advances_ = scans_ = 0;
  BeginEpisode();
}

std::map<std::string, double> TwinBase::Hidden() const {
  std::map<std::string, double> all = hidden_.values;
  AddDerived(&all);
  return all;
}

void TwinBase::Archive(StateArchive* a) {
  a->All(&hidden_, &ledger_, &time_s_, &blanked_, &advances_, &scans_);
  ArchivePhysics(a);
}

// Twins that describe themselves alike, are made from the same and have the same hidden numbers can
// go on with each other's states.
std::string TwinBase::StateMark() const {
  if (!mark_.empty()) return mark_;
  mark_ = absl::StrCat(ToJson(description()).dump(), "\n", MadeFrom());
  for (const auto& [name, value] : hidden_.values) absl::StrAppend(&mark_, "\n", name);
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
  AfterRestore();
  return status;
}

}  // namespace ronchi::hw
