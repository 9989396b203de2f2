// What can go wrong between a DE-Server and its driver, one by one: each ends in a right exposure
// or in one error that says what it was, and the next exposure is right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "hw/instrument/error.h"
#include "tests/hw/drivers/de/fake_de.h"

namespace ronchi::hw::de {
namespace {

using testing::HasSubstr;
using testing_support::Acknowledged;
using testing_support::DeAsked;
using testing_support::DeFault;
using testing_support::FakeDe;
using testing_support::Framed;
using testing_support::HeaderOf;
using testing_support::kEnds;
using testing_support::kPause;
using testing_support::kStalls;
using testing_support::PatternPixel;
using testing_support::Pieces;
using testing_support::Refused;
using wire::DeOperation;
using wire::DeValue;
namespace pb = wire::pb;
using enum ErrorKind;
using enum wire::DeOperation;

struct Fault {
  std::string name;
  DeFault fault;
  std::optional<ErrorKind> kind = std::nullopt;  // none: the exposure is right
  std::string says = "";
};
void PrintTo(const Fault& f, std::ostream* out) { *out << f.name; }

using Spoil = std::function<void(const DeAsked&, Pieces*)>;
// Of every answer to an operation; `property` if not empty: of that one alone.
DeFault On(DeOperation operation, const std::string& property, Spoil spoil) {
  return [=](const DeAsked& a, Pieces* p) {
    if (a.operation == operation && (property.empty() || a.property == property)) spoil(a, p);
  };
}
DeFault OnAll(std::function<void(Pieces*)> spoil) {
  return [=](const DeAsked&, Pieces* p) { spoil(p); };
}
Fault OfResult(const std::string& name, Spoil spoil, std::optional<ErrorKind> kind = std::nullopt,
               const std::string& says = "") {
  return {name, On(kGetResult, "", std::move(spoil)), kind, says};
}
// Another answer than the right one.
Spoil Says(const std::vector<DeValue>& values) {
  return [=](const DeAsked& a, Pieces* p) { *p = {Framed(Acknowledged(a.id, values))}; };
}
Spoil Bytes(const std::string& bytes) {
  return [=](const DeAsked&, Pieces* p) { *p = {bytes}; };
}

Pieces Cut(const Pieces& pieces, size_t bytes) {
  std::string all;
  for (const std::string& p : pieces) all += p;
  Pieces cut;
  for (size_t at = 0; at < all.size(); at += bytes) {
    cut.push_back(all.substr(at, bytes));
    if (bytes > 20) cut.push_back(kPause);
  }
  return cut;
}

std::string FloatBytes(float value, size_t n) {
  std::string bytes;
  for (size_t i = 0; i < n; ++i) bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  return bytes;
}
constexpr size_t kPixels = FakeDe::kWidth * FakeDe::kHeight;

// A result with other words about it, and these bytes.
Spoil Result(std::vector<DeValue> head, const std::string& bytes) {
  return [=](const DeAsked& a, Pieces* p) {
    *p = {Framed(Acknowledged(a.id, head)), Framed(HeaderOf(bytes.size())), bytes};
  };
}
std::vector<DeValue> Head(int32_t format, int32_t width, int32_t height, int32_t acquisition = 99,
                          int32_t frames = 4) {
  return {format, width, height, std::string(), acquisition, true, int32_t(0), frames};
}

int32_t Next() {
  static std::atomic<int32_t> acquisition = 1000;
  return acquisition++;
}

std::vector<Fault> AnswersThatAreRight() {
  return {
      {"ByteByByte", OnAll([](Pieces* p) { *p = Cut(*p, 1); })},
      {"PiecesOf7", OnAll([](Pieces* p) { *p = Cut(*p, 7); })},
      {"PiecesWithPauses", OnAll([](Pieces* p) { *p = Cut(*p, 31); })},
      {"AllInOnePiece", OnAll([](Pieces* p) { *p = Cut(*p, 1 << 20); })},
      OfResult("MoreWordsThanKnown",
               [](const DeAsked& a, Pieces* p) {
                 std::vector<DeValue> head = Head(13, 8, 6, Next());
                 head.insert(head.end(), 1000, std::string("more"));
                 (*p)[0] = Framed(Acknowledged(a.id, head));
               }),
      OfResult("MoreFramesThanDue",
               [](const DeAsked& a, Pieces* p) {
                 (*p)[0] = Framed(Acknowledged(a.id, Head(13, 8, 6, Next(), 5)));
               }),
      {"RateRoundedByTheCamera", On(kGetProperty, "Frames Per Second", Says({40.01f}))},
      {"StatusThatIsNotKnownFirst", [n = std::make_shared<int>(0)](const DeAsked& a, Pieces* p) {
         if (a.property != "Acquisition Status" || ++*n != 2) return;
         *p = {Framed(Acknowledged(a.id, {std::string("Stopping")}))};
       }}};
}

std::vector<Fault> FramesThatAreWrong() {
  const auto get = [](Spoil spoil) { return On(kGetProperty, "Frames Per Second", spoil); };
  return {{"AnotherId",
           get([](const DeAsked& a, Pieces* p) { *p = {Framed(Acknowledged(a.id + 1, {40.f}))}; }),
           kCommunication, "it answers command 1704, not 1703"},
          {"NoProtobuf", get(Bytes(std::string("\x04\0\0\0\xff\xff\xff\xff", 8))), kCommunication,
           "no protobuf"},
          {"NoLength", get(Bytes(std::string(8, '\0'))), kCommunication, "a message of 0 bytes"},
          {"HugeLength", get(Bytes("\xff\xff\xff\x7f!")), kCommunication, "2147483647 bytes"},
          {"GarbagePreamble",
           get([](const DeAsked&, Pieces* p) { p->insert(p->begin(), "HTTP/1.1 "); }),
           kCommunication, "bytes; allowed are"},
          {"EndsBefore", get([](const DeAsked&, Pieces* p) { *p = {kEnds}; }), kCommunication,
           "the link is lost"},
          {"EndsInTheLength", get([](const DeAsked&, Pieces* p) {
             *p = {(*p)[0].substr(0, 3), kEnds};
           }),
           kCommunication, "the link is lost"},
          {"EndsInTheMessage", get([](const DeAsked&, Pieces* p) {
             *p = {(*p)[0].substr(0, 9), kEnds};
           }),
           kCommunication, "the link is lost"},
          {"Stalls", get([](const DeAsked&, Pieces* p) { *p = {kStalls}; }), kTimeout,
           "no answer in time"},
          {"StallsInTheMessage", get([](const DeAsked&, Pieces* p) {
             *p = {(*p)[0].substr(0, 9), kStalls};
           }),
           kTimeout, "no answer in time"},
          {"TwoAnswersInOne", get([](const DeAsked& a, Pieces* p) {
             pb::Packet packet = Acknowledged(a.id, {40.f});
             packet.add_acknowledge()->set_command_id(a.id);
             *p = {Framed(packet)};
           }),
           kCommunication, "2 acknowledgements"},
          {"NoAnswerInIt", get([](const DeAsked& a, Pieces* p) {
             pb::Packet packet = Acknowledged(a.id, {});
             packet.clear_acknowledge();
             *p = {Framed(packet)};
           }),
           kCommunication, "0 acknowledgements"},
          {"ACommandForAnAnswer", get([](const DeAsked& a, Pieces* p) {
             pb::Packet packet = Acknowledged(a.id, {40.f});
             packet.set_type(pb::Packet::COMMAND);
             *p = {Framed(packet)};
           }),
           kCommunication, "a packet of type 1"},
          {"AValueOfBytes", get([](const DeAsked& a, Pieces* p) {
             pb::Packet packet = Acknowledged(a.id, {40.f});
             packet.mutable_acknowledge(0)->mutable_parameter(0)->set_type(pb::Value::BYTES);
             *p = {Framed(packet)};
           }),
           kCommunication, "a value of type 5"}};
}

std::vector<Fault> ResultsThatAreWrong() {
  const std::string pixels = FloatBytes(1, kPixels);
  return {
      OfResult(
          "NoHeader", [](const DeAsked&, Pieces* p) { p->erase(p->begin() + 1); }, kCommunication,
          "no answer of a DE-Server"),
      OfResult(
          "AnotherHeader", [](const DeAsked& a, Pieces* p) { (*p)[1] = (*p)[0]; }, kCommunication,
          "an image without its header"),
      OfResult(
          "EndsInThePixels",
          [](const DeAsked&, Pieces* p) {
            (*p)[2].resize(17);
            p->push_back(kEnds);
          },
          kCommunication, "the link is lost"),
      OfResult(
          "StallsInThePixels",
          [](const DeAsked&, Pieces* p) {
            (*p)[2].resize(17);
            p->push_back(kStalls);
          },
          kTimeout, "no answer in time"),
      OfResult(
          "AnnouncesTooMuch",
          [](const DeAsked&, Pieces* p) { (*p)[1] = Framed(HeaderOf(size_t(1) << 40)); },
          kCommunication, "an image of 1099511627776 bytes"),
      OfResult("NoPixels", Result(Head(13, 8, 6), ""), kHardware, "0 bytes for an image"),
      OfResult("FewerPixels", Result(Head(13, 8, 6), pixels.substr(4)), kHardware, "188 bytes"),
      OfResult("MorePixels", Result(Head(13, 8, 6), pixels + "1234"), kHardware, "196 bytes"),
      OfResult("NanPixels", Result(Head(13, 8, 6), FloatBytes(NAN, kPixels)), kHardware,
               "no numbers"),
      OfResult("InfinitePixels", Result(Head(13, 8, 6), FloatBytes(INFINITY, kPixels)), kHardware,
               "no numbers"),
      OfResult("AnotherFormat", Result(Head(7, 8, 6), pixels), kHardware, "pixels of format 7"),
      OfResult("NoWidth", Result(Head(13, 0, 6), pixels), kHardware, "0 × 6"),
      OfResult("NegativeSides", Result(Head(13, -8, -6), pixels), kHardware, "-8 × -6"),
      OfResult("SidesThatOverflow", Result(Head(13, 1 << 30, 1 << 30), pixels), kHardware,
               "1073741824 × 1073741824"),
      OfResult("FewWords", Result({int32_t(13), int32_t(8)}, pixels), kHardware, "2 words"),
      OfResult("ATextForACount",
               Result({int32_t(13), std::string("eight"), int32_t(6), std::string(), int32_t(0),
                       true, int32_t(0), int32_t(4)},
                      pixels),
               kHardware, "'eight' is no count"),
      OfResult("AnotherSize", Result(Head(13, 6, 8), pixels), kDataLoss,
               "6 × 8 pixels where 8 × 6 were due"),
      OfResult("FewerFrames", Result(Head(13, 8, 6, 99, 3), pixels), kDataLoss,
               "3 frames where 4 were due"),
      OfResult("TheSameResultAgain", Result(Head(13, 8, 6, 7, 4), pixels), kDataLoss,
               "the result is the one before"),
      OfResult(
          "Refused", [](const DeAsked& a, Pieces* p) { *p = {Framed(Refused(a.id, "no image"))}; },
          kHardware, "no image")};
}

std::vector<Fault> SettingsThatAreWrong() {
  const auto refuses = [](const DeAsked& a, Pieces* p) {
    *p = {Framed(Refused(a.id, "not\nnow"))};
  };
  const auto get = [](const char* property, const std::vector<DeValue>& values) {
    return On(kGetProperty, property, Says(values));
  };
  return {{"RateIsClamped", get("Frames Per Second", {30.f}), kOutOfTolerance, "stands at 30"},
          {"RateIsNan", get("Frames Per Second", {NAN}), kHardware, "no finite number"},
          {"RateIsAText", get("Frames Per Second", {std::string("fast")}), kHardware, "fast"},
          {"TwoValues", get("Frames Per Second", {40.f, 1.f}), kHardware, "2 values"},
          {"NoValue", get("Frames Per Second", {}), kHardware, "0 values"},
          {"CountIsClamped", get("Frame Count", {int32_t(1)}), kOutOfTolerance, "stands at 1"},
          {"ModeStays", get("Exposure Mode", {std::string("Gain")}), kOutOfTolerance,
           "stands at 'Gain' after it was set to 'Normal'"},
          {"ScanStaysOn", get("Scan - Enable", {std::string("On")}), kOutOfTolerance, "'On'"},
          {"RateIsRefused", On(kSetProperty, "Frames Per Second", refuses), kHardware,
           "refuses set Frames Per Second: not\\nnow"},
          {"ModeIsRefused", On(kSetProperty, "Exposure Mode", refuses), kHardware, "refuses"},
          {"StartIsRefused", On(kStartAcquisition, "", refuses), kHardware,
           "refuses start of an acquisition"},
          {"ItAcquiresAlready", get("Acquisition Status", {std::string("Acquiring")}), kBusy,
           "it acquires already"},
          {"ItAcquiresForEver",
           [n = std::make_shared<int>(0)](const DeAsked& a, Pieces* p) {
             if (a.property != "Acquisition Status" || ++*n == 1) return;
             *p = {Framed(Acknowledged(a.id, {std::string("Acquiring")}))};
           },
           kTimeout, "acquires on"}};
}

std::vector<Fault> All() {
  std::vector<Fault> all = AnswersThatAreRight();
  for (const auto& more : {FramesThatAreWrong(), ResultsThatAreWrong(), SettingsThatAreWrong()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

void ExpectRight(const absl::StatusOr<Reply>& reply) {
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 2u);
  const auto& counts = reply->frames[1].counts;
  ASSERT_EQ(counts.size(), kPixels);
  const float first = counts.values()[0];
  for (size_t i = 0; i < kPixels; ++i) {
    // Frames of the whole life of the server are counted, so the first pixel tells which it is.
    ASSERT_EQ(counts.values()[i], first + float(i * 31)) << i;
  }
}
Expose OfFourFrames() { return {.camera = "cam", .time_s = 0.1, .frames = 2}; }

class DeFaults : public testing::TestWithParam<Fault> {};

TEST_P(DeFaults, EndsAsItShouldAndTheNextExposureIsRight) {
  const Fault& f = GetParam();
  FakeDe fake;
  // A deadline that has to pass is short; one that must not is long.
  const auto de = MakeDe(fake.Options(f.kind == kTimeout ? 0.2 : 60));
  ASSERT_TRUE(de.ok()) << de.status();
  fake.Put(f.fault);
  const auto reply = (*de)->Execute(OfFourFrames());
  if (!f.kind) {
    ExpectRight(reply);
  } else {
    ASSERT_FALSE(reply.ok());
    const Error e = ErrorOf(reply.status());
    EXPECT_EQ(KindName(e.kind), KindName(*f.kind)) << reply.status();
    EXPECT_THAT(e.cause, HasSubstr(f.says));
    EXPECT_EQ(e.cause.find('\n'), std::string::npos);
    EXPECT_FALSE(e.remedy.empty());
  }
  fake.Put({});
  if (f.kind == kTimeout) return;  // the deadline is too short for a busy machine
  ExpectRight((*de)->Execute(OfFourFrames()));
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DeFaults, testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

TEST(DeFaultsSettled, WhatWasBegunIsStoppedAndWhatWasNotIsNotSaidToBe) {
  FakeDe fake;
  fake.RunFor(1 << 30);
  DeOptions options = fake.Options(60);
  options.late_s = 0.05;
  const auto de = *MakeDe(options);
  fake.Put(On(kSetProperty, "Frame Count",
              [](const DeAsked& a, Pieces* p) { *p = {Framed(Refused(a.id, "no"))}; }));
  EXPECT_FALSE(MayHaveHappened(de->Execute(OfFourFrames()).status()));
  EXPECT_EQ(fake.Count(kStartAcquisition), 0);
  fake.Put({});
  const absl::Status late = de->Execute(OfFourFrames()).status();
  EXPECT_EQ(ErrorOf(late).kind, kTimeout) << late;
  EXPECT_TRUE(MayHaveHappened(late));
  EXPECT_EQ(fake.Count(kStopAcquisition), 1);
  fake.RunFor(1);
  ExpectRight(de->Execute(OfFourFrames()));
}

TEST(DeFaultsSettled, AServerThatWasStartedAnewCountsAnew) {
  FakeDe fake;
  const auto de = *MakeDe(fake.Options(60));
  ExpectRight(de->Execute(OfFourFrames()));
  fake.Restart(17);
  fake.Put([once = std::make_shared<bool>(false)](const DeAsked&, Pieces* p) {
    if (!std::exchange(*once, true)) *p = {kEnds};
  });
  EXPECT_FALSE(de->Execute(OfFourFrames()).ok()) << "the link has ended";
  ExpectRight(de->Execute(OfFourFrames()));
  // Of another version, too.
  fake.Restart(15);
  EXPECT_FALSE(de->Execute(OfFourFrames()).ok());
  ExpectRight(de->Execute(OfFourFrames()));
}

TEST(DeFaultsSettled, ADatumThatCannotBeIsSaidWhenItIsOpened) {
  struct Case {
    DeFault fault;
    ErrorKind kind;
    std::string says;
  };
  const Case cases[] = {
      {On(kListCameras, "", Says({})), kHardware, "has no camera"},
      {On(kListCameras, "", Says({std::string("DE16")})), kNoSuchName, "no camera 'Celeritas'"},
      {On(kGetProperty, "Image Size X (pixels)", Says({int32_t(0)})), kHardware, "is 0"},
      {On(kGetProperty, "Image Size X (pixels)", Says({int32_t(-5)})), kHardware, "is -5"},
      {On(kGetProperty, "Image Size Y (pixels)", Says({1e30f})), kHardware, "1e+30"},
      {On(kGetProperty, "Image Size Y (pixels)", Says({NAN})), kHardware, "no finite number"},
      {On(kGetProperty, "Frames Per Second", Says({0.f})), kOutOfLimits, "0 frames per second"},
      {On(kListProperties, "", Says({std::string("Frame Count")})), kBadCommand, ""},
      {OnAll([](Pieces* p) { *p = {kEnds}; }), kCannot,
       "speaks none of the command versions 17, 16, 15, 13, 12"}};
  for (const Case& c : cases) {
    FakeDe fake;
    fake.Put(c.fault);
    DeOptions options = fake.Options(60);
    options.server.camera = "Celeritas";
    const auto de = MakeDe(options);
    if (c.kind == kBadCommand) {  // a server without scans is a camera
      ASSERT_TRUE(de.ok()) << de.status();
      EXPECT_EQ((*de)->description().detectors.size(), 1u);
      continue;
    }
    ASSERT_FALSE(de.ok()) << c.says;
    EXPECT_EQ(KindName(ErrorOf(de.status()).kind), KindName(c.kind)) << de.status();
    EXPECT_THAT(ErrorOf(de.status()).cause, HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace ronchi::hw::de
