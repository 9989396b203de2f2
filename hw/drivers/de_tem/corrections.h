// The properties of a corrector: the corrections of each aberration made since it was opened,
// together, in Krivanek's terms; 0 at first. A corrector does not tell where its knobs stand, and a
// correction is relative on the wire: one of which it is not known whether it was made leaves its
// aberration in doubt, and each further one is refused until the corrector is opened anew. Of
// de_tem.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hw/drivers/de_tem/corrector.h"
#include "hw/drivers/de_tem/de_tem.h"

namespace ronchi::hw::de_tem {

class Corrections {
 public:
  Corrections(const DeTemOptions& options, const Corrector* corrector);

  // What a corrector adds to a description.
  static std::vector<PropertyInfo> Properties(const DeTemOptions& options);
  static std::vector<MeasurementInfo> Measurements(const DeTemOptions& options);

  Reading ReadingOf(const std::string& property) const;  // its time is for the caller to tell
  absl::Status Drive(const std::string& property, double to_m, double within_s);
  // "defocus" or "aberrations".
  absl::StatusOr<Estimate> Measured(const std::string& what, double within_s) const;

 private:
  struct Part {
    size_t term = 0, part = 0;
    double at_m = 0;  // Krivanek's
  };
  struct Doubt {
    std::string why;
    std::array<double, 2> by_m{};
  };
  const DeTemOptions options_;
  const Corrector* const corrector_;
  std::map<std::string, Part> parts_;
  std::map<size_t, Doubt> in_doubt_;  // by term
};

}  // namespace ronchi::hw::de_tem
