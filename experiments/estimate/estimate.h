// `ronchi estimate`: thickness, tilt, optics and calibration of somebody's diffraction pattern,
// with their uncertainties, and whether the theory explains the pattern at all.
//
// The config is one of `simulate` with one pixelated detector and a section `estimate`: an interval
// for each unknown (docs/estimate.md). What is not there stays as the config has it.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/array.h"
#include "core/config.h"
#include "core/status.h"
#include "sim/simulation.h"

namespace ronchi {

// A frame as a file holds it: the mean over all axes but the last two.
struct EstimateFrame {
  Array<double> mean;  // the last two axes, as in the file
  double frames = 1;   // so many make it
};
// `dataset`: the path in an HDF5 file; empty: /root/<detector>/data, or the only dataset of the
// usual names. InvalidArgument, NotFound: one line that names the file.
absl::StatusOr<EstimateFrame> ReadEstimateFrame(const std::string& path, const std::string& dataset,
                                                const std::string& detector);

struct EstimateJob {
  sim::SimulationOptions simulate;
  std::string detector;
  std::vector<std::pair<std::string, std::array<double, 2>>> unknown;  // by name: from, to
  double electrons = 0;                                                // 0: the frame holds counts
  double model_error = 0.02;                                           // relative, of every pixel
  double pixel_mrad = 0;                                               // 0: the detector's
  bool turned = false;  // the frame's first axis is y
};
// InvalidArgument: every mistake, a line each.
absl::StatusOr<EstimateJob> ReadEstimateJob(const Config& config);

struct Estimated {
  std::string name;
  double mean = 0, sigma = 0;
  std::array<double, 2> range = {0, 0};
  bool at_end = false;  // of its range, where neither mean nor sigma can be relied on
};
struct EstimateResult {
  std::vector<Estimated> unknown;
  std::vector<std::vector<double>> covariance;  // in the order of `unknown`
  double chi2_per_pixel = 0;
  std::array<double, 2> chi2_interval = {0, 0};  // that holds it in 99.9 % of all cases
  double pixels = 0, electrons = 0;              // electrons that the frame holds
  bool explained = false, converged = false;
  std::string why_not;  // one line; empty where explained
};
// InvalidArgument, one line: a frame of another shape than the detector's without a size of its
// pixels, one without electrons, a scan that is neither one probe nor a raster over whole cells, or
// what CrystalPattern::Create refuses. Cancelled: interrupted.
absl::StatusOr<EstimateResult> Estimate(const EstimateJob& job, const EstimateFrame& frame);

}  // namespace ronchi
