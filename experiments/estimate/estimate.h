// `ronchi estimate`: thickness, tilt, optics and calibration from somebody's frames, with their
// uncertainties, and whether the theory explains the frames at all.
//
// The config is one of `simulate` with a section `estimate`: an interval for each unknown
// (docs/estimate.md). What is not there stays as the config has it. The detector decides what the
// frames are: a pixelated one sees a diffraction pattern, a ring a scanned image.
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

struct FrameSeries {
  Array<double> values;  // [frames, the last two axes as in the file]; from 0
};
// All axes before the last two count frames. `dataset`: the path in an HDF5 file; empty:
// /root/<detector>/data, or the only dataset of the usual names. InvalidArgument, NotFound: one
// line that names the file.
absl::StatusOr<FrameSeries> ReadFrameSeries(const std::string& path, const std::string& dataset,
                                            const std::string& detector);

struct EstimateJob {
  sim::SimulationOptions simulate;
  std::string detector;
  bool of_images = false;                                              // scanned ones, by a ring
  std::vector<std::pair<std::string, std::array<double, 2>>> unknown;  // by name: from, to
  // Of images: what was known to be added to a coefficient, one number a frame.
  std::vector<std::pair<std::string, std::vector<double>>> series;
  double electrons = 0;       // in a pattern, or a pixel of an image; 0: the frames hold counts
  double model_error = 0.02;  // relative, of every pixel
  double pixel_mrad = 0;      // 0: the detector's
  bool turned = false;        // the frames' first axis is y
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
// InvalidArgument, one line: frames of another shape than the detector's or the scan's, or without
// electrons; a scan that is neither one probe nor a raster over whole cells (patterns), or no
// raster (images); what CrystalPattern::Create or ScannedCrystal::Create refuses. Cancelled:
// interrupted.
absl::StatusOr<EstimateResult> Estimate(const EstimateJob& job, const FrameSeries& frames);

}  // namespace ronchi
