// The floors of the house: an include never climbs. The rules are one table; the checker is a
// function of (file, included path), tried on offenders of every kind before it reads the tree.
#include <gtest/gtest.h>

#include <optional>
#include <regex>
#include <set>

#include "tests/house/tree.h"

namespace ronchi::house {
namespace {

struct Floor {
  std::string folder;
  std::vector<std::string> may_include;  // folders, or single headers
};

// The longest folder that a path starts with decides. A floor may always include its own folder.
const Floor kFloors[] = {
    {"core/", {}},
    {"sim/physics/", {"core/"}},
    {"sim/", {"core/"}},
    // Laws and monitors know no image engine: an environment may ask them.
    {"theory/parameters/", {"core/"}},
    {"theory/laws/", {"core/", "sim/physics/"}},
    {"theory/forward/", {"core/", "sim/", "theory/parameters/", "theory/laws/"}},
    {"theory/belief/", {"core/", "theory/parameters/", "theory/forward/"}},
    {"theory/hypotheses/",
     {"core/", "sim/physics/", "theory/parameters/", "theory/laws/", "theory/forward/",
      "theory/belief/"}},
    {"theory/monitor/", {"core/"}},
    {"hw/instrument/", {"core/"}},
    {"hw/wrappers/", {"core/", "hw/instrument/"}},
    {"hw/record/", {"core/", "hw/instrument/"}},
    {"hw/safety/", {"core/", "hw/instrument/", "hw/record/"}},
    {"hw/conformance/", {"core/", "hw/instrument/"}},
    {"hw/wire/", {"core/", "hw/instrument/"}},
    {"hw/drivers/", {"core/", "hw/instrument/", "hw/wire/"}},
    {"hw/server/", {"core/", "hw/instrument/", "hw/wire/"}},
    {"hw/tango/", {"core/", "hw/instrument/", "hw/wire/"}},
    // Twins do not know each other; what they share is in base.
    {"hw/twin/", {"core/", "hw/", "sim/", "theory/"}},
    {"hw/twin/base/", {"core/", "hw/", "sim/", "theory/"}},
    {"hw/twin/column/", {"core/", "hw/", "sim/", "theory/"}},
    {"hw/twin/particles/", {"core/", "hw/", "sim/", "theory/"}},
    {"hw/twin/sheet/", {"core/", "hw/", "sim/", "theory/"}},
    {"hw/workflow/", {"core/", "hw/"}},
    // Not the simulator, not the twin: what an environment cannot include it cannot peek at.
    {"env/",
     {"core/", "theory/parameters/", "theory/laws/", "theory/monitor/",
      "hw/instrument/instrument.h", "hw/instrument/ground_truth.h"}},
    {"agents/", {"core/", "env/", "hw/instrument/instrument.h"}},
    {"experiments/", {"core/", "sim/", "theory/", "hw/", "env/", "agents/"}},
};
// What a folder may not include although it lies below one that it may.
const std::pair<std::string, std::string> kExcept[] = {{"hw/", "hw/twin/"},
                                                       {"hw/workflow/", "hw/twin/"},
                                                       {"hw/twin/base/", "hw/twin/column/"},
                                                       {"hw/twin/base/", "hw/twin/particles/"},
                                                       {"hw/twin/base/", "hw/twin/sheet/"},
                                                       {"hw/twin/column/", "hw/twin/particles/"},
                                                       {"hw/twin/column/", "hw/twin/sheet/"},
                                                       {"hw/twin/particles/", "hw/twin/column/"},
                                                       {"hw/twin/particles/", "hw/twin/sheet/"},
                                                       {"hw/twin/sheet/", "hw/twin/column/"},
                                                       {"hw/twin/sheet/", "hw/twin/particles/"}};

struct Library {
  std::regex header;
  std::regex allowed_in;
  std::string home;
};
const Library kLibraries[] = {
    {std::regex("(torch|ATen|c10)/.*"), std::regex("agents/torch/.*\\.cc"), "agents/torch/*.cc"},
    {std::regex("(hdf5|H5[A-Za-z]*|hdf5_hl)\\.h|hdf5/.*"),
     std::regex("core/storage[a-z0-9_]*\\.(cc|h)"), "core/storage*"},
    {std::regex("fftw3\\.h"), std::regex("sim/fft\\.cc"), "sim/fft.cc"},
    {std::regex("pugixml\\.hpp"), std::regex("hw/wire/soap\\.cc"), "hw/wire/soap.cc"},
    {std::regex("google/protobuf/.*|.*\\.pb\\.h"), std::regex("hw/wire/de_packet\\.cc"),
     "hw/wire/de_packet.cc"},
    {std::regex("gif_lib\\.h"), std::regex("core/gif\\.cc"), "core/gif.cc"},
    {std::regex("xxhash\\.h"), std::regex("core/hash\\.cc"), "core/hash.cc"},
    {std::regex("boost/asio.*"), std::regex("hw/server/server\\.cc"), "hw/server/server.cc"},
    {std::regex("tango\\.h|tango/.*|omni(ORB4|thread).*"),
     std::regex("hw/tango/(.*\\.cc|values\\.h)"), "hw/tango/*.cc"},
    {std::regex("zmq\\.h"), std::regex("hw/(wire/zeromq|drivers/dectris/stream_reader)\\.cc"),
     "hw/wire/zeromq.cc, hw/drivers/dectris/stream_reader.cc"},
    {std::regex("cbor\\.h"), std::regex("hw/wire/cbor\\.cc"), "hw/wire/cbor.cc"},
    {std::regex("lz4\\.h"), std::regex("hw/wire/bitshuffle\\.cc"), "hw/wire/bitshuffle.cc"},
    {std::regex("(tbb|oneapi)/.*"), std::regex("core/parallel\\.cc"), "core/parallel.cc"},
};

const Floor* FloorOf(const std::string& path) {
  const Floor* found = nullptr;
  for (const Floor& floor : kFloors) {
    if (StartsWith(path, floor.folder) &&
        (found == nullptr || floor.folder.size() > found->folder.size())) {
      found = &floor;
    }
  }
  return found;
}

// Why `file` may not include `header`; nothing if it may. Tests and benches may include all.
std::optional<std::string> Offence(const std::string& file, const std::string& header) {
  const Floor* floor = FloorOf(file);
  if (floor == nullptr) return std::nullopt;
  for (const Library& library : kLibraries) {
    if (std::regex_match(header, library.header) && !std::regex_match(file, library.allowed_in)) {
      return "belongs only in " + library.home;
    }
  }
  if (StartsWith(header, "tests/") || StartsWith(header, "bench/"))
    return "is no part of the house";
  const Floor* target = FloorOf(header);
  if (target == nullptr) return std::nullopt;  // a library's header, or a generated one
  for (const auto& [folder, forbidden] : kExcept) {
    if (floor->folder == folder && StartsWith(header, forbidden)) return "climbs from " + folder;
  }
  if (StartsWith(header, floor->folder)) return std::nullopt;
  for (const std::string& allowed : floor->may_include) {
    if (StartsWith(header, allowed)) return std::nullopt;
  }
  return "climbs from " + floor->folder;
}

struct Example {
  std::string file, header;
};

TEST(Includes, OffendersOfEveryKindAreFound) {
  const Example offenders[] = {
      {"core/array.h", "sim/fft.h"},
      {"core/files.cc", "experiments/runner.h"},
      {"sim/physics/aberrations.cc", "sim/probe.h"},
      {"sim/multislice.cc", "theory/belief/belief.h"},
      {"sim/multislice.cc", "hw/instrument/instrument.h"},
      {"theory/belief/belief.cc", "hw/instrument/instrument.h"},
      {"theory/belief/belief.cc", "env/environment.h"},
      {"theory/belief/belief.cc", "sim/multislice.h"},
      {"theory/forward/scanned_crystal.cc", "theory/belief/belief.h"},
      {"theory/monitor/monitor.cc", "theory/belief/belief.h"},
      {"theory/laws/knock_on.cc", "sim/multislice.h"},
      {"theory/parameters/prior.cc", "sim/physics/aberrations.h"},
      {"env/focus.cc", "theory/belief/belief.h"},
      {"env/focus.cc", "theory/forward/forward_model.h"},
      {"hw/instrument/instrument.cc", "sim/multislice.h"},
      {"hw/instrument/cost.cc", "hw/safety/guarded.h"},
      {"hw/wrappers/retrying.cc", "hw/safety/guarded.h"},
      {"hw/record/recorded.cc", "hw/wrappers/retrying.h"},
      {"hw/safety/guarded.cc", "theory/monitor/monitor.h"},
      {"hw/safety/guarded.cc", "hw/twin/column/column_twin.h"},
      {"hw/drivers/merlin.cc", "hw/twin/column/column_twin.h"},
      {"hw/workflow/run.cc", "hw/twin/column/column_twin.h"},
      {"hw/workflow/run.cc", "agents/policy.h"},
      {"hw/twin/column/column_twin.cc", "env/environment.h"},
      {"hw/twin/base/beam.h", "hw/twin/column/stage.h"},
      {"hw/twin/column/detectors.cc", "hw/twin/particles/counting.h"},
      {"hw/twin/sheet/sheet_twin.cc", "hw/twin/column/detectors.h"},
      {"env/focus.cc", "sim/multislice.h"},
      {"env/focus.cc", "sim/physics/aberrations.h"},
      {"env/focus.cc", "hw/twin/column/column_twin.h"},
      {"env/focus.cc", "hw/safety/guarded.h"},
      {"env/focus.cc", "agents/policy.h"},
      {"agents/bayes/gp.cc", "hw/twin/column/column_twin.h"},
      {"agents/bayes/gp.cc", "hw/safety/guarded.h"},
      {"agents/bayes/gp.cc", "sim/multislice.h"},
      {"agents/bayes/gp.cc", "theory/belief/belief.h"},
      {"agents/bayes/gp.cc", "experiments/runner.h"},
      {"agents/bayes/gp.cc", "torch/torch.h"},
      {"agents/torch/network.h", "torch/torch.h"},
      {"agents/torch/network.h", "ATen/ATen.h"},
      {"experiments/report.cc", "hdf5.h"},
      {"sim/detector.cc", "hdf5_hl.h"},
      {"sim/probe.cc", "fftw3.h"},
      {"sim/fft.h", "fftw3.h"},
      {"sim/fft.cc", "tbb/parallel_for.h"},
      {"core/content_cache.cc", "xxhash.h"},
      {"env/wrappers/record_pictures.cc", "gif_lib.h"},
      {"hw/drivers/tango/tango.cc", "tango.h"},
      {"hw/drivers/tango/part.h", "tango/DeviceProxy.h"},
      {"hw/server/tango_server.cc", "omniORB4/CORBA.h"},
      {"hw/tango/proxy.h", "tango.h"},
      {"hw/tango/proxy.cc", "hw/drivers/tango/tango.h"},
      {"core/random.cc", "oneapi/tbb/task_arena.h"},
      {"theory/monitor/monitor.cc", "tests/theory/monitor/run_length.h"},
  };
  for (const Example& e : offenders) {
    EXPECT_TRUE(Offence(e.file, e.header)) << e.file << " includes " << e.header;
  }
}

TEST(Includes, WhatIsAllowedPasses) {
  const Example honest[] = {
      {"core/files.cc", "core/files.h"},
      {"core/files.cc", "ronchi_paths.h"},
      {"core/storage.cc", "hdf5.h"},
      {"core/hash.cc", "xxhash.h"},
      {"core/gif.cc", "gif_lib.h"},
      {"core/parallel.cc", "tbb/parallel_for.h"},
      {"sim/fft.cc", "fftw3.h"},
      {"sim/probe.cc", "sim/physics/aberrations.h"},
      {"theory/belief/belief.cc", "theory/forward/forward_model.h"},
      {"theory/forward/scanned_crystal.cc", "sim/contracted/contracted.h"},
      {"theory/laws/phase_error.cc", "sim/physics/aberrations.h"},
      {"hw/safety/guarded.cc", "hw/instrument/instrument.h"},
      {"hw/twin/column/column_twin.cc", "sim/multislice.h"},
      {"hw/twin/column/column_twin.cc", "theory/laws/knock_on.h"},
      {"hw/twin/column/column_twin.cc", "hw/safety/guarded.h"},
      {"hw/twin/sheet/sheet_twin.cc", "hw/twin/base/beam.h"},
      {"hw/workflow/run.cc", "hw/instrument/instrument.h"},
      {"env/focus.cc", "theory/monitor/monitor.h"},
      {"env/focus.cc", "hw/instrument/ground_truth.h"},
      {"agents/policy.cc", "hw/instrument/instrument.h"},
      {"agents/policy.cc", "Eigen/Core"},
      {"agents/torch/network.cc", "torch/torch.h"},
      {"hw/tango/served.cc", "tango.h"},
      {"hw/tango/proxy.cc", "hw/wire/tango.h"},
      {"experiments/runner.cc", "hw/twin/column/column_twin.h"},
      {"tests/env/focus.cc", "hw/twin/column/column_twin.h"},
      {"bench/sim/fft.cc", "fftw3.h"},
  };
  for (const Example& e : honest) {
    EXPECT_FALSE(Offence(e.file, e.header)) << e.file << " includes " << e.header;
  }
}

TEST(Includes, NoneInTheTreeClimbs) {
  const auto sources =
      ReadTree({"core", "sim", "theory", "hw", "env", "agents", "experiments"}, IsCode);
  ASSERT_GT(sources.size(), 10u) << "found no sources below " << RONCHI_SOURCE_DIR;
  const std::regex include("\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"].*");
  size_t found = 0;
  for (const Source& source : sources) {
    EXPECT_TRUE(FloorOf(source.path)) << source.path << " stands in no folder of the table";
    for (size_t i = 0; i < source.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_match(source.lines[i], match, include)) continue;
      ++found;
      const auto offence = Offence(source.path, match[1]);
      EXPECT_FALSE(offence) << source.path << ":" << i + 1 << ": " << match[1] << " " << *offence;
    }
  }
  EXPECT_GT(found, 50u);
}

}  // namespace
}  // namespace ronchi::house
