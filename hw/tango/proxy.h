// Devices of others, by libtango. Of hw/tango/module.cc.
#pragma once

#include "hw/wire/tango.h"

namespace ronchi::hw::tango {

absl::StatusOr<std::unique_ptr<wire::TangoDevice>> OpenProxy(const std::string& url,
                                                             double within_s);

}  // namespace ronchi::hw::tango
