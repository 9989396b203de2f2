#include "sim/readings.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "sim/coherence.h"
#include "sim/engine.h"
#include "sim/integrate_gradient.h"
#include "sim/physics/electron.h"

namespace ronchi::sim {
namespace {

// A raster over the whole box, or several times over, goes on at its beginning.
std::array<bool, 2> PeriodicAxes(const SimulationOptions& o) {
  std::array<bool, 2> periodic = {false, false};
  for (size_t a : {0, 1}) {
    const double boxes = std::fabs(o.scan.end_A[a] - o.scan.start_A[a]) / o.specimen.cell_A[a];
    periodic[a] = !o.scan.endpoint && boxes > 0.5 && std::fabs(boxes - std::round(boxes)) < 1e-6;
  }
  return periodic;
}

// Sums to means, NaN where a probe never ran; then the size of the source (the block is then the
// whole raster).
void ToMeans(const SimulationOptions& o, size_t reading, const BlockSums& sums,
             std::vector<double>* values) {
  const std::vector<int>& done = sums.configurations;
  for (size_t i = 0; i < values->size(); ++i) {
    const int n = done[i / reading % done.size()];
    (*values)[i] = n > 0 ? (*values)[i] / n : std::numeric_limits<double>::quiet_NaN();
  }
  if (o.source_fwhm_A > 0 && !o.engine->Plan(o).blurs_inside) {
    const auto step = o.scan.Step_A();
    BlurBySource(o.source_fwhm_A, step[0], step[1], PeriodicAxes(o), o.exit_slices.size(),
                 o.scan.pixels[0], o.scan.pixels[1], reading, values);
  }
}

// One probe's reading under the detector's noise, in place.
void AddNoise(const SimulationOptions& o, const Detector& d, size_t exit, size_t probe,
              std::span<double> reading) {
  const Exposure exposure{.electrons = o.electrons_per_probe(),
                          .seed = o.dose_seed,
                          .detector = d.options().name,
                          .index = (exit * o.scan.probes() + probe) * d.size()};
  if (!d.counts_electrons()) return ExposeMoments(d.options().response, exposure, reading);
  const bool pattern = d.options().type == DetectorOptions::Type::kPixelated;
  const std::array<size_t, 2> shape =
      pattern ? std::array{d.shape()[0], d.shape()[1]} : std::array{d.size(), size_t(1)};
  Expose(d.options().response, exposure, shape, reading);
}

size_t ValuesAProbe(const Detector& d) {
  size_t n = 1;
  for (size_t s : d.shape()) n *= s;
  return n;
}

}  // namespace

BlockSums MakeBlockSums(const SimulationOptions& o, const SimulationPlan& plan,
                        ScanOptions::Block block) {
  BlockSums sums{block, {}, std::vector<int>(block.count, 0)};
  for (const Detector& d : plan.detectors) {
    sums.values.emplace_back(o.exit_slices.size() * block.count * d.size(), 0.0);
  }
  return sums;
}

absl::Status GiveOut(const SimulationOptions& o, const SimulationPlan& plan, BlockSums sums,
                     std::vector<std::vector<double>>* gradients, const SimulationSink& sink) {
  const auto [first, count] = sums.block;
  const double scale = o.counts ? o.electrons_per_probe() : 1;
  for (size_t i = 0; i < plan.detectors.size(); ++i) {
    const Detector& d = plan.detectors[i];
    std::vector<double>& values = sums.values[i];
    ToMeans(o, d.size(), sums, &values);
    const size_t n = ValuesAProbe(d);
    for (size_t exit = 0; exit < o.exit_slices.size(); ++exit) {
      std::vector<float> out(d.integrates() ? 0 : count * n);
      ParallelFor(count, 64, [&, first = first](size_t begin, size_t end) {
        for (size_t p = begin; p < end; ++p) {
          const std::span<double> reading(values.data() + (exit * sums.block.count + p) * d.size(),
                                          d.size());
          AddNoise(o, d, exit, first + p, reading);
          if (d.integrates()) {
            const auto vector = d.Combine(reading);
            std::copy_n(vector.data(), 2,
                        (*gradients)[i].data() + 2 * (exit * o.scan.probes() + first + p));
          } else if (d.is_angle()) {
            const auto vector = d.Combine(reading);
            for (size_t a : {0, 1}) out[p * 2 + a] = float(vector[a]);
          } else {
            for (size_t v = 0; v < n; ++v) out[p * n + v] = float(reading[v] * scale);
          }
        }
      });
      if (!d.integrates()) RONCHI_RETURN_IF_ERROR(sink(i, exit, first, out));
    }
  }
  return absl::OkStatus();
}

absl::Status GiveOutIntegrals(const SimulationOptions& o, const SimulationPlan& plan,
                              const std::vector<std::vector<double>>& gradients,
                              const SimulationSink& sink) {
  const size_t probes = o.scan.probes();
  for (size_t i = 0; i < plan.detectors.size(); ++i) {
    if (!plan.detectors[i].integrates()) continue;
    const GradientRaster raster{.pixels = o.scan.pixels,
                                .step_A = o.scan.Step_A(),
                                .wavelength_A = Wavelength_A(o.beam.energy_eV),
                                .high_pass_per_A = plan.detectors[i].options().high_pass_per_A};
    for (size_t exit = 0; exit < o.exit_slices.size(); ++exit) {
      std::vector<double> phase(probes);
      IntegrateGradient(raster, {gradients[i].data() + 2 * exit * probes, 2 * probes}, phase);
      RONCHI_RETURN_IF_ERROR(sink(i, exit, 0, std::vector<float>(phase.begin(), phase.end())));
    }
  }
  return absl::OkStatus();
}

}  // namespace ronchi::sim
