// The driver against a service in this process: what it asks, sets and waits for.
#include "hw/drivers/de_tem/de_tem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hw/instrument/capability.h"
#include "hw/instrument/error.h"
#include "tests/hw/drivers/de_tem/fake_channel.h"

namespace ronchi::hw::de_tem {
namespace {

using testing::HasSubstr;
using testing_support::FakeChannel;

std::unique_ptr<Instrument> Opened(const FakeChannel& fake, double seconds = 60) {
  auto opened = MakeDeTem(fake.Options(seconds));
  EXPECT_TRUE(opened.ok()) << opened.status();
  return opened.ok() ? *std::move(opened) : nullptr;
}
double ReadOne(Instrument* instrument, const std::string& property) {
  const auto reply = instrument->Execute(Read{{property}});
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? reply->readings.at(0).value.si : kNan;
}

TEST(DeTem, DescribesWhatTheColumnAnswersFor) {
  FakeChannel fake;
  const auto column = Opened(fake);
  const Description& d = column->description();
  EXPECT_THAT(d.model, HasSubstr("JEOL, by DE-TEM-Channel"));
  EXPECT_FALSE(d.simulated);
  for (const char* has : {"stage.x", "stage.beta", "optics.C10", "beam.shift.y", "beam.tilt.x",
                          "column.mode", "beam.current", "optics.C12.a", "optics.C30"}) {
    EXPECT_TRUE(d.FindProperty(has)) << has;
  }
  for (const char* lacks : {"condenser.stigmator.x", "objective.stigmator.y", "optics.C50"}) {
    EXPECT_FALSE(d.FindProperty(lacks)) << lacks;
  }
  EXPECT_EQ(d.FindProperty("stage.x")->max, 1e-3);
  EXPECT_EQ(d.FindProperty("optics.C21.a")->max, 3 * 500e-9) << "Krivanek's";
  EXPECT_EQ(d.FindProperty("column.valves")->group, PropertyGroup::kValves);
  EXPECT_FALSE(d.FindProperty("column.valves")->writable);
  EXPECT_TRUE(d.FindMeasurement("aberrations"));
  for (const char* cannot : {"scan", "expose", "park"}) EXPECT_FALSE(Can(d, cannot)) << cannot;
}

TEST(DeTem, WithoutACorrectorNothingIsMeasured) {
  FakeChannel fake;
  fake.Corrects(false);
  const auto column = Opened(fake);
  EXPECT_FALSE(Can(column->description(), "measure"));
  EXPECT_FALSE(column->description().FindProperty("optics.C12.a"));
  EXPECT_TRUE(column->description().FindProperty("optics.C10"));
}

TEST(DeTem, ReadsAllInOneQuestionInSi) {
  FakeChannel fake;
  const auto column = Opened(fake);
  const int before = fake.Count("executeBatchCommands");
  const auto reply = column->Execute(
      Read{{"stage.y", "stage.alpha", "beam.energy", "optics.camera_length", "beam.semiangle",
            "beam.current", "column.valves", "optics.C12.b", "stage.y"}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  const double expected[] = {2e-6, 4 * M_PI / 180, 2e5, 0.25, 22e-3, 40e-12, 1, 0, 2e-6};
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_NEAR(reply->readings.at(i).value.si, expected[i], 1e-9 * expected[i]) << i;
  }
  EXPECT_EQ(fake.Count("executeBatchCommands"), before + 1);
  EXPECT_FALSE(reply->blanked);
}

TEST(DeTem, SetsAreReadBack) {
  FakeChannel fake;
  const auto column = Opened(fake);
  const auto set = [&](const std::string& name, Quantity value, bool relative = false) {
    const auto reply = column->Execute(Set{name, value, relative});
    EXPECT_TRUE(reply.ok()) << name << ": " << reply.status();
    return reply.ok() ? reply->readings.at(0).value.si : kNan;
  };
  EXPECT_NEAR(set("optics.C10", Nanometres(-20)), -20e-9, 1e-15);
  EXPECT_EQ(fake.Stands("PROJ_Defocus"), "-0.02") << "micrometres";
  EXPECT_NEAR(set("optics.C10", Nanometres(5), true), -15e-9, 1e-15);
  EXPECT_NEAR(set("stage.y", Metres(7e-6)), 7e-6, 1e-12);
  EXPECT_THAT(fake.Stands("STAGE_PositionFull"), testing::StartsWith("1;7"));
  EXPECT_NEAR(set("stage.beta", Radians(0.1)), 0.1, 1e-9);
  EXPECT_EQ(set("column.mode", Number(0)), 0);
  EXPECT_EQ(set("optics.magnification", Number(5e6)), 5e6);
  EXPECT_NEAR(set("beam.shift.x", Nanometres(100)), 100e-9, 1e-15);
  EXPECT_NEAR(set("beam.shift.y", Nanometres(-50)), -50e-9, 1e-15);
  EXPECT_EQ(fake.Stands("ILLUM_BeamShift"), "0.1;-0.05") << "the other one stays";
  EXPECT_EQ(set("beam.tilt.x", Number(0.25)), 0.25);
}

TEST(DeTem, BlanksByAConnectionOfItsOwnAndWhenItIsClosed) {
  FakeChannel fake;
  auto column = Opened(fake);
  EXPECT_TRUE(column->Execute(Blank{})->blanked);
  EXPECT_FALSE(column->Execute(Unblank{})->blanked);
  fake.StageTakes(1 << 30);
  std::thread moves([&] { (void)column->Execute(Set{"stage.x", Metres(1e-5)}); });
  while (fake.Count("setStagePosition") == 0) std::this_thread::yield();
  EXPECT_TRUE(column->BlankNow().ok());
  EXPECT_EQ(fake.Stands("PROJ_BeamBlankState"), "1");
  fake.StageArrives();
  moves.join();
  EXPECT_FALSE(column->Execute(Unblank{})->blanked);
  column.reset();
  EXPECT_EQ(fake.Stands("PROJ_BeamBlankState"), "1");
}

TEST(DeTem, MeasuresWhatItPostedAndWaitedFor) {
  FakeChannel fake;
  fake.Corrects(true, 2, 5);
  const auto column = Opened(fake);
  const auto reply = column->Execute(Measure{"aberrations"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->estimates.size(), 1u);
  const Estimate& e = reply->estimates[0];
  EXPECT_EQ(e.names, (std::vector<std::string>{"C12.a", "C12.b", "C21.a", "C21.b", "C10", "C30"}));
  EXPECT_NEAR(e.values[2].si, 3 * 3e-8, 1e-16) << "C21 is 3 B2";
  EXPECT_TRUE(e.covariance.empty()) << "it does not tell how sure it is";
  const auto defocus = column->Execute(Measure{"defocus"});
  ASSERT_TRUE(defocus.ok());
  EXPECT_EQ(defocus->estimates[0].names.size(), 3u);
  ASSERT_TRUE(column->Execute(Blank{}).ok());
  EXPECT_EQ(ErrorOf(column->Execute(Measure{"defocus"}).status()).kind, ErrorKind::kImpossibleNow);
}

TEST(DeTem, ACorrectionMovesTheAberrationAsFarAsItsProperty) {
  FakeChannel fake;
  const auto column = Opened(fake);
  ASSERT_TRUE(column->Execute(Set{"optics.C12.a", Nanometres(-8)}).ok());
  EXPECT_NEAR(fake.Aberration("A1", 0), 0, 1e-18);
  EXPECT_NEAR(fake.Aberration("A1", 1), -5e-9, 1e-18);
  ASSERT_TRUE(column->Execute(Set{"optics.C21.b", Nanometres(-30)}).ok());
  EXPECT_NEAR(fake.Aberration("B2", 1), 0, 1e-18);
  ASSERT_TRUE(column->Execute(Set{"optics.C12.a", Nanometres(2), true}).ok());
  EXPECT_NEAR(fake.Aberration("A1", 0), 2e-9, 1e-18);
  EXPECT_NEAR(ReadOne(column.get(), "optics.C12.a"), -6e-9, 1e-18);
  const int before = fake.Count("correctorCorrectAberration");
  ASSERT_TRUE(column->Execute(Set{"optics.C12.a", Nanometres(-6)}).ok());
  EXPECT_EQ(fake.Count("correctorCorrectAberration"), before) << "it stands there";
}

TEST(DeTem, TheOtherSignIsTheOtherWay) {
  FakeChannel fake;
  DeTemOptions options = fake.Options(60);
  options.correction_sign = 1;
  options.defocus_sign = -1;
  const auto column = *MakeDeTem(options);
  ASSERT_TRUE(column->Execute(Set{"optics.C12.a", Nanometres(1)}).ok());
  EXPECT_NEAR(fake.Aberration("A1", 0), 7e-9, 1e-18);
  ASSERT_TRUE(column->Execute(Set{"optics.C10", Nanometres(20)}).ok());
  EXPECT_EQ(fake.Stands("PROJ_Defocus"), "-0.02");
}

TEST(DeTem, IsBroughtToAModeWhenItIsOpened) {
  FakeChannel fake;
  DeTemOptions options = fake.Options(60);
  options.mode = 1;
  ASSERT_TRUE(MakeDeTem(options).ok());
  EXPECT_EQ(fake.Count("setTemStemMode"), 0) << "it is there";
  options.mode = 0;
  ASSERT_TRUE(MakeDeTem(options).ok());
  EXPECT_EQ(fake.Stands("PROJ_TemStemMode"), "0");
  options.mode = 1;
  fake.Ignore([](const std::string& m) { return m == "setTemStemMode"; });
  EXPECT_EQ(ErrorOf(MakeDeTem(options).status()).kind, ErrorKind::kOutOfTolerance);
}

TEST(DeTem, AMoveThatNobodyWaitsForIsStopped) {
  FakeChannel fake;
  fake.StageTakes(1 << 30);
  const auto column = Opened(fake);
  CancelToken cancel;
  ExecuteOptions options;
  options.cancel = &cancel;
  std::thread soon([&] {
    while (fake.Count("setStagePosition") == 0) std::this_thread::yield();
    cancel.Cancel();
  });
  const auto reply = column->Execute(Set{"stage.x", Metres(1e-5)}, options);
  soon.join();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_EQ(fake.Count("stopOperation"), 1);
  const auto late =
      column->Execute(Set{.property = "stage.x", .value = Metres(2e-5), .timeout_s = 0.05});
  EXPECT_EQ(ErrorOf(late.status()).kind, ErrorKind::kTimeout) << late.status();
  EXPECT_EQ(fake.Count("stopOperation"), 2);
  EXPECT_TRUE(column->Execute(Abort{}).ok());
  EXPECT_EQ(fake.Count("stopOperation"), 3);
}

}  // namespace
}  // namespace ronchi::hw::de_tem
