#include "env/needs.h"

#include <gtest/gtest.h>

namespace ronchi::env {
namespace {

hw::Description WithACamera() {
  hw::Description d;
  d.id = "bench";
  d.properties = {{.name = "stage.x"}};
  d.detectors = {{.name = "haadf"},
                 {.name = "camera",
                  .kind = hw::DetectorKind::kCamera,
                  .pixels_x = 256,
                  .pixels_y = 256,
                  .pixel_rad = 1e-4}};
  return d;
}

TEST(Needs, AreTheInstrumentsOrToldInTheTasksName) {
  const hw::Description d = WithACamera();
  EXPECT_TRUE(NeedDetector(d, "haadf", "Task-v0").ok());
  EXPECT_EQ(NeedDetector(d, "bf", "Task-v0"),
            absl::InvalidArgumentError("Task-v0 needs a detector 'bf', which bench lacks"));
  EXPECT_TRUE(NeedProperty(d, "stage.x", "Task-v0").ok());
  EXPECT_EQ(NeedProperty(d, "stage.y", "Task-v0"),
            absl::InvalidArgumentError("Task-v0 needs to read stage.y, which bench lacks"));
}

TEST(Needs, ACameraIsBinnedByWholePixels) {
  hw::Description d = WithACamera();
  EXPECT_EQ(NeedCamera(d, "camera", 256, "T").value(), 1u);
  EXPECT_EQ(NeedCamera(d, "camera", 32, "T").value(), 8u);
  EXPECT_EQ(NeedCamera(d, "camera", 8, "T").value(), 32u);
  for (size_t pixels : {size_t(0), size_t(4), size_t(96), size_t(512)}) {
    EXPECT_EQ(NeedCamera(d, "camera", pixels, "T").status(),
              absl::InvalidArgumentError("T: " + std::to_string(pixels) +
                                         " pixels of 'camera' are not allowed; allowed: 8 … 256 "
                                         "that divide the 256 × 256 of bench"));
  }
  d.detectors[1].pixels_y = 128;  // not square
  EXPECT_FALSE(NeedCamera(d, "camera", 32, "T").ok());
  EXPECT_FALSE(NeedCamera(d, "nowhere", 32, "T").ok());
}

TEST(Needs, OnlyACameraThatCanBeExposedAndWhoseAngleIsKnown) {
  const std::string why =
      "T needs 'camera' of bench to be a camera that can be exposed, and the angle across its "
      "pixels to be known";
  hw::Description d = WithACamera();
  d.cannot = {"expose"};
  EXPECT_EQ(NeedCamera(d, "camera", 32, "T").status().message(), why);
  d = WithACamera();
  d.detectors[1].pixel_rad = 0;
  EXPECT_EQ(NeedCamera(d, "camera", 32, "T").status().message(), why);
  EXPECT_FALSE(NeedCamera(WithACamera(), "haadf", 32, "T").ok());  // of a scan
}

}  // namespace
}  // namespace ronchi::env
