// One question over ZeroMQ, and its answer.
#pragma once

#include <string>
#include <string_view>

#include "hw/wire/stream.h"

namespace ronchi::hw::wire {

// By a socket of its own (REQ), which is gone afterwards: one whose answer was lost could ask no
// more. Errors are of hw/instrument/error.h: kCommunication with effect none where nobody is there,
// kTimeout and kCommunication with effect perhaps where the answer is missing, has several parts or
// is larger than `most_bytes`.
absl::StatusOr<std::string> AskZeroMq(const Address& to, std::string_view question, double within_s,
                                      size_t most_bytes);

}  // namespace ronchi::hw::wire
