// The annular dark field image of a single layer: every atom adds its cross section for the
// detector times the beam's profile around it (incoherent imaging; Kirkland, Advanced Computing in
// Electron Microscopy, 3rd ed. (2020), ch. 3). Exact in this model for a sheet one atom thick; the
// profile is a Gaussian.
#pragma once

#include "core/status.h"
#include "hw/twin/sheet/graphene.h"

namespace ronchi::hw {

class AtomImage {
 public:
  // InvalidArgument: no table of scattering factors.
  static absl::StatusOr<AtomImage> Create(double energy_eV, double inner_rad, double outer_rad);

  // The fraction of the electrons that reach the detector with the beam at `place_A` of the sheet;
  // `sigma_A` is the profile's standard deviation.
  double Fraction(const Graphene& sheet, const Site& silicon, const Vector2& place_A,
                  double sigma_A) const;
  // First Born approximation: ∫ (γ f_e)² dΩ over the detector, Å².
  double carbon_A2() const { return carbon_A2_; }
  double silicon_A2() const { return silicon_A2_; }

 private:
  AtomImage() = default;
  double carbon_A2_ = 0, silicon_A2_ = 0;
};

}  // namespace ronchi::hw
