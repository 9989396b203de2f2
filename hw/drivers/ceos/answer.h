// What a CEOS corrector answers, taken apart as if it were hostile. Of hw/drivers/ceos/ceos.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status.h"
#include "hw/instrument/reply.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::hw::ceos {

// The result of the JSON-RPC answer to the request `id` for `method`; `who` is for messages.
// kCommunication: it is no answer to it, so that the link cannot be trusted any longer. Any other
// error is the corrector's own: of its kind and effect where it says so, as Ronchi's server does;
// else kCannot (no such method) and kBadCommand (the params), which did nothing, or kHardware,
// which may have done something.
absl::StatusOr<nlohmann::json> ResultOf(std::string_view payload, uint64_t id,
                                        const std::string& method, const std::string& who);

// The aberrations of a measurement, Krivanek's names and signs, m. They stand below "aberrations"
// or "coefficients" or at the result's top, by name: a number, [x] or [x, y]; or as a list of
// {"name", "value"}. What is no aberration is passed over. "confidence", by name a number or [x,
// y], is taken for the standard deviation of each part; the covariance is not known unless all have
// one. InvalidArgument: none there, a shape or a number that cannot be.
absl::StatusOr<Estimate> AberrationsOf(const nlohmann::json& result, const std::string& what);

}  // namespace ronchi::hw::ceos
