// One word by UDP and its answer.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::wire {

// DeadlineExceeded: no answer in time; a word that is lost leaves no other trace. Unavailable,
// NotFound: it cannot be sent.
absl::StatusOr<std::string> AskByDatagram(const Address& to, std::string_view word,
                                          double within_s);

}  // namespace ronchi::hw::wire
