// SOAP of the kind that gSOAP's RPC services speak: one method with arguments that are texts or
// numbers, and an answer that is one element with such fields.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.h"

namespace ronchi::hw::wire {

using SoapFields = std::vector<std::pair<std::string, std::string>>;

// The body of a request; `space`: the namespace of the method.
std::string SoapRequest(const std::string& space, const std::string& method,
                        const SoapFields& arguments);

struct SoapAnswer {
  std::string element;                        // "getfloatResponse", without its namespace
  std::map<std::string, std::string> fields;  // likewise
  bool fault = false;                         // then `why` is its faultstring
  std::string why;
};
// InvalidArgument: it is no such answer.
absl::StatusOr<SoapAnswer> ParseSoap(std::string_view body);

}  // namespace ronchi::hw::wire
