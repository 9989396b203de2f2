// Devices of Ronchi's, served by libtango. Of hw/tango/module.cc.
#pragma once

#include <memory>
#include <string>

#include "hw/wire/tango.h"

namespace ronchi::hw::tango {

absl::StatusOr<std::unique_ptr<wire::TangoServing>> ServeOffered(
    const std::string& host, int port, std::shared_ptr<wire::TangoOffered> offered);

}  // namespace ronchi::hw::tango
