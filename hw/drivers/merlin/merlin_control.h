// Merlin's control port: settings, and commands. Errors are of hw/instrument/error.h; what the
// server refuses has not been done.
// Threads: one at a time.
#pragma once

#include <string>

#include "core/status.h"
#include "hw/wire/framed_peer.h"

namespace ronchi::hw {

class MerlinControl {
 public:
  MerlinControl(const wire::Address& address, double connect_s, double answer_s);

  const std::string& name() const { return peer_.name(); }
  absl::StatusOr<std::string> Get(const std::string& name);
  // `otherwise` where the server does not know the name.
  absl::StatusOr<std::string> Get(const std::string& name, const std::string& otherwise);
  // kHardware: it is no whole number.
  absl::StatusOr<int> GetWhole(const std::string& name);
  // Sets it and reads it back. kOutOfTolerance: it stands elsewhere.
  absl::Status Set(const std::string& name, const std::string& value);
  absl::Status SetNumber(const std::string& name, double value);
  absl::Status SetIfKnown(const std::string& name, double value);
  absl::Status Do(const std::string& command);

 private:
  absl::StatusOr<std::string> Ask(const std::string& verb, const std::string& name,
                                  const std::string& value);

  wire::FramedPeer peer_;
  const double answer_s_;
};

}  // namespace ronchi::hw
