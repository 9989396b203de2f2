// The one number by which a stage of a run is summed up, and the scale of its images, whatever the
// task was.
#pragma once

#include <string>
#include <utility>

#include "experiments/record/run_record.h"

namespace ronchi {

// A column: "true_ratio" where a simulation tells it, else what was measured.
std::string FigureOf(const Trace& trace);
std::string FigureMeaning(const Trace& trace);   // of that column, for people
std::string MeasuredFigure(const Trace& trace);  // "contrast", else "reward"
std::string RowWord(const Trace& trace);         // what a row is to people: "image", "row"
// Of the figure. A reward scatters from step to step: its mean over the first and the last tenth of
// the rows that have one.
std::pair<double, double> StartAndEnd(const Trace& trace);

struct ImageScale {
  double pixel = 0;  // its side; 0: not known
  std::string unit;  // "A", "nm"
  std::string value_unit = "counts";
  double dwell_s = 0;  // 0: not known
};
// By the task's keys in the run's config.
ImageScale ImageScaleOf(const RunRecord& record);

}  // namespace ronchi
