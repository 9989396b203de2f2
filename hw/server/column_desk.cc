#include "hw/server/column_desk.h"

#include "hw/instrument/validate.h"

namespace ronchi::hw {

bool ColumnDesk::Has(const std::string& property) const {
  return description().FindProperty(property) != nullptr;
}

const DetectorInfo* ColumnDesk::FindDetector(const std::string& name, DetectorKind kind) const {
  const DetectorInfo* d = description().FindDetector(name);
  return d && d->kind == kind ? d : nullptr;
}

absl::StatusOr<bool> ColumnDesk::Blanked() {
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, hub_->Execute(Read{}));
  return reply.blanked;
}

absl::StatusOr<double> ColumnDesk::Property(const std::string& property) {
  if (!Has(property)) {
    return MakeError({ErrorKind::kCannot, "the instrument has no " + property, ""});
  }
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, hub_->Execute(Read{{property}}));
  return reply.readings.at(0).value.si;
}

absl::StatusOr<std::array<double, 2>> ColumnDesk::Pair(const std::string& x, const std::string& y) {
  RONCHI_ASSIGN_OR_RETURN(const double at_x, Property(x));
  RONCHI_ASSIGN_OR_RETURN(const double at_y, Property(y));
  return std::array<double, 2>{at_x, at_y};
}

absl::Status ColumnDesk::SetProperty(const std::string& property, double si) {
  const PropertyInfo* p = description().FindProperty(property);
  if (!p) return MakeError({ErrorKind::kCannot, "the instrument has no " + property, ""});
  return hub_->Execute(Set{.property = property, .value = {si, p->dimension}}).status();
}

absl::Status ColumnDesk::SetPair(const std::string& x, const std::string& y,
                                 const std::array<double, 2>& to) {
  RONCHI_ASSIGN_OR_RETURN(const auto at, Pair(x, y));
  for (size_t i = 0; i < 2; ++i) {
    if (at[i] != to[i]) RONCHI_RETURN_IF_ERROR(SetProperty(i == 0 ? x : y, to[i]));
  }
  return absl::OkStatus();
}

absl::Status ColumnDesk::SetAll(const std::vector<std::pair<std::string, double>>& moves) {
  for (const auto& [property, to] : moves) {
    const PropertyInfo* p = description().FindProperty(property);
    if (!p) return SetProperty(property, to);  // which says that there is none
    RONCHI_RETURN_IF_ERROR(CheckTarget(*p, to));
  }
  for (const auto& [property, to] : moves) RONCHI_RETURN_IF_ERROR(SetProperty(property, to));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Frame>> ColumnDesk::Take(const Command& command) {
  RONCHI_ASSIGN_OR_RETURN(Reply reply, hub_->Execute(command));
  if (reply.ended == Ended::kComplete && !reply.frames.empty()) return std::move(reply.frames);
  return MakeError({ErrorKind::kCancelled, "the acquisition was ended early", "", Effect::kDone});
}

}  // namespace ronchi::hw
