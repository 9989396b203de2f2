// The driver and the server on a column that has physics behind its measurements.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/hw/drivers/ceos/corrector_of.h"
#include "tests/hw/twin/column/still_column.h"

namespace ronchi::hw {
namespace {

using ceos::CeosOptions;
using testing_support::Corrector;

TEST(Ceos, DrivesATwin) {
  const auto twin = testing_support::Still(
      "", "measurements: {present: true}\ncorrectors_nm: {C21: 1000, C23: 1000}\n");
  ASSERT_TRUE(twin->Execute(Unblank{}).ok());
  CeosOptions options;
  options.limits_m = {1e-7, 1e-7, 3e-7, 3e-7};
  Corrector there(twin.get(), options);
  ASSERT_TRUE(there.opened.ok()) << there.opened.status();
  for (const auto& [name, to_m] : {std::pair("C10", 20e-9), {"C12.b", -30e-9}, {"C21.a", 600e-9}}) {
    const std::string property = std::string("optics.") + name;
    ASSERT_TRUE(there.driver().Execute(Set{property, Metres(to_m)}).ok()) << property;
    const double stands_m = twin->Execute(Read{{property}})->readings[0].value.si;
    EXPECT_NEAR(stands_m, to_m, twin->description().FindProperty(property)->resolution);
    const auto reply = there.driver().Execute(Measure{"aberrations"});
    ASSERT_TRUE(reply.ok()) << reply.status();
    const Estimate& e = reply->estimates[0];
    const size_t i = size_t(std::find(e.names.begin(), e.names.end(), name) - e.names.begin());
    ASSERT_LT(i, e.names.size());
    // Five of its own standard errors: one draw in a million is beyond.
    EXPECT_NEAR(e.values[i].si, stands_m, 5 * std::sqrt(e.covariance[i * (e.names.size() + 1)]));
  }
}

}  // namespace
}  // namespace ronchi::hw
