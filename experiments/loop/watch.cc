#include "experiments/loop/watch.h"

#include "absl/strings/str_cat.h"

namespace ronchi {

void KeepSettings(const hw::Description& instrument, const hw::Reply& reply,
                  std::map<std::string, double>* settings) {
  for (const hw::Reading& reading : reply.readings) {
    const hw::PropertyInfo* info = instrument.FindProperty(reading.property);
    if (info && info->writable) (*settings)[reading.property] = reading.value.si;
  }
}

absl::StatusOr<hw::Reply> Watch::Run(const hw::Command& command,
                                     const hw::ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(bus_->Publish(events::Command{&command}));
  absl::StatusOr<hw::Reply> reply = inner_->Execute(command, options);
  if (!reply.ok()) return reply;
  KeepSettings(description(), *reply, &settings_);
  const bool image =
      std::holds_alternative<hw::Scan>(command) || std::holds_alternative<hw::Expose>(command);
  const auto* measure = std::get_if<hw::Measure>(&command);
  const auto* info = measure ? description().FindMeasurement(measure->what) : nullptr;
  const bool measured = info && info->fov_m > 0 && info->beam_on_s > 0;
  exposures_ += image || measured || (count_parks_ && std::holds_alternative<hw::Park>(command));
  RONCHI_RETURN_IF_ERROR(bus_->Publish(events::Reply{&command, &*reply, &settings_}));
  return reply;
}

PropertyColumn ColumnOf(const hw::PropertyInfo& property) {
  PropertyColumn column;
  const size_t dot = property.name.find('.');
  for (char c : property.name.substr(dot == std::string::npos ? 0 : dot + 1)) {
    if (c != '.') column.name += c;
  }
  const absl::StatusOr<Quantity> unit =
      property.unit.empty() ? absl::InvalidArgumentError("") : ParseQuantity("1 " + property.unit);
  if (unit.ok()) {
    column.unit_si = unit->si;
    absl::StrAppend(&column.name, "_", property.unit);
  }
  return column;
}

}  // namespace ronchi
