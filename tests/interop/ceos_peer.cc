// For check_ceos.py: a corrector for others' clients, or a client for others' correctors.
//   interop_ceos_peer serve            prints the port, and serves until its input ends
//   interop_ceos_peer drive HOST:PORT  sets, measures, and prints what came of it
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "hw/drivers/ceos/ceos.h"
#include "hw/server/ceos_server.h"
#include "hw/server/server.h"
#include "tests/support/corrected.h"

namespace ronchi {
namespace {

using nlohmann::json;

int ServeCorrector() {
  const auto state = std::make_shared<testing_support::CorrectedState>();
  state->blanked = false;
  state->own_m = {{"C10", 4e-9}, {"C12.a", 8e-9}, {"C12.b", -5e-9}, {"C21.a", 3e-8}};
  testing_support::CorrectedColumn column(state);
  hw::Hub hub(&column);
  const auto server =
      hw::Server::Start({{*hw::wire::ParseAddress("127.0.0.1:0", true), hw::CeosProtocol(&hub)}});
  if (!server.ok()) return 1;
  std::printf("%d\n", (*server)->port(0));
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
}

json Told(const absl::StatusOr<hw::Reply>& reply) {
  if (!reply.ok()) {
    const hw::Error e = hw::ErrorOf(reply.status());
    return {{"kind", std::string(hw::KindName(e.kind))}, {"cause", e.cause}};
  }
  json told = json::object();
  for (const auto& r : reply->readings) told[r.property] = r.value.si;
  for (const auto& e : reply->estimates) {
    for (size_t i = 0; i < e.names.size(); ++i) told[e.names[i]] = e.values[i].si;
  }
  return told;
}

int DriveCorrector(const std::string& at) {
  const auto address = hw::wire::ParseAddress(at);
  hw::ceos::CeosOptions options;
  options.limits_m[0] = 1e-7;
  const auto driver = address.ok() ? hw::ceos::MakeCeos(*address, options) : address.status();
  if (!driver.ok()) {
    std::fprintf(stderr, "%s\n", driver.status().ToString().c_str());
    return 1;
  }
  json all = json::array();
  for (const hw::Command& c : std::vector<hw::Command>{
           hw::Set{"optics.C12.a", Metres(5e-9)}, hw::Set{"optics.C12.b", Metres(-3e-9)},
           hw::Set{"optics.C21.a", Metres(6e-9)}, hw::Set{"optics.C10", Metres(2e-9)},
           hw::Measure{"defocus"}, hw::Measure{"aberrations"},
           hw::Set{"optics.C23.a", Metres(1e-9)}}) {
    all.push_back(Told((*driver)->Execute(c)));
  }
  std::printf("%s\n", all.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "serve" && argc == 2) return ronchi::ServeCorrector();
  if (what == "drive" && argc == 3) return ronchi::DriveCorrector(argv[2]);
  std::fprintf(stderr, "usage: interop_ceos_peer serve | drive HOST:PORT\n");
  return 2;
}
