// `simulate` with its result in memory.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <optional>

#include "core/interrupt.h"
#include "core/progress.h"
#include "experiments/simulate/simulate_command.h"
#include "experiments/simulate/simulate_series.h"
#include "experiments/simulate/simulate_warnings.h"
#include "python/bind.h"
#include "python/interruptible.h"
#include "python/numpy.h"
#include "python/python_status.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

struct Simulated {
  std::vector<Signal> signals;
  std::vector<Array<float>> images;
  std::vector<std::string> warnings;
};

absl::StatusOr<Simulated> Run(const absl::StatusOr<Config>& config) {
  RONCHI_RETURN_IF_ERROR(config.status());
  RONCHI_ASSIGN_OR_RETURN(SimulateSeries series, SimulateSeries::Read(*config));
  Simulated out;
  out.warnings = SimulationWarnings(series.first().options);
  for (size_t d = 0; d < series.first().plan.detectors.size(); ++d) {
    out.signals.push_back(series.signal(d));
    out.images.emplace_back(series.Shape(d), std::numeric_limits<float>::quiet_NaN());
  }
  const size_t exits = series.first().options.exit_slices.size();
  const size_t probes = series.first().options.scan.probes();
  const auto keep = [&](size_t point, size_t d, size_t exit, size_t first,
                        std::span<const float> values) {
    Array<float>& image = out.images[d];
    const size_t plane = image.size() / (series.points() * exits);
    std::copy(values.begin(), values.end(),
              image.data() + (point * exits + exit) * plane + first * (plane / probes));
    return absl::OkStatus();
  };
  size_t last = 0;
  RONCHI_RETURN_IF_ERROR(SimulatePoints(series, 0, std::nullopt, keep, &last).status());
  return out;
}

nb::dict SignalDict(const Signal& signal) {
  nb::list axes;
  for (const Axis& a : signal.axes) {
    nb::dict axis;
    axis["name"] = a.name;
    axis["units"] = a.units;
    axis["offset"] = a.offset;
    axis["scale"] = a.scale;
    axis["navigate"] = a.navigate;
    axis["values"] = a.values;
    axes.append(axis);
  }
  nb::dict d;
  d["title"] = signal.title;
  d["units"] = signal.units;
  d["axes"] = axes;
  d["beam_energy_keV"] = signal.beam_energy_keV;
  d["convergence_mrad"] = signal.convergence_mrad;
  return d;
}

// ({detector: (values, signal)}, in the order of the config; warnings).
nb::tuple Results(Simulated simulated) {
  nb::dict out;
  for (size_t d = 0; d < simulated.images.size(); ++d) {
    const Signal& signal = simulated.signals[d];
    out[signal.name.c_str()] =
        nb::make_tuple(ToNumpy(std::move(simulated.images[d])), SignalDict(signal));
  }
  return nb::make_tuple(out, nb::cast(simulated.warnings));
}

// `text`: a config; or, where it is empty, `path` is the file of one.
nb::tuple Simulate(const std::string& text, const std::string& path,
                   const std::vector<std::string>& overrides, bool progress) {
  absl::StatusOr<Simulated> result = absl::UnknownError("");
  Progress::SetStyle(progress ? Progress::Style::kAuto : Progress::Style::kOff);
  const auto run = [&] {
    result = Run(text.empty() ? Config::Load(path, overrides)
                              : Config::Parse(text, "simulate", overrides));
  };
  try {
    RunInterruptibly(run, [] { SetInterrupted(true); });
  } catch (...) {
    SetInterrupted(false);
    throw;
  }
  return Results(ValueOrRaise(std::move(result), "simulate"));
}

}  // namespace

void BindSimulate(nb::module_& m) {
  m.def("simulate", &Simulate, "config"_a, "path"_a, "overrides"_a, "progress"_a,
        nb::sig("def simulate(config: str, path: str, overrides: collections.abc.Sequence[str], "
                "progress: bool) -> tuple[dict[str, tuple[numpy.typing.NDArray[numpy.float32], "
                "dict[str, typing.Any]]], list[str]]"));
}

}  // namespace ronchi::python
