#include "sim/simulation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/interrupt.h"
#include "core/progress.h"
#include "sim/engine.h"
#include "sim/probe.h"
#include "sim/readings.h"

namespace ronchi::sim {
namespace {

SimulationState ToState(size_t block, const BlockSums& sums,
                        std::vector<std::vector<double>> gradients) {
  return {.block = block,
          .configurations = {sums.configurations.begin(), sums.configurations.end()},
          .sums = sums.values,
          .gradients = std::move(gradients)};
}

}  // namespace

double SimulationOptions::electrons_per_probe() const {
  const auto step = scan.Step_A();
  return electrons_per_A2 > 0 ? electrons_per_A2 * std::fabs(step[0] * step[1]) : 0;
}

std::vector<size_t> SimulationPlan::Shape(const SimulationOptions& o, size_t d) const {
  std::vector<size_t> shape;
  if (o.exit_slices.size() > 1) shape.push_back(o.exit_slices.size());
  if (o.scan.is_raster()) {
    shape.insert(shape.end(), o.scan.pixels.begin(), o.scan.pixels.end());
  } else {
    shape.push_back(o.scan.probes());
  }
  shape.insert(shape.end(), detectors[d].shape().begin(), detectors[d].shape().end());
  return shape;
}

absl::StatusOr<SimulationPlan> PlanSimulation(const SimulationOptions& o) {
  SimulationPlan plan;
  const EnginePlan engine = o.engine->Plan(o);
  plan.grid = o.grid();
  plan.read_on = engine.read_on;
  RONCHI_RETURN_IF_ERROR(MakeProbe(plan.grid, o.beam).status());
  size_t bytes_a_probe = sizeof(int);
  for (const DetectorOptions& d : o.detectors) {
    absl::StatusOr<Detector> detector =
        Detector::Create(d, plan.read_on, o.beam.energy_eV, o.beam.semiangle_rad);
    if (!detector.ok()) return Annotate(detector.status(), "detectors." + d.name);
    bytes_a_probe += o.exit_slices.size() * detector->size() * sizeof(double);
    plan.detectors.push_back(std::move(*detector));
  }
  // With phonons the potential is made anew for every block and configuration: larger blocks.
  constexpr size_t kPhononFactor = 8;
  const size_t budget = o.block_bytes * (o.phonons ? kPhononFactor : 1);
  // A source reaches over many probes: its blur needs the whole raster at once.
  const size_t most = o.source_fwhm_A > 0 ? o.scan.probes() : budget / bytes_a_probe;
  plan.blocks = o.scan.Blocks(most, engine.whole_rows);
  return plan;
}

absl::StatusOr<SimulationResult> Simulate(const SimulationOptions& o, const SimulationPlan& plan,
                                          const SimulationSink& sink,
                                          std::optional<SimulationState> resume) {
  const auto start = std::chrono::steady_clock::now();
  SimulationResult result;
  result.grid = plan.grid;
  RONCHI_ASSIGN_OR_RETURN(const auto work, o.engine->Prepare(o, plan, &result));
  std::vector<std::vector<double>> gradients(plan.detectors.size());
  for (size_t d = 0; d < gradients.size(); ++d) {
    if (plan.detectors[d].integrates()) {
      gradients[d].assign(2 * o.exit_slices.size() * o.scan.probes(),
                          std::numeric_limits<double>::quiet_NaN());
    }
  }
  const int configurations = o.engine->Plan(o).averages_inside ? 1 : o.phonon_configurations;
  Progress progress("simulate", o.scan.probes() * size_t(configurations));
  size_t block = 0;
  if (resume) {
    block = resume->block;
    gradients = std::move(resume->gradients);
    progress.Tick(plan.blocks[block].first * size_t(configurations));
  }
  for (; block < plan.blocks.size() && !result.unfinished; ++block) {
    BlockSums sums = MakeBlockSums(o, plan, plan.blocks[block]);
    if (resume) {
      sums.values = std::move(resume->sums);
      sums.configurations.assign(resume->configurations.begin(), resume->configurations.end());
      for (int done : sums.configurations) progress.Tick(size_t(done));
      resume.reset();
    }
    const auto& by_probe = sums.configurations;
    // Those that all probes had before an interruption need no potential.
    for (int c = *std::min_element(by_probe.begin(), by_probe.end());
         c < configurations && !Interrupted(); ++c) {
      RONCHI_RETURN_IF_ERROR(work->Run(c, &progress, &sums));
    }
    if (*std::min_element(by_probe.begin(), by_probe.end()) < configurations) {
      result.unfinished = ToState(block, sums, gradients);
    }
    RONCHI_RETURN_IF_ERROR(GiveOut(o, plan, std::move(sums), &gradients, sink));
  }
  RONCHI_RETURN_IF_ERROR(GiveOutIntegrals(o, plan, gradients, sink));
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

absl::StatusOr<CompleteSimulation> Simulate(const SimulationOptions& o) {
  RONCHI_ASSIGN_OR_RETURN(const SimulationPlan plan, PlanSimulation(o));
  CompleteSimulation out;
  for (size_t d = 0; d < plan.detectors.size(); ++d) {
    out.images.push_back(
        {o.detectors[d], Array<float>(plan.Shape(o, d), std::numeric_limits<float>::quiet_NaN())});
  }
  const auto keep = [&](size_t d, size_t exit, size_t first, std::span<const float> values) {
    Array<float>& image = out.images[d].values;
    const size_t plane = image.size() / o.exit_slices.size();
    std::copy(values.begin(), values.end(),
              image.data() + exit * plane + first * (plane / o.scan.probes()));
    return absl::OkStatus();
  };
  RONCHI_ASSIGN_OR_RETURN(static_cast<SimulationResult&>(out), Simulate(o, plan, keep));
  return out;
}

}  // namespace ronchi::sim
