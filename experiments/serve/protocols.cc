#include "experiments/serve/protocols.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/printable.h"
#include "hw/server/ceos_server.h"
#include "hw/server/mcp_server.h"
#include "hw/server/merlin_server.h"
#include "hw/server/tango_server.h"
#include "hw/server/temscript_server.h"

namespace ronchi {
namespace {

absl::StatusOr<std::vector<hw::Protocol>> OpenTemscript(const ServeContext& c) {
  return std::vector<hw::Protocol>{hw::TemscriptProtocol(c.hub, {.token = c.token})};
}

absl::StatusOr<std::vector<hw::Protocol>> OpenCeos(const ServeContext& c) {
  return std::vector<hw::Protocol>{hw::CeosProtocol(c.hub)};
}

absl::StatusOr<std::vector<hw::Protocol>> OpenMerlin(const ServeContext& c) {
  RONCHI_ASSIGN_OR_RETURN(hw::MerlinProtocols both, hw::MakeMerlinProtocols(c.hub));
  return std::vector<hw::Protocol>{std::move(both.control), std::move(both.data)};
}

absl::StatusOr<std::vector<hw::Protocol>> OpenMcp(const ServeContext& c) {
  return std::vector<hw::Protocol>{hw::McpProtocol(c.hub, c.approval, {.token = c.token})};
}

absl::StatusOr<std::vector<hw::Protocol>> OpenTango(const ServeContext& c) {
  RONCHI_ASSIGN_OR_RETURN(hw::TangoProtocols both, hw::MakeTangoProtocols(c.hub));
  return std::vector<hw::Protocol>{std::move(both.devices), std::move(both.images)};
}

}  // namespace

const std::vector<ServedProtocol>& ServedProtocols() {
  static const std::vector<ServedProtocol> kProtocols = {
      {"temscript",
       "temscript's web service: stage, beam, scans, cameras",
       {{"", 8080}},
       true,
       OpenTemscript},
      {"ceos", "a CEOS corrector's JSON-RPC: aberrations", {{"", 7072}}, false, OpenCeos},
      {"merlin",
       "Quantum Detectors' Merlin: the camera of an instrument that has one",
       {{"control", 6341}, {"data", 6342}},
       false,
       OpenMerlin},
      {"tango",
       "asyncroscopy's devices by TANGO, and images by key as from Tiled",
       {{"devices", 9096}, {"images", 9091}},
       false,
       OpenTango},
      {"mcp",
       "the Model Context Protocol: verbs as tools; a person approves each call that drives or "
       "exposes",
       {{"", 8000}},
       true,
       OpenMcp},
  };
  return kProtocols;
}

absl::StatusOr<const ServedProtocol*> FindServedProtocol(const std::string& name) {
  std::vector<std::string> names;
  for (const ServedProtocol& p : ServedProtocols()) {
    if (p.name == name) return &p;
    names.push_back(p.name);
  }
  return absl::NotFoundError(absl::StrCat(
      "--protocol: '", Printable(name), "' is not allowed; allowed: ", absl::StrJoin(names, ", ")));
}

}  // namespace ronchi
