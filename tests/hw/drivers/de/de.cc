// The driver against a server in this process: what it asks, sets and brings.
#include "hw/drivers/de/de.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "hw/instrument/capability.h"
#include "hw/instrument/error.h"
#include "tests/hw/drivers/de/fake_de.h"

namespace ronchi::hw::de {
namespace {

using testing::HasSubstr;
using testing_support::FakeDe;
using testing_support::PatternPixel;
using wire::DeOperation;

size_t OpenFiles() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return size_t(std::distance(begin(all), end(all)));
}

Scan OfEight() {
  return {.fov_x_m = 20e-9,
          .fov_y_m = 20e-9,
          .pixels_x = 8,
          .pixels_y = 8,
          .dwell_s = 1e-2,
          .frames = 2,
          .detectors = {"bf", "haadf"}};
}

TEST(De, DescribesWhatTheServerTells) {
  FakeDe fake;
  const auto de = *MakeDe(fake.Options(60));
  const Description& d = de->description();
  EXPECT_THAT(d.model, HasSubstr("Celeritas, 8 × 6 pixels, by DE-Server 2.8.3.12436"));
  EXPECT_TRUE(d.simulated);
  ASSERT_EQ(d.detectors.size(), 3u);
  EXPECT_EQ(d.detectors[0].kind, DetectorKind::kCamera);
  EXPECT_EQ(d.detectors[0].min_dwell_s, 1e-3) << "1000 frames per second";
  EXPECT_EQ(d.detectors[0].max_dwell_s, 1000.0 / 40) << "a thousand frames";
  for (const char* can :
       {"expose", "scan", "scan.raster", "scan.offset", "scan.rotation", "abort"}) {
    EXPECT_TRUE(Can(d, can)) << can;
  }
  for (const char* cannot :
       {"blank", "read", "set", "measure", "scan.camera", "scan.points", "scan.rectangle"}) {
    EXPECT_FALSE(Can(d, cannot)) << cannot;
  }
}

TEST(De, WithoutAFieldNothingIsScanned) {
  FakeDe fake;
  DeOptions options = fake.Options(60);
  options.field_m = 0;
  const auto de = *MakeDe(options);
  EXPECT_FALSE(Can(de->description(), "scan"));
  EXPECT_EQ(de->description().detectors.size(), 1u);
}

TEST(De, ExposesFramesOfTheCameraThatTakeAsLongTogether) {
  FakeDe fake;
  const auto de = *MakeDe(fake.Options(60));
  const auto reply = de->Execute(Expose{.camera = "cam", .time_s = 0.11, .frames = 3});
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 3u);
  for (size_t n = 0; n < 3; ++n) {
    const auto& counts = reply->frames[n].counts;
    ASSERT_EQ(counts.shape()[0], FakeDe::kHeight);
    ASSERT_EQ(counts.shape()[1], FakeDe::kWidth);
    for (size_t i = 0; i < counts.size(); ++i) {
      ASSERT_EQ(counts.values()[i], PatternPixel(n, i) + kSumTotal) << n << " " << i;
    }
  }
  // At 40 frames per second at least: five of 22 ms.
  EXPECT_EQ(fake.Stands("Frame Count"), "5");
  EXPECT_EQ(fake.Most("Frames Per Second"), "45.4545");
  EXPECT_EQ(fake.Stands("Frames Per Second"), "40") << "for who opens it next";
  EXPECT_EQ(fake.Stands("Exposure Mode"), "Normal");
  EXPECT_EQ(fake.Stands("Scan - Enable"), "Off");
  EXPECT_EQ(fake.Count(DeOperation::kStartAcquisition), 3);
  EXPECT_EQ(fake.connections(), 1);
}

TEST(De, BinsBySumming) {
  FakeDe fake;
  const auto de = *MakeDe(fake.Options(60));
  const auto reply = de->Execute(Expose{.camera = "cam", .time_s = 0.1, .binning = 2});
  ASSERT_TRUE(reply.ok()) << reply.status();
  const auto& counts = reply->frames.at(0).counts;
  ASSERT_EQ(counts.shape()[0], FakeDe::kHeight / 2);
  ASSERT_EQ(counts.shape()[1], FakeDe::kWidth / 2);
  for (size_t y = 0; y < FakeDe::kHeight / 2; ++y) {
    for (size_t x = 0; x < FakeDe::kWidth / 2; ++x) {
      const size_t i = 2 * y * FakeDe::kWidth + 2 * x;
      const float sum = PatternPixel(0, i) + PatternPixel(0, i + 1) +
                        PatternPixel(0, i + FakeDe::kWidth) +
                        PatternPixel(0, i + FakeDe::kWidth + 1) + 4 * kSumTotal;
      EXPECT_EQ(counts.values()[y * FakeDe::kWidth / 2 + x], sum) << y << " " << x;
    }
  }
}

TEST(De, ScansByTheVoltagesOfTheCoils) {
  FakeDe fake;
  const auto de = *MakeDe(fake.Options(60));
  const auto reply = de->Execute(OfEight());
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 4u) << "frame-major, then detectors in the order asked";
  const int types[] = {kVirtualImage0, kExternalImage1, kVirtualImage0, kExternalImage1};
  for (size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(reply->frames[n].detector, n % 2 == 0 ? "bf" : "haadf");
    const auto& counts = reply->frames[n].counts;
    ASSERT_EQ(counts.shape()[0], 8u);
    ASSERT_EQ(counts.shape()[1], 8u);
    for (size_t i = 0; i < counts.size(); ++i) {
      ASSERT_EQ(counts.values()[i], PatternPixel(n / 2, i) + float(types[n]));
    }
  }
  // 20 nm of the 100 that ±1 V scans, and half a pixel of 2.5 nm towards the first.
  EXPECT_EQ(fake.Stands("Scan - Voltage H Min"), "-0.225");
  EXPECT_EQ(fake.Stands("Scan - Voltage H Max"), "0.175");
  EXPECT_EQ(fake.Most("Frames Per Second"), "100");
  EXPECT_EQ(fake.Stands("Frames Per Second"), "40") << "for who opens it next";
  EXPECT_EQ(fake.Stands("Scan - Size X"), "8");
  EXPECT_EQ(fake.Stands("Scan - Repeats"), "1");
  EXPECT_EQ(fake.Stands("Scan - Type"), "Raster");
  EXPECT_EQ(fake.Stands("Scan - ROI Enable"), "Off");
  EXPECT_EQ(fake.Stands("Scan - Enable"), "Off") << "for who exposes next";
}

TEST(De, AServerWithoutCoilsScansItsOwnFieldAlone) {
  FakeDe fake;
  fake.Erase("Scan - Rotation");
  const auto de = *MakeDe(fake.Options(60));
  EXPECT_FALSE(Can(de->description(), "scan.offset"));
  const absl::Status other = de->Execute(OfEight()).status();
  EXPECT_EQ(ErrorOf(other).kind, ErrorKind::kOutOfLimits) << other;
  EXPECT_THAT(ErrorOf(other).cause, HasSubstr("scans 100 nm alone"));
  Scan own = OfEight();
  own.fov_x_m = 100e-9;
  own.fov_y_m = 100e-9;
  EXPECT_TRUE(de->Execute(own).ok());
}

TEST(De, TheFieldIsThatOfTheMagnificationWhereItIsTold) {
  FakeDe fake;
  fake.Set("Instrument Project Magnification", 1e6f);
  DeOptions options = fake.Options(60);
  options.field_m = 0;
  options.field_at_magnification_1_m = 0.1;
  const auto de = *MakeDe(options);
  EXPECT_TRUE(de->Execute(OfEight()).ok());
  EXPECT_EQ(fake.Stands("Scan - Voltage H Max"), "0.175");
  fake.Set("Instrument Project Magnification", 0.f);
  EXPECT_EQ(ErrorOf(de->Execute(OfEight()).status()).kind, ErrorKind::kImpossibleNow);
}

TEST(De, OlderVersionsAreFoundWhetherTheyRefuseOrEnd) {
  for (const int version : kVersions) {
    FakeDe fake;
    fake.Restart(version);
    fake.RefuseOthers(version % 2 == 0);
    const auto de = MakeDe(fake.Options(60));
    ASSERT_TRUE(de.ok()) << version << ": " << de.status();
    EXPECT_TRUE((*de)->Execute(Expose{.camera = "cam", .time_s = 0.1}).ok()) << version;
  }
  EXPECT_EQ(VersionOfSoftware("2.8.3.12436"), 17);
  EXPECT_EQ(VersionOfSoftware("2.8.3.12435"), 16);
  EXPECT_EQ(VersionOfSoftware("2.8.0.12073"), 16);
  EXPECT_EQ(VersionOfSoftware("2.7.5.1352"), 15);
  EXPECT_EQ(VersionOfSoftware("2.7.4.10590"), 13);
  EXPECT_EQ(VersionOfSoftware("2.7.4.1000"), 12);
  EXPECT_EQ(VersionOfSoftware("new"), 0);
}

TEST(De, AbortStopsWhatRunsAndACancelToo) {
  FakeDe fake;
  const auto de = *MakeDe(fake.Options(60));
  EXPECT_TRUE(de->Execute(Abort{}).ok()) << "with nothing to abort";
  EXPECT_EQ(fake.Count(DeOperation::kStopAcquisition), 0);
  fake.RunFor(1 << 30);
  CancelToken cancel;
  ExecuteOptions options;
  options.cancel = &cancel;
  std::thread soon([&] {
    while (fake.Count(DeOperation::kStartAcquisition) == 0) std::this_thread::yield();
    cancel.Cancel();
  });
  const auto reply = de->Execute(Expose{.camera = "cam", .time_s = 0.1}, options);
  soon.join();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->ended, Ended::kCancelled);
  EXPECT_TRUE(reply->frames.empty());
  EXPECT_EQ(fake.Count(DeOperation::kStopAcquisition), 1);
}

TEST(De, WhatItCannotIsRefusedBeforeAnythingIsSet) {
  FakeDe fake;
  DeOptions options = fake.Options(60);
  options.most_bytes = 1000;
  const auto de = *MakeDe(options);
  const auto kind = [&](const Command& c) { return ErrorOf(de->Execute(c).status()).kind; };
  EXPECT_EQ(kind(Expose{.camera = "cam", .time_s = 0.1, .binning = 4}), ErrorKind::kOutOfLimits);
  EXPECT_EQ(kind(Expose{.camera = "cam", .time_s = 0.1, .frames = 50}), ErrorKind::kOutOfLimits);
  EXPECT_EQ(kind(Expose{.camera = "no", .time_s = 0.1}), ErrorKind::kNoSuchName);
  EXPECT_EQ(kind(Expose{.camera = "cam", .time_s = 1e-5}), ErrorKind::kOutOfLimits);
  Scan oblong = OfEight();
  oblong.fov_y_m = 10e-9;
  EXPECT_EQ(kind(oblong), ErrorKind::kCannot);
  Scan far = OfEight();
  far.center_x_m = 1e-6;
  EXPECT_EQ(kind(far), ErrorKind::kOutOfLimits);
  EXPECT_EQ(fake.Count(DeOperation::kStartAcquisition), 0);
}

// Ends each connection after one answer; in one thread, and keeps none.
class OneAnswerEach {
 public:
  OneAnswerEach() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof(at);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~OneAnswerEach() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  wire::Address address() const { return *wire::ParseAddress(address_); }

 private:
  void Serve() {
    for (int s; (s = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(s)) {
      std::array<char, 4096> come;
      const ssize_t n = recv(s, come.data(), come.size(), 0);
      wire::pb::Packet packet;
      if (n < 5 || !packet.ParseFromArray(come.data() + 4, int(n) - 4)) continue;
      const std::string answer = testing_support::Framed(testing_support::Acknowledged(
          packet.command(0).command_id(), {std::string("2.8.3.12436")}));
      (void)send(s, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }
  int listener_ = -1;
  std::string address_;
  std::thread thread_;
};

TEST(De, TenThousandConnectionsLeaveNoFileOpen) {
  OneAnswerEach peer;
  DeServer server({.address = peer.address(), .answer_s = 60});
  (void)server.Open();
  const size_t before = OpenFiles();
  for (int i = 0; i < 10000 || server.links() < 10000; ++i) {
    const auto cameras = server.Cameras();
    // A link whose end was not seen yet is found out by using it.
    ASSERT_TRUE(cameras.ok() || IsRetryable(cameras.status())) << cameras.status();
  }
  EXPECT_GE(server.links(), 10000u);
  EXPECT_LE(OpenFiles(), before + 2) << "the last one of either side may be open";
}

}  // namespace
}  // namespace ronchi::hw::de
