// temscript's web service, version 1 of its interface, as typed questions. A connection of its own
// for each: its server does one thing at a time, and an idle connection keeps everybody else out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "hw/wire/http.h"

namespace ronchi::hw {

class TemscriptService {
 public:
  TemscriptService(wire::Address address, double answer_s)
      : address_(std::move(address)), answer_s_(answer_s) {}

  const std::string& name() const { return address_.name; }
  // What GET /v1/`what` answers. Errors: kCommunication, kTimeout (the link), kCannot (404: it
  // knows no such thing), kHardware (500: with its reason; no JSON).
  absl::StatusOr<nlohmann::json> Get(const std::string& what, double within_s = 0) const;
  absl::Status Put(const std::string& what, const nlohmann::json& value, double within_s = 0) const;

  // The same, of one kind; another is kHardware. Numbers are finite.
  absl::StatusOr<double> Number(const std::string& what) const;
  absl::StatusOr<bool> Bool(const std::string& what) const;
  absl::StatusOr<std::string> Text(const std::string& what) const;
  absl::StatusOr<std::array<double, 2>> Pair(const std::string& what) const;
  // An error of what came as an answer to `what`.
  absl::Status Nonsense(const std::string& what, const std::string& why) const;

 private:
  absl::StatusOr<nlohmann::json> Ask(const wire::HttpRequest& request, const std::string& what,
                                     double within_s) const;
  const wire::Address address_;
  const double answer_s_;
};

}  // namespace ronchi::hw
