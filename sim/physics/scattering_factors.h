// Electron scattering factors f_e(k) in Å of neutral atoms, k in 1/Å (k = 2 sin θ/λ), for the first
// Born approximation. The coefficients are data files with their publication in the first line:
// data/scattering/{kirkland,lobato,peng}.csv.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi::sim {

class ScatteringFactors {
 public:
  // "kirkland" | "lobato" | "peng". NotFound: no such table in the data folder. InvalidArgument:
  // line and what in it no scattering factor of that element can be.
  static absl::StatusOr<std::shared_ptr<const ScatteringFactors>> Load(const std::string& name);

  bool Has(int z) const;
  // f_e in Å at k2 = k² (1/Å²). Needs Has(z).
  double At(int z, double k2) const;
  // The part of f_e that an atom's potential beyond the plane z = depth_A contributes, in Å:
  //   ∫_depth^∞ dz ∫ f_e(√(k2 + k_z²)) e^{2πi k_z z} dk_z,   depth_A ≥ 0;
  // half of At() at depth 0. Closed forms in docs/conventions.md. Needs Has(z).
  double Beyond(int z, double k2, double depth_A) const;
  // The transform of f_e over the plane across the beam, in 1/Å, at the distance r_A > 0 of the
  // atom:
  //   ∫ f_e(k) e^{2πi k·r} d²k,
  // which times PotentialPerScatteringFactor() is the projected potential in V Å. It goes as ln r
  // at the nucleus (but for Peng's Gaussians). Closed forms in docs/conventions.md. Needs Has(z).
  double Projected(int z, double r_A) const;
  // The part of Projected() that lies beyond the plane z = depth_A ≥ 0: the transform of Beyond().
  double ProjectedBeyond(int z, double r_A, double depth_A) const;
  // The chemical symbol ("Sr"), or the number as text when the table lacks it.
  std::string Symbol(int z) const;
  // Atomic number of a symbol, any case; 0 when unknown.
  int AtomicNumber(const std::string& symbol) const;
  const std::string& source() const { return source_; }

 private:
  absl::Status CheckElement(int z) const;
  enum class Form { kKirkland, kLobato, kPeng };
  Form form_ = Form::kKirkland;
  std::string source_;  // the publication
  struct Element {
    std::string symbol;
    std::vector<double> c;  // in the file's column order
  };
  std::vector<Element> elements_;  // by atomic number; empty symbol: not in the table
};

}  // namespace ronchi::sim
