#include "experiments/simulate/simulate_signal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/png.h"

namespace ronchi {
namespace {

using DetectorType = sim::DetectorOptions::Type;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Degenerate scans have one point: any step will do, zero will not.
double StepOrOne(double step) { return step != 0 ? step : 1; }

size_t ValuesAProbe(const sim::Detector& d) {
  size_t n = 1;
  for (size_t s : d.shape()) n *= s;
  return n;
}

// The depth that has been passed, in steps where they are even.
Axis ExitAxis(const sim::SimulationOptions& o) {
  const std::vector<double> depths = ExitDepths_nm(o);
  const std::vector<size_t>& e = o.exit_slices;
  Axis axis = {.name = "depth",
               .units = "nm",
               .navigate = true,
               .type = "unknown",
               .long_name = "depth of the exit plane"};
  for (size_t i = 1; i < e.size(); ++i) {
    if (e[i] - e[i - 1] != e[1] - e[0]) {
      axis.values = depths;
      return axis;
    }
  }
  axis.offset = depths[0];
  axis.scale = depths[1] - depths[0];
  return axis;
}

// A picture of panels (each nx × ny) in rows, read as text is. `upscale`: panels of some hundred
// pixels on the screen, in a picture that a page still holds.
struct Montage {
  Array<float> image;
  int upscale = 0;
  std::vector<ImageLabel> labels;
};

// `columns`: 0 chooses a row of up to three, then the squarest block. Panel p is labelled by
// labels[p / (panels / labels.size())] when it is the first of that label.
Montage Assemble(size_t panels, size_t columns, size_t nx, size_t ny,
                 const std::vector<std::string>& labels, const auto& at) {
  constexpr size_t kPanel = 288, kPage = 1200;
  if (columns == 0) columns = panels <= 3 ? panels : size_t(std::ceil(std::sqrt(double(panels))));
  columns = std::min(columns, panels);
  const size_t rows = (panels + columns - 1) / columns;
  const size_t gap = panels > 1 ? std::max<size_t>(1, std::max(nx, ny) / 24) : 0;
  const size_t width = columns * (nx + gap) - gap, height = rows * (ny + gap) - gap;
  Montage out{.image = Array<float>({width, height}, kNoPicture)};
  for (size_t p = 0; p < panels; ++p) {
    const size_t left = (p % columns) * (nx + gap), top = (p / columns) * (ny + gap);
    const size_t each = panels / labels.size();
    if (p % each == 0 && !labels[p / each].empty()) {
      out.labels.push_back({left, top, nx, labels[p / each]});
    }
    for (size_t i = 0; i < nx; ++i) {
      for (size_t j = 0; j < ny; ++j) {
        const float value = float(at(p, i, j));
        out.image(left + i, top + j) = std::isfinite(value) ? value : float(kNan);
      }
    }
  }
  const size_t longer = std::max(width, height);
  if (panels > 1 && longer <= kPage) {
    const size_t wanted = (kPanel + std::max(nx, ny) - 1) / std::max(nx, ny);
    out.upscale = int(std::max<size_t>(1, std::min(wanted, kPage / longer)));
  }
  return out;
}

}  // namespace

std::vector<double> ExitDepths_nm(const sim::SimulationOptions& o) {
  const double slices = std::ceil(o.specimen.cell_A[2] / o.slice_thickness_A - 1e-6);
  const double slice_nm = 0.1 * o.specimen.cell_A[2] / std::max(1.0, slices);
  std::vector<double> depths;
  for (size_t s : o.exit_slices) depths.push_back(double(s) * slice_nm);
  return depths;
}

Signal DescribeSignal(const sim::SimulationOptions& o, const sim::SimulationPlan& plan, size_t i) {
  const sim::Detector& d = plan.detectors[i];
  const DetectorType type = d.options().type;
  Signal s{.name = d.options().name, .title = d.options().name + " (simulated)"};
  if (d.integrates() && d.options().outer_rad > 0) {
    s.title = d.options().name + " (simulated; of segments, not the phase)";
  }
  s.units = type == DetectorType::kIntegratedDpc ? "rad"
            : d.is_angle()                       ? "mrad"
            : o.counts                           ? "electrons"
                                                 : "fraction of incident electrons";
  s.beam_energy_keV = o.beam.energy_eV / 1e3;
  s.convergence_mrad = o.beam.semiangle_rad * 1e3;
  // A detector with axes of its own is a stack of patterns; else the scan itself is the image.
  const bool navigate = !d.shape().empty();
  if (o.exit_slices.size() > 1) s.axes.push_back(ExitAxis(o));
  if (o.scan.is_raster()) {
    const auto step = o.scan.Step_A();
    for (size_t a : {0, 1}) {
      s.axes.push_back({.name = a ? "y" : "x",
                        .units = "A",
                        .offset = o.scan.start_A[a],
                        .scale = StepOrOne(step[a]),
                        .navigate = navigate});
    }
  } else {
    s.axes.push_back({.name = "point", .navigate = navigate, .type = "unknown"});
  }
  if (type == DetectorType::kPixelated) {
    for (const auto& [name, axis] : {std::pair("qx", d.x_axis()), std::pair("qy", d.y_axis())}) {
      s.axes.push_back({.name = name,
                        .units = "mrad",
                        .offset = axis.offset_rad * 1e3,
                        .scale = axis.step_rad * 1e3,
                        .type = "reciprocal"});
    }
  } else if (navigate) {
    s.axes.push_back({.name = d.is_angle() ? "component" : "segment", .type = "unknown"});
  }
  return s;
}

Slab SlabOf(const sim::SimulationOptions& o, const sim::SimulationPlan& plan, size_t d, size_t exit,
            size_t first, size_t probes) {
  Slab s;
  const auto push = [&](size_t offset, size_t count) {
    s.offset.push_back(offset);
    s.count.push_back(count);
  };
  if (o.exit_slices.size() > 1) push(exit, 1);
  if (!o.scan.is_raster()) {
    push(first, probes);
  } else {
    const size_t ny = o.scan.pixels[1];
    const bool rows = first % ny == 0 && probes % ny == 0;
    push(first / ny, rows ? probes / ny : 1);
    push(first % ny, rows ? ny : probes);
  }
  for (size_t n : plan.detectors[d].shape()) push(0, n);
  return s;
}

SimulatePictures::SimulatePictures(const sim::SimulationOptions& o, const sim::SimulationPlan& plan,
                                   std::vector<std::string> points)
    : options_(o), plan_(plan), points_(std::move(points)) {
  for (const sim::Detector& d : plan.detectors) {
    const bool pattern = d.options().type == DetectorType::kPixelated;
    const size_t n = ValuesAProbe(d);
    Panels p;
    p.values.assign(planes() * n * (pattern ? 1 : o.scan.probes()), pattern ? 0 : kNan);
    p.expected = planes() * n * o.scan.probes();
    panels_.push_back(std::move(p));
  }
}

void SimulatePictures::Add(size_t i, size_t point, size_t exit, size_t first,
                           std::span<const float> values) {
  Panels& p = panels_[i];
  const size_t n = ValuesAProbe(plan_.detectors[i]);
  const size_t plane = point * options_.exit_slices.size() + exit;
  for (float v : values) p.sum += v;
  p.count += values.size();
  if (plan_.detectors[i].options().type == DetectorType::kPixelated) {
    double* out = p.values.data() + plane * n;
    for (size_t v = 0; v < values.size(); ++v) {
      if (std::isfinite(values[v])) out[v % n] += values[v] / double(options_.scan.probes());
    }
  } else {
    std::copy(values.begin(), values.end(),
              p.values.begin() + int64_t((plane * options_.scan.probes() + first) * n));
  }
}

// A row a point of a series, a column an exit plane; otherwise as it comes.
size_t SimulatePictures::Columns() const {
  const size_t exits = options_.exit_slices.size();
  return points_.size() > 1 && exits > 1 ? exits : 0;
}

std::vector<std::string> SimulatePictures::PlaneLabels() const {
  const std::vector<double> depths = ExitDepths_nm(options_);
  std::vector<std::string> labels;
  for (const std::string& point : points_) {
    for (double depth : depths) {
      std::string exit = depths.size() > 1 ? absl::StrFormat("%.4g nm", depth) : "";
      labels.push_back(point.empty() || exit.empty() ? point + exit
                                                     : absl::StrCat(point, ", ", exit));
    }
  }
  return labels;
}

double SimulatePictures::Mean(size_t i) const {
  const Panels& p = panels_[i];
  return p.count == p.expected ? p.sum / double(p.count) : kNan;
}

// Mean patterns: a bright disc among weak scattering, drawn as square roots.
absl::StatusOr<std::string> SimulatePictures::DrawPatterns(size_t i) const {
  const sim::Detector& d = plan_.detectors[i];
  const size_t nx = d.shape()[0], ny = d.shape()[1];
  if (nx < 4 || ny < 4) return std::string();
  const Montage montage =
      Assemble(planes(), Columns(), nx, ny, PlaneLabels(), [&](size_t p, size_t x, size_t y) {
        return std::sqrt(std::max(0.0, panels_[i].values[(p * nx + x) * ny + y]));
      });
  return RenderImage(montage.image, {.first_axis_horizontal = true,
                                     .pixel_size = d.x_axis().step_rad * 1e3,
                                     .length_unit = "mrad",
                                     .colour_bar = true,
                                     .value_unit = "(root)",
                                     .upscale = montage.upscale,
                                     .labels = montage.labels});
}

absl::StatusOr<std::string> SimulatePictures::Draw(size_t i) const {
  const sim::Detector& d = plan_.detectors[i];
  if (d.options().type == DetectorType::kPixelated) return DrawPatterns(i);
  if (!options_.scan.is_raster() || options_.scan.probes() < 2) return std::string();
  const auto [nx, ny] = options_.scan.pixels;
  const size_t n = ValuesAProbe(d), panels = planes() * n;
  const std::vector<double>& v = panels_[i].values;
  // Several planes of several values: a row a plane, a column a value.
  const Montage montage = Assemble(panels, n > 1 && panels > n ? n : Columns(), nx, ny,
                                   PlaneLabels(), [&](size_t p, size_t x, size_t y) {
                                     return v[((p / n) * nx * ny + x * ny + y) * n + p % n];
                                   });
  const bool is_vector = d.is_angle() && !d.integrates();
  return RenderImage(montage.image, {.colormap = is_vector ? Colormap::kDiverging : Colormap::kGrey,
                                     .first_axis_horizontal = true,
                                     .pixel_size = std::fabs(options_.scan.Step_A()[0]),
                                     .length_unit = "A",
                                     .colour_bar = true,
                                     .value_unit = d.integrates() ? "rad"
                                                   : is_vector    ? "mrad"
                                                                  : "",
                                     .upscale = montage.upscale,
                                     .labels = montage.labels});
}

}  // namespace ronchi
