// Between libtango's values and Ronchi's. Includes tango.h: for the sources of this folder alone.
#pragma once

#include <tango.h>

#include "hw/wire/tango.h"

namespace ronchi::hw::tango {

// Only while a DevFailed or a CORBA exception is caught.
absl::Status CaughtError(const std::string& what);

// `in` as the type `type`. InvalidArgument: it does not fit.
absl::StatusOr<Tango::DeviceData> ToDeviceData(const wire::TangoValue& in, long type);
absl::StatusOr<wire::TangoValue> FromDeviceData(Tango::DeviceData* data, long type);

absl::StatusOr<Tango::DeviceAttribute> ToAttribute(const std::string& name,
                                                   const wire::TangoValue& in, long type,
                                                   bool scalar);
absl::StatusOr<wire::TangoValue> FromAttribute(Tango::DeviceAttribute* data);

}  // namespace ronchi::hw::tango
