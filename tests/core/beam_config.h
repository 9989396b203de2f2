// A config with a few keys below `beam`, and the one line that is said of a mistake in it.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace ronchi {

inline std::string BeamErrorOf(const std::string& text,
                               const std::vector<std::string>& overrides = {}) {
  absl::StatusOr<Config> config = Config::Parse(text, "f.yaml", overrides);
  if (!config.ok()) return std::string(config.status().message());
  double energy_keV = 200;
  int64_t pixels = 4;
  bool on = false;
  std::vector<double> pair = {0, 0};
  ConfigReader top(*config);
  ConfigReader beam(top.Child("beam"));
  beam.Number("energy_keV", &energy_keV, {.min = 1, .max = 3000});
  beam.Integer("pixels", &pixels, {.min = 1});
  beam.Bool("on", &on);
  beam.Numbers("pair", &pair, 2);
  const absl::Status inner = beam.Done();
  if (!inner.ok()) return std::string(inner.message());
  return std::string(top.Done().message());
}

}  // namespace ronchi
