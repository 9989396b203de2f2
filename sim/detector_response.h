// What a real detector makes of the electrons that reach it, value by value:
//   Poisson counts thinned by the DQE → blur by the MTF → readout noise → saturation,
// given back as if the detector were ideal: divided by the DQE, in fractions of the incident
// electrons. Thinning by p leaves Poisson counts of p times the mean, so the squared
// signal-to-noise ratio falls by the factor p = DQE(0); counts are blurred together with their
// noise, as in a scintillator (Niermann, Lubk & Röder, Ultramicroscopy 115, 68 (2012)).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace ronchi::sim {

struct DetectorResponse {
  double dqe = 1;            // at zero frequency, 0 … 1
  double mtf_nyquist = 1;    // pixelated: of a normal point spread, at half a cycle a pixel
  double readout_rms_e = 0;  // electrons a value
  double saturation_e = 0;   // electrons a value; 0: none
  bool operator==(const DetectorResponse&) const = default;
};

struct Exposure {
  double electrons = 0;  // incident, a probe; 0: no counting noise, no readout
  uint64_t seed = 0;
  std::string detector;  // its name: one stream a value, (seed, "sim.counts/<name>", index)
  uint64_t index = 0;    // of the first value
};

// `values`: mean fractions of one probe, [shape] row by row ({n, 1} when not pixelated); replaced.
void Expose(const DetectorResponse& response, const Exposure& exposure, std::array<size_t, 2> shape,
            std::span<double> values);

// A centre-of-mass reading (Detector::kMoments numbers): its vector gets the normal noise of a
// mean over the n = N·DQE·Σ I electrons that are counted: covariance (⟨α αᵀ⟩ − ⟨α⟩⟨α⟩ᵀ)/n.
void ExposeMoments(const DetectorResponse& response, const Exposure& exposure,
                   std::span<double> moments);

}  // namespace ronchi::sim
