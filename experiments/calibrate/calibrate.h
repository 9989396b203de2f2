// `ronchi calibrate`: what the images of a run say about the instrument that they are of, as the
// prior of the twins that stand for it: theory updates the simulation.
//
// The run's own theory is fitted to the images in their order, as it was beside the agent, but by
// itself and to all of them. Where several images in a row are not what it expects (an event, a
// jump), it begins anew with them. A number that stands still is the mean of what each such part
// says at its end, weighted; one that wanders has its mean and spread over the images.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "theory/parameters/prior.h"

namespace ronchi {

struct CalibratedNumber {
  std::string name;            // of the twin's hidden number, docs/twin.md
  theory::Range prior;         // of the twins that the agent was trained on
  double mean = 0, sigma = 0;  // what the images say
  theory::Range range;         // mean ± 2 sigma, not below 0 where the prior is not
};

struct Calibration {
  std::vector<CalibratedNumber> numbers;
  size_t images = 0;          // that were taken in
  size_t left_out = 0;        // too far from what was expected, and not begun anew with
  size_t parts = 0;           // between which something jumped
  double chi2_per_pixel = 0;  // near 1 where theory explains the images
  std::string recipe;         // the run's config, with these ranges in train.instrument.prior
};

// `folder`: of a recipe's run with a theory of the column. NotFound, InvalidArgument: no such run,
// a damaged recording, a recipe without a theory or whose instruments are no twins, fewer than
// three images of one kind.
absl::StatusOr<Calibration> CalibrateRun(const std::string& folder);

}  // namespace ronchi
