#include "experiments/simulate/simulate_series.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "experiments/loop/recipe.h"
#include "sim/coherence.h"

namespace ronchi {
namespace {

// Units as keys end in them; the longer first.
struct KeyUnit {
  const char* suffix;
  const char* units;
};
constexpr KeyUnit kKeyUnits[] = {{"_per_A2", "A^-2"}, {"_per_A", "A^-1"}, {"_g_cm3", "g/cm^3"},
                                 {"_mrad", "mrad"},   {"_deg", "deg"},    {"_keV", "keV"},
                                 {"_A", "A"},         {"_e", "electrons"}};

// "C10_A" → "C10", and "A".
std::string StripUnit(const std::string& key, std::string* units) {
  for (const KeyUnit& unit : kKeyUnits) {
    if (!absl::EndsWith(key, unit.suffix)) continue;
    *units = unit.units;
    return key.substr(0, key.size() - std::string(unit.suffix).size());
  }
  return key;
}

void NameSeries(const std::string& path, std::string* name, std::string* units) {
  // "scan.end_A[0]": the list's key, and which of its numbers.
  const std::vector<std::string> keys = absl::StrSplit(path, '.');
  std::string last = keys.back(), part;
  if (const size_t bracket = last.find('['); bracket != std::string::npos) {
    const std::string index = last.substr(bracket);
    part = index == "[0]" ? "_x" : index == "[1]" ? "_y" : index == "[2]" ? "_z" : index;
    last.resize(bracket);
  }
  *name = StripUnit(last, units) + part;
  // {rms_A: {Sr: …}}: the unit stands one key further up.
  if (units->empty() && keys.size() > 1) {
    const std::string upper = StripUnit(keys[keys.size() - 2], units);
    if (!units->empty()) *name = absl::StrCat(upper, " ", *name);
  }
}

std::string Shown(double value) { return absl::StrFormat("%.6g", value); }

double WorkOf(const sim::SimulationOptions& o) {
  const double optics = double(sim::SpreadFocus(o.beam, o.focal_spread_A).size());
  return double(o.scan.probes()) * double(o.exit_slices.back()) * double(o.phonon_configurations) *
         optics * double(o.grid_pixels[0]) * double(o.grid_pixels[1]);
}

bool SeedIsASeries(const ConfigSeries& series) {
  return std::any_of(series.axes().begin(), series.axes().end(),
                     [](const ConfigSeries::Axis& a) { return a.path == "dose.seed"; });
}

bool ChangesSpecimen(const ConfigSeries& series) {
  return std::any_of(series.axes().begin(), series.axes().end(), [](const ConfigSeries::Axis& a) {
    return absl::StartsWith(a.path, "specimen.");
  });
}

}  // namespace

std::string SeriesUnits(const ConfigSeries::Axis& series) {
  std::string name, units;
  NameSeries(series.path, &name, &units);
  return units;
}

Axis SeriesAxis(const ConfigSeries::Axis& series) {
  Axis axis{.navigate = true, .type = "unknown", .long_name = series.path};
  NameSeries(series.path, &axis.name, &axis.units);
  const std::vector<double>& v = series.values;
  axis.offset = v[0];
  if (v.size() == 1) return axis;
  const double step = (v.back() - v[0]) / double(v.size() - 1);
  bool even = step != 0, strict = true;
  for (size_t i = 1; i < v.size(); ++i) {
    // Round-off of equal steps, some 1e-16 of the values, is far below a millionth of a step.
    even = even && std::fabs(v[i] - v[i - 1] - step) < 1e-6 * std::fabs(step);
    strict = strict && v[i] != v[i - 1] && (v[i] > v[i - 1]) == (v[1] > v[0]);
  }
  if (even) {
    axis.scale = step;
  } else if (strict) {
    axis.offset = 0;
    axis.values = v;
  } else {
    axis.offset = 0;
    axis.units = "";
    axis.long_name = absl::StrCat(series.path, " (its number; values in /simulate/series)");
  }
  return axis;
}

SimulateSeries::SimulateSeries(const Config& document, ConfigSeries series)
    : document_(document), series_(std::move(series)) {
  for (const ConfigSeries::Axis& numbers : series_.axes()) axes_.push_back(SeriesAxis(numbers));
  // Two detectors' inner angles: by their whole paths.
  for (size_t a = 0; a < axes_.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      if (axes_[a].name != axes_[b].name) continue;
      axes_[a].name = series_.axes()[a].path;
      axes_[b].name = series_.axes()[b].path;
    }
  }
}

absl::StatusOr<SimulateSeries> SimulateSeries::Read(const Config& config) {
  RONCHI_ASSIGN_OR_RETURN(ConfigSeries series, ConfigSeries::Find(config));
  SimulateSeries out(config, std::move(series));
  for (size_t point = 0; point < out.points(); ++point) {
    RONCHI_ASSIGN_OR_RETURN(SimulateJob job, out.Job(point));
    RONCHI_RETURN_IF_ERROR(out.Compare(job, point));
    out.work_.push_back(WorkOf(job.options));
    if (point == 0) out.first_ = std::move(job);
  }
  out.config_ = config.Dump();
  for (Signal& signal : out.signals_) {
    signal.axes.insert(signal.axes.begin(), out.axes_.begin(), out.axes_.end());
  }
  return out;
}

// Arrays of one shape; where an axis is calibrated otherwise at this point, it keeps no
// calibration.
absl::Status SimulateSeries::Compare(const SimulateJob& job, size_t point) {
  const size_t detectors = job.plan.detectors.size();
  for (size_t d = 0; d < detectors; ++d) {
    const Signal signal = DescribeSignal(job.options, job.plan, d);
    if (point == 0) {
      signals_.push_back(signal);
      continue;
    }
    const std::vector<size_t> shape = job.plan.Shape(job.options, d);
    const std::vector<size_t> expected = first_.plan.Shape(first_.options, d);
    if (shape != expected) {
      return absl::InvalidArgumentError(
          absl::StrCat(document_.Where("detectors"), ".", signal.name, ": has the shape (",
                       absl::StrJoin(shape, ", "), ") at ", Label(point), ", but (",
                       absl::StrJoin(expected, ", "), ") at ", Label(0),
                       "; a series makes one array, so all its points must have one shape"));
    }
    // One number a file: what differs from point to point is told by the series' axis alone.
    Signal& first = signals_[d];
    if (signal.beam_energy_keV != first.beam_energy_keV) first.beam_energy_keV = 0;
    if (signal.convergence_mrad != first.convergence_mrad) first.convergence_mrad = 0;
    for (size_t a = 0; a < signal.axes.size(); ++a) {
      Axis& kept = signals_[d].axes[a];
      if (signal.axes[a] == kept) continue;
      kept = {.name = kept.name,
              .navigate = kept.navigate,
              .type = "unknown",
              .long_name = kept.name + " (pixels: calibrated otherwise at every point)"};
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SimulateJob> SimulateSeries::Job(size_t point) {
  if (!is_series()) return ReadSimulateJob(document_);
  series_.Choose(point);
  // The structure is read, or built, once where no series changes it.
  std::optional<sim::SpecimenSection> known;
  if (!work_.empty() && !ChangesSpecimen(series_)) {
    known.emplace();
    known->specimen = first_.options.specimen;
    known->tilt_rad = first_.options.tilt_rad;
  }
  absl::StatusOr<SimulateJob> job = ReadSimulateJob(document_, points(), known ? &*known : nullptr);
  series_.Restore();
  if (job.ok() && point > 0 && !SeedIsASeries(series_)) {
    job->options.dose_seed =
        DeriveSeed(job->options.dose_seed, absl::StrCat("simulate.series/", point));
  }
  return job;
}

std::string SimulateSeries::Label(size_t point) const {
  const std::vector<size_t> indices = series_.Indices(point);
  std::vector<std::string> words;
  for (size_t a = 0; a < axes_.size(); ++a) {
    const std::string units = SeriesUnits(series_.axes()[a]);
    words.push_back(absl::StrCat(axes_[a].name, " ", Shown(series_.axes()[a].values[indices[a]]),
                                 units.empty() ? "" : " ", units));
  }
  return absl::StrJoin(words, ", ");
}

std::vector<size_t> SimulateSeries::Shape(size_t detector) const {
  std::vector<size_t> shape;
  for (const ConfigSeries::Axis& axis : series_.axes()) shape.push_back(axis.values.size());
  const std::vector<size_t> own = first_.plan.Shape(first_.options, detector);
  shape.insert(shape.end(), own.begin(), own.end());
  return shape;
}

Slab SimulateSeries::Place(size_t point, size_t detector, size_t exit, size_t first,
                           size_t probes) const {
  Slab own = SlabOf(first_.options, first_.plan, detector, exit, first, probes);
  Slab slab{series_.Indices(point), std::vector<size_t>(axes_.size(), 1)};
  slab.offset.insert(slab.offset.end(), own.offset.begin(), own.offset.end());
  slab.count.insert(slab.count.end(), own.count.begin(), own.count.end());
  return slab;
}

}  // namespace ronchi
