#include "sim/engine.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/engines/contracted_engine.h"
#include "sim/engines/linear_engine.h"
#include "sim/engines/multislice_engine.h"
#include "sim/engines/prism_engine.h"

namespace ronchi::sim {

// The first is the default, and the reference that the others' errors are measured against.
const std::vector<EngineKind>& EngineKinds() {
  static const std::vector<EngineKind> kKinds = {
      {.name = "multislice",
       .summary = "the reference: every probe through every slice",
       .keys = {{"engine.name", "multislice", "of `ronchi simulate`"},
                {"grid.pixels", "required", "frequencies reach the band limit, 1/(3 pixel sizes)"},
                {"grid.slice_thickness_A", "required", "one to two atoms along the beam"},
                {"phonons.configurations", "1", "frozen-phonon configurations to average"}},
       .exit_planes = true,
       .make = MakeMultisliceEngine},
      {.name = "prism",
       .summary = "every f-th plane wave through the specimen once; probes are sums of them",
       .keys = {{"engine.interpolation", "4", "every how many-th plane wave; a divisor of pixels"}},
       .make = MakePrismEngine},
      {.name = "contracted",
       .summary = "exact multislice images of rings and segments for any aberrations, in "
                  "milliseconds once prepared, with all derivatives; the twin's engine",
       .keys = {{"detectors", "annular, segmented, dpc, idpc with outer_mrad",
                 "that sum electrons over fixed pixels; no exit planes"},
                {"RONCHI_CACHE_GB", "20, or a tenth of the disk",
                 "room for prepared engines; `ronchi cache list` shows them"}},
       .make = MakeContractedEngine,
       .refuses = ContractedRefuses,
       .make_crystal = MakeContractedCrystal},
      {.name = "linear",
       .summary = "incoherent imaging of thin specimens, below 1 ms an image",
       .keys = {{"detectors", "annular, from the semiangle outwards", "no tilts, no exit planes"}},
       .tilts = false,
       .make = MakeLinearEngine,
       .refuses = LinearRefuses,
       .make_crystal = MakeLinearCrystal}};
  return kKinds;
}

const EngineKind* FindEngineKind(const std::string& name) {
  for (const EngineKind& kind : EngineKinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

std::vector<std::string> EngineNames(const std::function<bool(const EngineKind&)>& accepts) {
  std::vector<std::string> names;
  for (const EngineKind& kind : EngineKinds()) {
    if (accepts(kind)) names.push_back(kind.name);
  }
  return names;
}

std::vector<std::string> EngineNames() {
  return EngineNames([](const EngineKind&) { return true; });
}

std::vector<std::string> CrystalEngineNames() {
  return EngineNames([](const EngineKind& kind) { return kind.make_crystal != nullptr; });
}

std::shared_ptr<const Engine> ReferenceEngine() {
  static const std::shared_ptr<const Engine> kReference = std::make_shared<MultisliceEngine>();
  return kReference;
}

absl::Status ReadEngine(const Config& section, bool beam, bool grid, SimulationOptions* o) {
  ConfigReader r(section);
  std::string name = ReferenceEngine()->name();
  r.Choice("name", &name, EngineNames());
  const EngineKind& kind = *FindEngineKind(name);
  o->engine = kind.make(&r, grid ? o->grid_pixels : std::array<size_t, 2>{0, 0});
  const auto fail = [&](const std::string& what, const auto& accepts) {
    r.Fail("name",
           absl::StrCat(what, "; allowed with it: ", absl::StrJoin(EngineNames(accepts), ", ")));
  };
  const std::array<double, 2> none = {0, 0};
  if (!kind.tilts && (o->beam.tilt_rad != none || o->tilt_rad != none)) {
    fail(name + " knows no tilts", [](const EngineKind& other) { return other.tilts; });
  }
  const double semiangle_rad = beam ? o->beam.semiangle_rad : 0;
  for (const DetectorOptions& d : o->detectors) {
    const auto refusal = [&](const EngineKind& k) {
      return k.refuses ? k.refuses(d, semiangle_rad) : std::string();
    };
    if (const std::string what = refusal(kind); !what.empty()) {
      fail(name + " " + what, [&](const EngineKind& other) { return refusal(other).empty(); });
    }
  }
  if (!kind.exit_planes && o->exit_slices.size() > 1) {
    fail(name + " reads at the exit face only; no exit_planes",
         [](const EngineKind& other) { return other.exit_planes; });
  }
  return r.Done();
}

}  // namespace ronchi::sim
