// A CEOS aberration corrector, by JSON-RPC 2.0 in netstrings (docs/drivers/ceos.md). It is a part
// of a microscope: it corrects and measures, and knows of no beam; hw/wrappers/composite.h makes it
// one with the column.
//
// Its properties are the sums of the corrections made since it was opened, in Krivanek's terms: 0
// at first. A corrector does not tell where its knobs stand. So a correction whose answer is lost
// leaves that aberration in doubt, and every further set of it is refused until it is opened anew:
// a correction is relative on the wire, and made twice would count twice.
#pragma once

#include <array>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/wire/haider.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::ceos {

// The outer angle that a tableau of each type has unless told otherwise, and its images.
struct TableauType {
  std::string_view name;
  double angle_rad;
  int images;
};
inline constexpr std::array<TableauType, 3> kTableauTypes = {
    {{"Fast", 9e-3, 9}, {"Standard", 18e-3, 19}, {"Enhanced", 34e-3, 37}}};

struct CeosOptions {
  // How far each aberration may be driven from where it stood, Haider's coefficient in m, in the
  // order of wire::kHaiderTerms; 0: it is not offered. Not C1: the column has its own focus.
  std::array<double, wire::kHaiderTerms.size()> limits_m = {0, 100e-9, 500e-9, 500e-9};
  size_t tableau = 1;            // of kTableauTypes
  double tableau_angle_rad = 0;  // 0: the type's own
  double field_m = 100e-9;       // side of the square that a measurement exposes
  double connect_s = 5;
  double answer_s = 5;     // getInfo and correctAberration, which take 0.5 s
  double measure_s = 20;   // measureC1A1, which takes 2 s
  double tableau_s = 120;  // acquireTableau
};

// What carries the corrector's methods: its own gateway, or another wire that passes them on.
class CeosLink {
 public:
  virtual ~CeosLink() = default;
  virtual const std::string& name() const = 0;
  // The result of the gateway's method. Errors: hw/instrument/error.h.
  virtual absl::StatusOr<nlohmann::json> Call(const std::string& method,
                                              const nlohmann::json& params, double within_s) = 0;
};

// Connects and asks who is there. Unavailable, DeadlineExceeded: nobody, no answer. Unimplemented:
// the corrector lacks an aberration that is asked for.
absl::StatusOr<std::unique_ptr<Instrument>> MakeCeos(const wire::Address& address,
                                                     const CeosOptions& options = {});
absl::StatusOr<std::unique_ptr<Instrument>> MakeCeos(std::unique_ptr<CeosLink> link,
                                                     const CeosOptions& options = {});

}  // namespace ronchi::hw::ceos
