#include "experiments/record/run_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ronchi {

std::string MeasuredFigure(const Trace& trace) {
  return trace.Has("contrast") ? "contrast" : "reward";
}

std::string RowWord(const Trace& trace) { return trace.images.empty() ? "row" : "image"; }

std::string FigureOf(const Trace& trace) {
  return trace.Has("true_ratio") ? "true_ratio" : MeasuredFigure(trace);
}

std::string FigureMeaning(const Trace& trace) {
  const std::string figure = FigureOf(trace);
  if (figure == "true_ratio") return "noise-free contrast over the best attainable";
  if (figure == "contrast") return "measured contrast";
  return "mean reward over the first and the last tenth of the rows";
}

std::pair<double, double> StartAndEnd(const Trace& trace) {
  const std::string figure = FigureOf(trace);
  std::vector<double> values = trace[figure];
  std::erase_if(values, [](double v) { return std::isnan(v); });
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {kNaN, kNaN};
  if (figure != "reward") return {values.front(), values.back()};
  const size_t n = std::max<size_t>(1, values.size() / 10);
  double first = 0, last = 0;
  for (size_t i = 0; i < n; ++i) {
    first += values[i] / double(n);
    last += values[values.size() - 1 - i] / double(n);
  }
  return {first, last};
}

ImageScale ImageScaleOf(const RunRecord& record) {
  ImageScale scale;
  const auto config = Config::Parse(record.config, "config.yaml");
  if (!config.ok()) return scale;
  ConfigReader r(*config);
  ConfigReader task(r.Child("environment"));
  double fov_A = 0, fov_nm = 0, pixels = 0, dwell_us = 0;
  task.Number("fov_A", &fov_A);
  task.Number("fov_nm", &fov_nm);
  task.Number("pixels", &pixels);
  task.Number("dwell_us", &dwell_us);
  scale.dwell_s = dwell_us * 1e-6;
  if (pixels > 0 && fov_A > 0) scale = {fov_A / pixels, "A", "counts", scale.dwell_s};
  if (pixels > 0 && fov_nm > 0) scale = {fov_nm / pixels, "nm", "", scale.dwell_s};
  return scale;
}

}  // namespace ronchi
