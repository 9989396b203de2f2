// SIMPLON, the REST interface of DECTRIS' detectors: settings, and commands. Errors are of
// hw/instrument/error.h.
// Source: SIMPLON API 1.8.
// Threads: any; each word has a connection of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/status.h"
#include "hw/instrument/description.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::dectris {

class Simplon {
 public:
  Simplon(wire::Address address, std::string version, double answer_s)
      : address_(std::move(address)), version_(std::move(version)), answer_s_(answer_s) {}

  struct Setting {
    nlohmann::json value;
    double min = -kInf, max = kInf;  // as far as they are told
  };

  const std::string& name() const { return address_.name; }
  // module: "detector", "stream". kCannot: it knows no such setting.
  absl::StatusOr<Setting> Get(const std::string& module, const std::string& key) const;
  // kHardware: it is no finite number, no whole one, no text.
  absl::StatusOr<double> Number(const std::string& module, const std::string& key) const;
  absl::StatusOr<size_t> Whole(const std::string& module, const std::string& key) const;
  absl::StatusOr<std::string> Text(const std::string& module, const std::string& key) const;
  // Where it stands there already nothing is sent; else it is set and read back. kOutOfTolerance:
  // it stands elsewhere. Numbers agree to a part in 10⁶.
  absl::Status Set(const std::string& module, const std::string& key,
                   const nlohmann::json& value) const;
  absl::StatusOr<nlohmann::json> Do(const std::string& command, double within_s = 0) const;
  // "idle", "na"; "" where it is not told.
  absl::StatusOr<std::string> State() const;

 private:
  absl::StatusOr<nlohmann::json> Ask(const std::string& method, const std::string& path,
                                     const std::string& body, double within_s) const;
  absl::Status Nonsense(const std::string& what, const std::string& why) const;

  const wire::Address address_;
  const std::string version_;
  const double answer_s_;
};

}  // namespace ronchi::hw::dectris
