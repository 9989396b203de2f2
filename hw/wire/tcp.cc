// Connections over TCP.
#include "hw/wire/connection.h"

namespace ronchi::hw::wire {
namespace {

class Tcp final : public Endpoint {
 public:
  explicit Tcp(Address address) : address_(std::move(address)) {}
  const std::string& name() const override { return address_.name; }
  bool many() const override { return true; }
  absl::StatusOr<std::unique_ptr<Connection>> Connect(double within_s) override {
    RONCHI_ASSIGN_OR_RETURN(Stream stream, Dial(address_, within_s));
    return std::make_unique<Connection>(std::move(stream));
  }

 private:
  const Address address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Endpoint>> MakeTcpEndpoint(const std::string& address) {
  RONCHI_ASSIGN_OR_RETURN(Address parsed, ParseAddress(address));
  return std::make_unique<Tcp>(std::move(parsed));
}

}  // namespace ronchi::hw::wire
