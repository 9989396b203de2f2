// Who may ask over HTTP: what the services of this folder have in common.
#pragma once

#include <optional>
#include <string>

#include "hw/wire/http.h"

namespace ronchi::hw {

// The answer to a request that may not be made: without the token where one is asked for; by
// another name than this machine's address, or from a page of elsewhere, where none is (a page in
// somebody's browser can make a name of its own stand for this machine). None: it may.
std::optional<std::string> RefusedRequest(const wire::HttpRequests::Came& came,
                                          const std::string& token);

}  // namespace ronchi::hw
