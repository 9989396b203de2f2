// What can go wrong between Merlin and its driver, one by one: each ends as it should, says what it
// was, and the next exposure is right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "hw/drivers/merlin/merlin.h"
#include "hw/instrument/error.h"
#include "tests/hw/drivers/merlin/fake_merlin.h"

namespace ronchi::hw {
namespace {

using testing::HasSubstr;
using testing_support::FakeMerlin;
using testing_support::kEnds;
using testing_support::kPause;
using testing_support::MerlinFault;
using testing_support::PatternPixel;
using Pieces = std::vector<std::string>;
using wire::MpxMessage;

struct Fault {
  std::string name;
  MerlinFault fault;
  std::optional<ErrorKind> kind = std::nullopt;  // none: the exposure is right
  std::string says = "";
  bool soft = false;
};
void PrintTo(const Fault& f, std::ostream* out) { *out << f.name; }

// Of the frames' stream.
Fault Data(const std::string& name, std::function<void(Pieces*)> spoil,
           std::optional<ErrorKind> kind = std::nullopt, const std::string& says = "") {
  return {name, {.data = std::move(spoil)}, kind, says};
}
// Of one answer.
Fault Control(const std::string& name, const std::string& asked,
              std::function<std::string(std::string)> spoil,
              std::optional<ErrorKind> kind = std::nullopt, const std::string& says = "",
              bool soft = false) {
  return {name,
          {.control =
               [=](const wire::MpxRequest& r, const std::string& right) {
                 const std::string text = r.verb + "," + r.name;
                 return asked.empty() || text == asked ? spoil(right) : right;
               }},
          kind,
          says,
          soft};
}
std::function<std::string(std::string)> Says(const std::string& body) {
  return [=](const std::string&) { return MpxMessage(body); };
}

Pieces Cut(const Pieces& pieces, size_t bytes) {
  std::string all;
  for (const std::string& p : pieces) all += p;
  Pieces cut;
  for (size_t at = 0; at < all.size(); at += bytes) {
    cut.push_back(all.substr(at, bytes));
    if (bytes > 100) cut.push_back(kPause);
  }
  return cut;
}
void Replace(std::string* text, const std::string& from, const std::string& to) {
  ASSERT_NE(text->find(from), std::string::npos) << from;
  text->replace(text->find(from), from.size(), to);
}
// The number of the third message, which is frame 2.
void Announce(Pieces* p, int more) {
  std::string& m = (*p)[2];
  const size_t body = *wire::MpxBodyBytes(m.substr(0, wire::kMpxPrefixBytes));
  std::string prefix;
  wire::AppendMpxPrefix(size_t(int(body) + more), &prefix);
  m.replace(0, wire::kMpxPrefixBytes, prefix);
}
void Junk(Pieces* p, const std::string& junk) { p->insert(p->begin(), {junk, kPause}); }
void AllAs(Pieces* p, const wire::MibHeader& h) {
  for (size_t i = 1; i < p->size(); ++i) (*p)[i] = FakeMerlin::FrameOf(i, h);
}

std::vector<Fault> StreamsThatAreRight() {
  return {
      Data("ByteByByte", [](Pieces* p) { *p = Cut(*p, 1); }),
      Data("PiecesOf7", [](Pieces* p) { *p = Cut(*p, 7); }),
      Data("PiecesWithPauses", [](Pieces* p) { *p = Cut(*p, 301); }),
      Data("AllAtOnce", [](Pieces* p) { *p = Cut(*p, 1 << 20); }),
      Data("JunkBefore", [](Pieces* p) { Junk(p, "GARBAGEGARBAGEGARBAGE"); }),
      Data("JunkLikeAMessage", [](Pieces* p) { Junk(p, "MPX,MPX,00000MMPX,0000000010,HDX,MPX"); }),
      Data("JunkLikeAHugeHeader", [](Pieces* p) { Junk(p, "MPX,9999999999,HDR,"); }),
      Data("AnOldFrameBefore", [](Pieces* p) { Junk(p, FakeMerlin::FrameOf(3)); }),
      Data("HalfAFrameBefore", [](Pieces* p) { Junk(p, FakeMerlin::FrameOf(3).substr(200, 99)); }),
      Data("OneFrameTooMany", [](Pieces* p) { p->push_back(FakeMerlin::FrameOf(5)); }),
      Data("PixelsOf8Bits", [](Pieces* p) { AllAs(p, {.pixel = wire::MibPixel::kU08}); }),
      Data("PixelsOf32Bits", [](Pieces* p) { AllAs(p, {.pixel = wire::MibPixel::kU32}); }),
      Data("FourChips",
           [](Pieces* p) { AllAs(p, {.header_bytes = 768, .chips = 4, .layout = "2x2"}); }),
      Data("HeaderOfAnyBytes", [](Pieces* p) {
        const char of_any[] = "HDR,\n\xff\xfe\0:\t\x80\nFrames in Acquisition (Number):\t4\nEnd";
        (*p)[0] = MpxMessage({of_any, sizeof(of_any) - 1});
      })};
}

std::vector<Fault> StreamsThatAreWrong() {
  using enum ErrorKind;
  const auto frame2 = [](const char* from, const char* to) {
    return [=](Pieces* p) { Replace(&(*p)[2], from, to); };
  };
  return {
      Data(
          "AnnouncesMore", [](Pieces* p) { Announce(p, 1); }, kCommunication, "a frame of"),
      Data(
          "AnnouncesLess", [](Pieces* p) { Announce(p, -1); }, kCommunication, "a frame of"),
      Data("AnnouncesNothing", frame2("MPX,0000000481,", "MPX,0000000000,"), kCommunication,
           "no bytes"),
      Data("AnnouncesTooMuch", frame2("MPX,0000000481,", "MPX,9999999999,"), kCommunication,
           "allowed are"),
      Data(
          "JunkBetween", [](Pieces* p) { (*p)[2] = "GARBAGEGARBAGEGARBAGE"; }, kCommunication,
          "begins no MPX message"),
      Data(
          "JunkWithoutEnd", [](Pieces* p) { Junk(p, std::string(10000, 'x')); }, kCommunication,
          "no acquisition begins within 4096 bytes"),
      Data(
          "AFrameIsMissing", [](Pieces* p) { p->erase(p->begin() + 2); }, kDataLoss,
          "frame 3 comes where 2 was due"),
      Data(
          "AFrameComesTwice", [](Pieces* p) { p->insert(p->begin() + 2, (*p)[1]); }, kDataLoss,
          "frame 1 comes where 2 was due"),
      Data(
          "FramesInAnotherOrder", [](Pieces* p) { std::swap((*p)[2], (*p)[3]); }, kDataLoss,
          "frame 3 comes where 2 was due"),
      Data(
          "TheFirstIsMissing", [](Pieces* p) { p->erase(p->begin() + 1); }, kDataLoss,
          "frame 2 comes where 1 was due"),
      Data(
          "TheLastIsMissing", [](Pieces* p) { p->pop_back(); }, kTimeout, "no frame 4"),
      Data("AnotherWidth", frame2("0008,0006", "0009,0006"), kCommunication, "9 × 6"),
      Data(
          "AnotherSize", [](Pieces* p) { AllAs(p, {.width = 16}); }, kHardware, "16 × 6"),
      Data("NoSize", frame2("0008,0006", "0000,0006"), kCommunication, "beyond the bounds"),
      Data("NoNumber", frame2("000002", "00000x"), kCommunication, "lacks a number"),
      Data("RawPixels", frame2("U16", "R64"), kCannot, "'R64' are not read"),
      Data("PixelsOfABit", frame2("U16", "U01"), kCannot, "'U01' are not read"),
      Data("PixelsOf64Bits", frame2("U16", "U64"), kCannot, "'U64' are not read"),
      Data(
          "TheOtherCounter", [](Pieces* p) { AllAs(p, {.counter = 1}); }, kHardware, "counter 1"),
      Data(
          "MoreFramesAnnounced", [](Pieces* p) { Replace(&(*p)[0], "r):\t4", "r):\t9"); },
          kHardware, "an acquisition of 9 frames"),
      Data(
          "NoFramesAnnounced", [](Pieces* p) { Replace(&(*p)[0], "r):\t4", "r):\tx"); },
          kCommunication, "Frames in Acquisition"),
      Data(
          "AnotherAcquisitionBegins", [](Pieces* p) { (*p)[2] = (*p)[0]; }, kCommunication, "MQ1"),
      Data(
          "EndsBeforeItBegins", [](Pieces* p) { *p = {kEnds}; }, kCommunication, "closed"),
      Data(
          "EndsAfterTheHeader",
          [](Pieces* p) {
            *p = {(*p)[0], kEnds};
          },
          kCommunication, "closed"),
      Data(
          "EndsInMidFrame",
          [](Pieces* p) {
            *p = {(*p)[0], (*p)[1].substr(0, 430), kEnds};
          },
          kCommunication, "closed"),
      Data(
          "StallsInMidFrame",
          [](Pieces* p) {
            *p = {(*p)[0], (*p)[1].substr(0, 430)};
          },
          kTimeout, "no frame 1 within"),
      Data(
          "SaysNothing", [](Pieces* p) { p->clear(); }, kTimeout, "no header of an acquisition")};
}

std::vector<Fault> Answers() {
  using enum ErrorKind;
  const auto uncounted = [](std::string right) {
    const std::string body = right.substr(wire::kMpxPrefixBytes);
    std::string prefix;
    wire::AppendMpxPrefix(body.size() - 1, &prefix);
    return prefix + body;
  };
  return {
      Control("NumbersThatDoNotCountTheComma", "", uncounted),
      Control("FormatIsNotKnown", "SET,FILEFORMAT", Says("SET,FILEFORMAT,2")),
      Control("StatusIsNotKnown", "GET,DETECTORSTATUS", Says("GET,DETECTORSTATUS,0,2")),
      Control("PeriodIsNoNumber", "GET,ACQUISITIONPERIOD", Says("GET,ACQUISITIONPERIOD,undef,0")),
      Control("Busy", "CMD,STARTACQUISITION", Says("CMD,STARTACQUISITION,1"), kBusy, "is busy"),
      Control("NotKnown", "CMD,STARTACQUISITION", Says("CMD,STARTACQUISITION,2"), kCannot,
              "does not know"),
      Control("OutOfRange", "SET,ACQUISITIONTIME", Says("SET,ACQUISITIONTIME,3"), kOutOfLimits,
              "SET,ACQUISITIONTIME,100: the value is out of range (code 3)"),
      Control("AnotherCode", "CMD,STARTACQUISITION", Says("CMD,STARTACQUISITION,7"), kHardware,
              "code 7"),
      Control("CountsAlready", "GET,DETECTORSTATUS", Says("GET,DETECTORSTATUS,1,0"), kBusy,
              "counts already"),
      Control("ClampsSilently", "GET,NUMFRAMESTOACQUIRE", Says("GET,NUMFRAMESTOACQUIRE,3,0"),
              kOutOfTolerance, "NUMFRAMESTOACQUIRE stands at 3 instead of 4"),
      Control("TheTimeIsNone", "GET,ACQUISITIONTIME", Says("GET,ACQUISITIONTIME,nan,0"),
              kOutOfTolerance, "stands at nan"),
      Control("AnswersAnother", "SET,COUNTERDEPTH", Says("SET,IMAGEX,0"), kCommunication,
              "'SET,IMAGEX' answers 'SET,COUNTERDEPTH'"),
      Control("NoAnswer", "SET,COUNTERDEPTH", Says("GET"), kCommunication, "is no answer"),
      Control(
          "Nonsense", "SET,COUNTERDEPTH", [](auto) { return "HTTP/1.1 400 Bad Request"; },
          kCommunication, "begins no MPX message"),
      Control(
          "Flood", "SET,COUNTERDEPTH", [](auto) { return MpxMessage(std::string(9999, 'x')); },
          kCommunication, "at most"),
      Control(
          "Silence", "CMD,STARTACQUISITION", [](auto) { return ""; }, kTimeout, "no answer"),
      Control(
          "ControlEnds", "SET,COUNTERDEPTH", [](auto) { return kEnds; }, kCommunication, "closed"),
      Control("NoTrigger", "CMD,SOFTTRIGGER", Says("CMD,SOFTTRIGGER,1"), kBusy, "is busy", true),
      Control(
          "Triggered", "", [](std::string right) { return right; }, std::nullopt, "", true)};
}

std::vector<Fault> All() {
  std::vector<Fault> all = StreamsThatAreRight();
  for (const auto& more : {StreamsThatAreWrong(), Answers()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

void ExpectPattern(const absl::StatusOr<Reply>& reply, float most) {
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 4u);
  for (size_t n = 0; n < 4; ++n) {
    for (size_t i = 0; i < reply->frames[n].counts.size(); ++i) {
      ASSERT_EQ(reply->frames[n].counts[i], std::min(PatternPixel(n, i), most)) << n << " " << i;
    }
  }
}

class MerlinFaults : public testing::TestWithParam<Fault> {};

TEST_P(MerlinFaults, EndsAsItShouldAndTheNextExposureIsRight) {
  const Fault& f = GetParam();
  FakeMerlin fake;
  // A deadline that has to pass is short; one that must not is long.
  MerlinOptions options = fake.Options(f.kind == ErrorKind::kTimeout ? 0.2 : 60);
  if (f.soft) options.trigger = MerlinTrigger::kSoft;
  const auto merlin = MakeMerlin(options);
  ASSERT_TRUE(merlin.ok()) << merlin.status();
  const Expose expose{.camera = "cam", .time_s = 0.1, .frames = 4};
  fake.Put(f.fault);
  const auto reply = (*merlin)->Execute(expose);
  if (!f.kind) {
    ExpectPattern(reply, f.name == "PixelsOf8Bits" ? 255 : 65535);
  } else {
    ASSERT_FALSE(reply.ok());
    const Error e = ErrorOf(reply.status());
    EXPECT_EQ(KindName(e.kind), KindName(*f.kind)) << reply.status();
    EXPECT_THAT(e.cause, HasSubstr(f.says));
    EXPECT_FALSE(e.remedy.empty());
  }
  fake.Put({});
  if (fake.Did("STOPACQUISITION")) fake.AwaitNoListener();
  if (f.kind == ErrorKind::kTimeout) return;  // the deadline is too short for a busy machine
  ExpectPattern((*merlin)->Execute(expose), 65535);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, MerlinFaults, testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

TEST(MerlinFaultsSettled, WhatWasBegunIsStoppedAndWhatWasNotIsNotSaidToBe) {
  FakeMerlin fake;
  const auto merlin = *MakeMerlin(fake.Options(60));
  const Expose expose{.camera = "cam", .time_s = 0.1, .frames = 4};
  fake.Put(Answers()[6].fault);  // out of range, before anything was exposed
  EXPECT_FALSE(MayHaveHappened(merlin->Execute(expose).status()));
  EXPECT_FALSE(fake.Did("STARTACQUISITION"));
  fake.Put({.data = [](Pieces* p) { p->erase(p->begin() + 2); }});
  EXPECT_TRUE(MayHaveHappened(merlin->Execute(expose).status()));
  EXPECT_TRUE(fake.Did("STOPACQUISITION"));
  fake.Put({});
  fake.AwaitNoListener();
  ExpectPattern(merlin->Execute(expose), 65535);
  EXPECT_EQ(fake.data_connections(), 2) << "one until the fault, and one since";
  ExpectPattern(merlin->Execute(expose), 65535);
  EXPECT_EQ(fake.data_connections(), 2);
}

}  // namespace
}  // namespace ronchi::hw
