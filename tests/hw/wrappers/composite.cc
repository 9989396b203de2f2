#include "hw/wrappers/composite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/instrument/capability.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::SmallScan;

// A camera with a property of its own.
class Camera final : public Instrument {
 public:
  explicit Camera(std::shared_ptr<std::vector<std::string>> log) : log_(std::move(log)) {
    description_.id = "camera";
    description_.properties.push_back({.name = "camera.gain", .writable = true, .meaning = ""});
    description_.detectors.push_back(
        {.name = "ceta", .kind = DetectorKind::kCamera, .pixels_x = 4, .pixels_y = 2});
    description_.cannot = {"scan", "park", "measure", "blank", "unblank"};
  }
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions&) override {
    log_->push_back(VerbName(command));
    Reply reply;
    reply.time_s = 1e9;  // another clock
    if (const auto* e = std::get_if<Expose>(&command)) {
      reply.frames.push_back({e->camera, Array<float>({2, 4})});
    }
    if (const auto* read = std::get_if<Read>(&command)) {
      for (const auto& name : read->properties) reply.readings.push_back({name, Number(2)});
    }
    return reply;
  }
  Description description_;
  std::shared_ptr<std::vector<std::string>> log_;
};

class CompositeTest : public testing::Test {
 protected:
  CompositeTest() {
    std::vector<std::unique_ptr<Instrument>> parts;
    parts.push_back(std::make_unique<NullInstrument>(state_));
    parts.push_back(std::make_unique<Camera>(log_));
    composite_ = *MakeComposite(std::move(parts));
  }
  std::shared_ptr<NullState> state_ = std::make_shared<NullState>();
  std::shared_ptr<std::vector<std::string>> log_ = std::make_shared<std::vector<std::string>>();
  std::unique_ptr<Instrument> composite_;
};

TEST_F(CompositeTest, RoutesByWhoHasIt) {
  const Reply read = *composite_->Execute(Read{{"camera.gain", "optics.C10", "beam.current"}});
  ASSERT_EQ(read.readings.size(), 3u);
  EXPECT_EQ(read.readings[0].property, "camera.gain");
  EXPECT_EQ(read.readings[0].value.si, 2);
  EXPECT_EQ(read.readings[2].property, "beam.current");
  EXPECT_LT(read.time_s, 1e6) << "the column's clock";
  EXPECT_TRUE(absl::IsFailedPrecondition(composite_->Execute(Expose{"ceta", 0.1}).status()))
      << "blanked: the column refuses to park";
  ASSERT_TRUE(composite_->Execute(Unblank{}).ok());
  const Reply exposed = *composite_->Execute(Expose{"ceta", 0.1});
  EXPECT_EQ(exposed.frames.size(), 1u);
  // The camera knows nothing of the beam; the column's current is 1 pA.
  EXPECT_NEAR(exposed.electrons, 0.1 * 1e-12 / kElementaryCharge_C, 1e-6);
  EXPECT_NEAR(exposed.dose_e_per_m2, exposed.electrons / 1e-20, 1e-6 * exposed.dose_e_per_m2);
  EXPECT_TRUE(composite_->Execute(SmallScan()).ok());
  Scan with_camera = SmallScan();
  with_camera.detectors = {"ceta"};
  EXPECT_TRUE(absl::IsUnimplemented(composite_->Execute(with_camera).status()));
  EXPECT_TRUE(absl::IsNotFound(composite_->Execute(Read{{"nonsense"}}).status()));
}

// A column whose probe stands where others have put it.
class Unparking final : public Instrument {
 public:
  Unparking() { description_.cannot.push_back("park"); }
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    EXPECT_FALSE(std::holds_alternative<Park>(command));
    return column_.Execute(command, options);
  }
  NullInstrument column_;
  Description description_ = testing_support::NullDescription();
};

TEST_F(CompositeTest, AColumnThatCannotParkExposesWhereTheProbeStands) {
  std::vector<std::unique_ptr<Instrument>> parts;
  parts.push_back(std::make_unique<Unparking>());
  parts.push_back(std::make_unique<Camera>(log_));
  const auto composite = *MakeComposite(std::move(parts));
  EXPECT_TRUE(absl::IsFailedPrecondition(composite->Execute(Expose{"ceta", 0.1}).status()));
  ASSERT_TRUE(composite->Execute(Unblank{}).ok());
  EXPECT_EQ(composite->Execute(Expose{"ceta", 0.1})->frames.size(), 1u);
  log_->clear();
  const Expose elsewhere{.camera = "ceta", .time_s = 0.1, .y_m = 1e-9};
  EXPECT_TRUE(absl::IsUnimplemented(composite->Execute(elsewhere).status()));
  EXPECT_TRUE(log_->empty());
}

// A part whose own scan coils drive the column's beam; it knows nothing of that beam.
class Scanner final : public Instrument {
 public:
  Scanner() {
    description_.id = "scanner";
    description_.detectors = {{.name = "external"}};
    description_.min_dwell_s = 1e-3;
    description_.max_pixels = 64;
    description_.cannot = {"park", "measure", "expose", "blank", "unblank", "scan.spiral"};
  }
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions&) override {
    Reply reply;
    if (const auto* scan = std::get_if<Scan>(&command)) {
      reply.frames.push_back({"external", Array<float>({scan->pixels_y, scan->pixels_x})});
    }
    return reply;
  }
  Description description_;
};

// A column that cannot scan, and so has no scanned detector.
class Unscanning final : public Instrument {
 public:
  Unscanning() {
    description_.cannot.push_back("scan");
    description_.detectors.clear();
  }
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    EXPECT_FALSE(std::holds_alternative<Scan>(command));
    return column_.Execute(command, options);
  }
  NullInstrument column_;
  Description description_ = testing_support::NullDescription();
};

TEST_F(CompositeTest, WhereTheColumnCannotScanThePartThatCanDoes) {
  std::vector<std::unique_ptr<Instrument>> parts;
  parts.push_back(std::make_unique<Unscanning>());
  parts.push_back(std::make_unique<Camera>(log_));
  parts.push_back(std::make_unique<Scanner>());
  const auto composite = *MakeComposite(std::move(parts));
  const Description& d = composite->description();
  EXPECT_TRUE(Can(d, "scan.raster"));
  EXPECT_FALSE(Can(d, "scan.spiral"));
  EXPECT_EQ(d.min_dwell_s, 1e-3);
  EXPECT_EQ(d.max_pixels, 64u);
  Scan scan = SmallScan();
  scan.detectors = {"external"};
  scan.dwell_s = 2e-3;
  EXPECT_TRUE(absl::IsFailedPrecondition(composite->Execute(scan).status())) << "blanked";
  ASSERT_TRUE(composite->Execute(Unblank{}).ok());
  const Reply reply = *composite->Execute(scan);
  ASSERT_EQ(reply.frames.size(), 1u);
  const double dwell_s = scan.dwell_s * double(scan.pixels_x * scan.pixels_y);
  EXPECT_NEAR(reply.electrons, dwell_s * 1e-12 / kElementaryCharge_C, 1e-6 * reply.electrons);
  EXPECT_GT(reply.dose_e_per_m2, 0);
  EXPECT_FALSE(reply.blanked);
}

TEST_F(CompositeTest, SafeReachesEveryPart) {
  ASSERT_TRUE(composite_->Execute(Unblank{}).ok());
  log_->clear();
  EXPECT_TRUE(composite_->Execute(Safe{})->blanked);
  EXPECT_TRUE(state_->blanked);
  EXPECT_THAT(*log_, testing::ElementsAre("safe"));
}

TEST(Composite, NamesInTwoPartsAreRefused) {
  std::vector<std::unique_ptr<Instrument>> parts;
  parts.push_back(std::make_unique<NullInstrument>());
  parts.push_back(std::make_unique<NullInstrument>());
  EXPECT_THAT(std::string(MakeComposite(std::move(parts)).status().message()),
              HasSubstr("two parts have 'optics.C10'"));
  EXPECT_FALSE(MakeComposite({}).ok());
}

}  // namespace
}  // namespace ronchi::hw
