// Gatan Microscopy Suite by the bridge that runs inside it: JSON over ZeroMQ,
// {"function": F, "params": {…}} → {"success": true, …}. Errors are of hw/instrument/error.h.
// Source: nuance-gms-mcp 0.1 (PyPI), its part inside GMS.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/array.h"
#include "core/status.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::gms {

class Bridge {
 public:
  Bridge(wire::Address address, double answer_s)
      : address_(std::move(address)), answer_s_(answer_s) {}

  const std::string& name() const { return address_.name; }
  // The answer, an object whose "success" is true. kCannot: it knows no such function. kHardware:
  // it says that it failed, or answers with something else.
  absl::StatusOr<nlohmann::json> Call(const std::string& function,
                                      const nlohmann::json& params = nlohmann::json::object(),
                                      double within_s = 0) const;
  // A number of an answer. kHardware: there is none, or it is not finite.
  absl::StatusOr<double> Number(const nlohmann::json& answer, const std::string& key) const;
  // The pixels of an answer, [height, width].
  absl::StatusOr<Array<float>> Image(const nlohmann::json& answer, size_t height,
                                     size_t width) const;
  absl::Status Nonsense(const std::string& what, const std::string& why) const;

 private:
  const wire::Address address_;
  const double answer_s_;
};

}  // namespace ronchi::hw::gms
