// What befalls a twin, kind by kind; of any twin: tests/hw/twin/base.
#include <gtest/gtest.h>

#include "hw/twin/sheet/sheet_twin.h"
#include "tests/support/column.h"
#include "tests/support/map_twin.h"
#include "theory/laws/knock_on.h"

namespace ronchi::hw {
namespace {

using testing_support::MapFromYaml;
using testing_support::Still;
using testing_support::StillMap;

double HiddenOf(Instrument* twin, const std::string& name) {
  return twin->ground_truth()->Hidden().at(name);
}
Reply Do(Instrument* twin, const Command& command) {
  auto reply = twin->Execute(command);
  RONCHI_CHECK(reply.ok());
  return *std::move(reply);
}
Scan Square() {
  return {.fov_x_m = 1e-9,
          .fov_y_m = 1e-9,
          .pixels_x = 8,
          .pixels_y = 8,
          .dwell_s = 1e-6,
          .detectors = {"haadf"}};
}

// Drift that begins moves nothing at once, and exposures of the camera count as scans do.
TEST(TwinEvents, OfTheColumnMayBeOfDrift) {
  const auto twin = Still("  shift_x_A: [0.7, 0.7]\n  shift_y_A: [1.1, 1.1]\n",
                          "camera: {present: true, pixels: 8, pixel_mrad: 10}\n"
                          "events: [{at_scan: 2, add: {drift_x_A_per_s: 3,"
                          " drift_y_A_per_s: -2, stage_walk_A: 0}}]\n");
  const auto under = [&](const char* axis) {
    return HiddenOf(twin.get(), std::string("under_origin_") + axis + "_A");
  };
  Do(twin.get(), Unblank{});
  twin->ground_truth()->Pass(100);
  Do(twin.get(), Square());
  Do(twin.get(), Expose{.camera = "camera", .time_s = 1e-3});
  constexpr double kPlace_A = 1e-9;  // round-off of hundreds of Å
  EXPECT_NEAR(under("x"), 0.7, kPlace_A);
  const double elapsed_s = Do(twin.get(), Square()).elapsed_s;
  EXPECT_NEAR(under("x"), 0.7 + 3 * elapsed_s, kPlace_A);
  EXPECT_NEAR(under("y"), 1.1 - 2 * elapsed_s, kPlace_A);
  twin->ground_truth()->Pass(10);
  EXPECT_NEAR(under("x"), 0.7 + 3 * (elapsed_s + 10), kPlace_A);
}

// Scans and exposures count: the third of them has all of what the event says.
TEST(TwinEvents, OfParticlesChangeBeamPlasmonsAndDrift) {
  const MapTwinOptions options = MapFromYaml(StillMap(R"(  mode_fwhm_eV: [0.05, 0.05]
particles:
  fixed: [{shape: sphere, size_nm: 20, doping: 0.5}]
events:
  - at_scan: 2
    add: {current_ratio: -0.4, mode_shift_eV: 0.1, drift_x_nm_per_s: 0.5}
)"));
  const auto twin = *MakeMapTwin(options, 1);
  // The strongest loss 5 nm off the surface of a particle alone: its dipole.
  const EnergyAxis& axis = options.axis;
  const auto dipole_eV = [&] {
    std::vector<double> counts(axis.channels);
    const std::array<double, 2> beside = {15e-9, 0};
    EXPECT_TRUE(twin->ground_truth()->NoiseFree("eels", {&beside, 1}, 1, counts).ok());
    size_t most = size_t((0.3 - axis.first_eV) / axis.channel_eV);  // beyond the zero-loss peak
    for (size_t j = most; j < counts.size(); ++j) most = counts[j] > counts[most] ? j : most;
    return axis.first_eV + double(most) * axis.channel_eV - HiddenOf(twin.get(), "zero_loss_eV");
  };
  const double peak_eV = 2 * axis.channel_eV;  // a channel, and what the slope below it does
  const Scan point{.dwell_s = 1e-4,
                   .detectors = {"haadf"},
                   .pattern = ScanPattern::kPoints,
                   .points_m = {{0, 0}}};
  Do(twin.get(), Unblank{});
  twin->ground_truth()->Pass(100);
  EXPECT_NEAR(dipole_eV(), 0.45, peak_eV);  // the middle of its range
  const double full = Do(twin.get(), point).electrons;
  Do(twin.get(), Expose{.camera = "eels", .time_s = 1e-4});
  EXPECT_NEAR(dipole_eV(), 0.45, peak_eV);
  const Reply after = Do(twin.get(), point);
  EXPECT_NEAR(after.electrons / full, 0.6, 1e-9);
  EXPECT_NEAR(dipole_eV(), 0.55, peak_eV);
  // Round-off of tens of nm.
  EXPECT_NEAR(HiddenOf(twin.get(), "under_origin_x_nm"), 0.5 * after.elapsed_s, 1e-9);
  twin->ground_truth()->Pass(10);
  EXPECT_NEAR(HiddenOf(twin.get(), "under_origin_x_nm"), 0.5 * (after.elapsed_s + 10), 1e-9);
}

TEST(TwinEvents, OfParticlesLeaveEveryModeAnEnergy) {
  const auto read = [](const std::string& yaml) {
    return ReadMapTwinOptions(*Config::Parse(yaml, "t.yaml")).status();
  };
  EXPECT_TRUE(read("prior: {mode_shift_eV: [-0.3, 0]}").ok());
  const absl::Status status = read(
      "{prior: {mode_shift_eV: [-0.3, 0]}, events: [{at_scan: 1, add: {mode_shift_eV: -0.1}}]}");
  EXPECT_NE(status.message().find("mode_shift_eV"), std::string::npos) << status;
  EXPECT_NE(status.message().find("-0.05 eV"), std::string::npos) << status;
}

// Images, scans and parking count.
TEST(TwinEvents, OfTheSheetChangeRatesBeamAndDrift) {
  const absl::StatusOr<AtomTwinOptions> options = ReadAtomTwinOptions(*Config::Parse(R"(
rates: knock_on
events:
  - {at_scan: 3, add: {rate_ratio: 1.5, current_ratio: -0.2, drift_x_A_per_s: 0.1}}
  - {at_scan: 4, add: {threshold_0_eV: 2, threshold_1_eV: 2, threshold_2_eV: 2, image_s: 1}}
)",
                                                                                     "t.yaml"));
  ASSERT_TRUE(options.ok()) << options.status();
  const auto twin = *MakeAtomTwin(*options, 1);
  const auto rate_per_s = [&] { return HiddenOf(twin.get(), "rate_1_per_s"); };
  const double before = rate_per_s();
  Do(twin.get(), Unblank{});
  const double image = Do(twin.get(), Measure{"atoms"}).electrons;
  Do(twin.get(), Park{5e-9, 0, 0.1});
  Do(twin.get(), Square());
  EXPECT_EQ(rate_per_s(), before);
  EXPECT_EQ(HiddenOf(twin.get(), "shift_x_m"), 0);
  EXPECT_NEAR(Do(twin.get(), Measure{"atoms"}).electrons / image, 0.8, 1e-12);
  EXPECT_NEAR(rate_per_s() / before, 2.5 * 0.8, 1e-12);
  EXPECT_NEAR(HiddenOf(twin.get(), "shift_x_m"), 0.1e-10 * 2, 1e-22);  // while the image was taken
  // An image takes longer, as announced, and harder bonds break less often.
  EXPECT_EQ(twin->description().FindMeasurement("atoms")->time_s, 3);
  EXPECT_NEAR(Do(twin.get(), Measure{"atoms"}).elapsed_s, 3, 1e-12);
  theory::KnockOnTarget soft = theory::Graphene12C(), hard = soft;
  soft.threshold_eV = 13.2;
  hard.threshold_eV = 15.2;
  const double fewer =
      theory::KnockOnCrossSection_barn(hard, 60e3) / theory::KnockOnCrossSection_barn(soft, 60e3);
  // The table is linear in the logarithm, in steps of 0.01 eV: 1e-5 off at most.
  EXPECT_NEAR(rate_per_s() / before / (2.5 * 0.8) / fewer, 1, 2e-5);
}

}  // namespace
}  // namespace ronchi::hw
