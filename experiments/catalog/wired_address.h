// Keys that name a port somewhere: "address: 10.0.0.7:8080".
#pragma once

#include <string>

#include "core/config.h"
#include "hw/wire/stream.h"

namespace ronchi {

// The key is needed; what is wrong with it is said by the reader's Done.
absl::StatusOr<hw::wire::Address> ReadAddress(ConfigReader* r, const Config& node,
                                              const std::string& key);

}  // namespace ronchi
