// What an image engine is: from the options of a simulation to sums by detector. Each knows what
// it can read, how it goes over a scan, and what it takes in memory and time. There is one literal
// table of them, from which `list`, `describe`, the section `engine` of a config, its errors and
// its schema derive (docs/add_engine.md).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/progress.h"
#include "core/status.h"
#include "sim/crystal_images.h"
#include "sim/readings.h"
#include "sim/simulation.h"

namespace ronchi::sim {

struct EnginePlan {
  Grid read_on;             // of the diffraction patterns
  bool whole_rows = false;  // blocks of a scan are whole tiles (ScanOptions::Blocks)
  // Thermal motion, and the size of the source, enter before any probe: there is one configuration.
  bool averages_inside = false, blurs_inside = false;
  bool incoherent = false;  // adds intensities, so that a site may be occupied in part
};

// Bytes, but for detector readings, which are every engine's alike.
struct EngineMemory {
  double slices = 0;      // what is prepared: potentials, transmission functions, matrices
  double workspaces = 0;  // of threads, and what they share
};

struct EngineCost {
  double seconds = 0;        // wall clock on so many idle cores, planning of FFTs aside
  double slice_seconds = 0;  // one probe through one slice on one thread; 0: there is no such thing
  size_t beams = 0;          // plane waves of a scattering matrix
  bool prepared = false;     // in the cache on disk already
};

// A simulation at work; what it prepares is kept from block to block.
class EngineRun {
 public:
  virtual ~EngineRun() = default;
  // Adds one configuration of displaced atoms to the sums of those of the block's probes that lack
  // it. Interrupted: OK, and sums->configurations say how far it came.
  virtual absl::Status Run(int configuration, Progress* progress, BlockSums* sums) = 0;
};

// Immutable, with the values of its own keys.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;  // as in the table

  // Patterns on the waves' grid and any blocks, unless an engine says otherwise.
  virtual EnginePlan Plan(const SimulationOptions& options) const { return {options.grid()}; }
  // An upper bound that costs no work. `plan` may be of a coarser division than what is run.
  virtual EngineMemory Memory(const SimulationOptions& options, const SimulationPlan& plan,
                              int threads) const = 0;
  // By measuring a small part of the work on one thread, and scaling up.
  virtual absl::StatusOr<EngineCost> Cost(const SimulationOptions& options,
                                          const SimulationPlan& plan, int threads) const = 0;
  // What runs the job; options, plan and result outlive it. Whatever takes long is done when it is
  // first needed: an interrupted simulation may need nothing but its last block.
  virtual absl::StatusOr<std::unique_ptr<EngineRun>> Prepare(const SimulationOptions& options,
                                                             const SimulationPlan& plan,
                                                             SimulationResult* result) const = 0;
};

// A key of a simulate config that means something to an engine: for people, in `describe`.
struct EngineKey {
  const char* key;
  const char* standard;  // its default, or what is allowed
  const char* meaning;
};

// A row of the table.
struct EngineKind {
  const char* name;
  const char* summary;
  std::vector<EngineKey> keys;
  bool exit_planes = false;  // reads inside the specimen, not only at its exit face
  bool tilts = true;         // knows tilts of the beam and of the specimen
  // Reads the engine's own keys of the section `engine`. The grid is {0, 0} where it could not be
  // read.
  std::shared_ptr<const Engine> (*make)(ConfigReader* keys, std::array<size_t, 2> grid_pixels);
  // Why it cannot read a detector, as half a sentence with its name; empty when it can. A semiangle
  // of 0: not known.
  std::string (*refuses)(const DetectorOptions& detector, double semiangle_rad) = nullptr;
  // Images of crystals for twins and theory; none: not this engine. InvalidArgument: an element
  // without scattering factor. ResourceExhausted, Cancelled as the engine has them.
  absl::StatusOr<std::shared_ptr<const CrystalImages>> (*make_crystal)(const CrystalOptions&) =
      nullptr;
};

const std::vector<EngineKind>& EngineKinds();
// Null when there is none of that name.
const EngineKind* FindEngineKind(const std::string& name);
// Of all engines; of those that a predicate accepts.
std::vector<std::string> EngineNames();
std::vector<std::string> EngineNames(const std::function<bool(const EngineKind&)>& accepts);
std::vector<std::string> CrystalEngineNames();  // with images of crystals

// Reads the section `engine` of a simulate config, and says in it what the chosen engine cannot do
// with the rest. `beam`, `grid`: these sections held no mistake.
absl::Status ReadEngine(const Config& section, bool beam, bool grid, SimulationOptions* options);

}  // namespace ronchi::sim
