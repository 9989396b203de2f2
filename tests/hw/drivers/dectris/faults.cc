// What can go wrong between a DECTRIS detector and its driver, one by one: each ends as it should,
// says what it was, and the next exposure is right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "hw/instrument/error.h"
#include "tests/hw/drivers/dectris/fake_dectris.h"

namespace ronchi::hw::dectris {
namespace {

using testing::HasSubstr;
using testing_support::DectrisFault;
using testing_support::FakeDectris;
using testing_support::kNoAnswer;
using testing_support::Parts;
using testing_support::PatternPixel;
using testing_support::SimplonForm;
using Messages = std::vector<Parts>;

struct Fault {
  std::string name;
  DectrisFault fault;
  std::optional<ErrorKind> kind = std::nullopt;  // none: the exposure is right
  std::string says = "";
};
void PrintTo(const Fault& f, std::ostream* out) { *out << f.name; }

Fault Stream(const std::string& name, std::function<void(Messages*)> spoil,
             std::optional<ErrorKind> kind = std::nullopt, const std::string& says = "") {
  return {name, {.stream = std::move(spoil)}, kind, says};
}
// Of one answer of SIMPLON's.
Fault Rest(const std::string& name, const std::string& of,
           std::function<std::string(std::string)> spoil,
           std::optional<ErrorKind> kind = std::nullopt, const std::string& says = "") {
  return {name,
          {.rest = [=](const std::string& asked,
                       const std::string& right) { return asked == of ? spoil(right) : right; }},
          kind,
          says};
}
std::function<std::string(std::string)> Says(int status, const std::string& body) {
  return [=](const std::string&) {
    return wire::HttpAnswerBytes(status, "Because", body, "application/json", true);
  };
}
std::function<std::string(std::string)> Bytes(const std::string& bytes) {
  return [=](const std::string&) { return bytes; };
}

// The encoders of a fake that sends nothing.
struct Encoder {
  bool cbor;
  Parts Image(size_t n, const SimplonForm& f, uint64_t series = 34) const {
    FakeDectris fake(cbor);
    return fake.Image(n, f, series);
  }
  Parts Word(const std::string& type, uint64_t series) const {
    FakeDectris fake(cbor);
    return fake.Word(type, series);
  }
};

std::vector<Fault> Streams(bool cbor) {
  using enum ErrorKind;
  const Encoder e{cbor};
  const SimplonForm form{FakeDectris::kWidth, FakeDectris::kHeight, 2, "bslz4"};
  const auto all_as = [=](const SimplonForm& f) {
    return [=](Messages* m) {
      for (size_t n = 0; n < 4; ++n) (*m)[n + 1] = e.Image(n, f);
    };
  };
  const auto put = [](size_t at, const Parts& parts) {
    return [=](Messages* m) { m->insert(m->begin() + long(at), parts); };
  };
  SimplonForm plain = form, lz4 = form, wide = form, deep = form, narrow = form;
  plain.coding = "none";
  lz4.coding = "lz4";
  wide.width = 11;
  deep.pixel_bytes = 4;
  narrow.height = 0;
  const auto cut = [](Messages* m) { (*m)[2].back().resize((*m)[2].back().size() / 2); };
  return {
      Stream("NotCompressed", all_as(plain)),
      Stream("BlocksOfLz4", all_as(lz4)),
      Stream("DeeperThanSaid", all_as(deep)),
      Stream("ImagesOfAnOldSeriesBefore", put(0, e.Image(3, form, 20))),
      Stream("TheEndOfAnOldSeriesInMidst", put(3, e.Word("end", 20))),
      Stream(
          "AnImageIsMissing", [](Messages* m) { m->erase(m->begin() + 2); }, kDataLoss,
          "image 2 comes where 1 was due; another program that listens"),
      Stream(
          "AnImageComesTwice", [](Messages* m) { m->insert(m->begin() + 2, (*m)[1]); }, kDataLoss,
          "image 0 comes where 1 was due"),
      Stream(
          "ImagesInAnotherOrder", [](Messages* m) { std::swap((*m)[2], (*m)[3]); }, kDataLoss,
          "image 2 comes where 1 was due"),
      Stream(
          "TheFirstIsMissing", [](Messages* m) { m->erase(m->begin() + 1); }, kDataLoss,
          "image 1 comes where 0 was due"),
      Stream(
          "TheLastIsMissing", [](Messages* m) { m->erase(m->begin() + 4); }, kDataLoss,
          "the series ends where image 3 was due"),
      Stream(
          "AllAreMissing", [](Messages* m) { m->erase(m->begin() + 1, m->begin() + 5); }, kDataLoss,
          "the series ends where image 0 was due"),
      Stream(
          "OneTooMany", [&](Messages* m) { m->insert(m->begin() + 5, (*m)[4]); }, kDataLoss,
          "an image comes after the last, which was 3"),
      Stream("AnImageOfAnotherSeries", put(2, e.Image(1, form, 77)), kDataLoss,
             "an image of series 77 comes in series 34"),
      Stream("AnotherSeriesBegins", put(3, e.Word("start", 35)), kDataLoss,
             "another series begins"),
      Stream(
          "NoStart", [](Messages* m) { m->front() = {}; }, kTimeout, "no start of the series"),
      Stream(
          "NoEnd", [](Messages* m) { m->pop_back(); }, kTimeout, "no end of the series"),
      Stream(
          "StallsInMidst", [](Messages* m) { m->resize(3); }, kTimeout, "no image 2 within"),
      Stream("AnotherSize", all_as(wide), kHardware, "an image of 11 × 7 pixels where 10 × 7"),
      Stream("NoSize", all_as(narrow), kCommunication, "10 × 0 pixels; allowed"),
      Stream("Nonsense", put(2, {"GARBAGE"}), kCommunication,
             cbor ? "CBOR that is cut" : "no JSON object"),
      Stream("NothingInIt", put(2, {""}), kCommunication, cbor ? "cut" : "no JSON object"),
      Stream(
          "AnImageIsCut",
          cbor ? std::function<void(Messages*)>(cut) : [](Messages* m) { (*m)[2][2].pop_back(); },
          kCommunication, cbor ? "cut" : "bytes that says"),
  };
}

// Of the first version alone.
std::vector<Fault> PartStreams() {
  using enum ErrorKind;
  const auto change = [](size_t part, const std::string& from, const std::string& to) {
    return [=](Messages* m) {
      std::string& text = (*m)[2][part];
      ASSERT_NE(text.find(from), std::string::npos) << text;
      text.replace(text.find(from), from.size(), to);
    };
  };
  return {
      Stream("AHeaderPartByPart",
             [](Messages* m) { m->insert(m->begin() + 1, Parts{R"({"nimages": 4})"}); }),
      Stream("AHeaderWithAllDetails",
             [](Messages* m) { (*m)[0] = Parts{(*m)[0][0], "{}", "{}", "\1\2", "{}", "\1"}; }),
      Stream("WithoutItsTimes", [](Messages* m) { (*m)[2].pop_back(); }),
      Stream("AnAppendix", [](Messages* m) { (*m)[2].push_back("whatever"); }),
      Stream(
          "HalfOfItsParts", [](Messages* m) { (*m)[2].resize(2); }, kCommunication, "2 parts"),
      Stream(
          "PartsWithoutEnd", [](Messages* m) { (*m)[2].resize(100); }, kCommunication,
          "100 parts; allowed are 16"),
      Stream("FloatPixels", change(1, "uint16", "float32"), kCannot, "'float32' are not read"),
      Stream("BigEndianPixels", change(1, "lz4<", "lz4>"), kCannot, "'bs16-lz4>'"),
      Stream("AnotherElement", change(1, "bs16", "bs32"), kCannot, "'bs32-lz4<' of 16 bits"),
      Stream("AnotherLength", change(1, "\"size\":", "\"size\":1"), kCommunication, "that says"),
      Stream("ANegativeNumber", change(0, "\"frame\":", "\"frame\":-"), kCommunication, "numbers"),
      Stream(
          "DamagedPixels", [](Messages* m) { (*m)[2][2].replace(16, 8, 8, '\xff'); },
          kCommunication, "LZ4"),
      Stream(
          "AnotherTotal", [](Messages* m) { (*m)[2][2][7] = 'x'; }, kCommunication, "are due"),
  };
}

std::vector<Fault> Answers() {
  using enum ErrorKind;
  return {
      Rest("NoStateIsTold", "GET state", Says(404, "")),
      Rest("Busy", "GET state", Says(200, R"({"value": "acquire"})"), kBusy, "state is acquire"),
      Rest("NotInitialised", "GET state", Says(200, R"({"value": "na"})"), kImpossibleNow,
           "state is na"),
      Rest("StateIsNoText", "GET state", Says(200, R"({"value": 7})"), kHardware, "state: no text"),
      Rest("NoSuchSetting", "GET nimages", Says(404, ""), kCannot, "knows no nimages"),
      Rest("Refused", "PUT count_time", Says(400, "out of range"), kOutOfLimits,
           "refuses count_time: out of range"),
      Rest("Broken", "PUT count_time", Says(500, "COM\x1b[2J"), kHardware, "500 Because COM"),
      Rest("Clamped", "GET count_time", Says(200, R"({"value": 0.05})"), kOutOfTolerance,
           "count_time stands at 0.05 instead of 0.1"),
      Rest("NoValue", "GET count_time", Says(200, "[]"), kHardware, "no value"),
      Rest("NoNumber", "GET frame_time", Says(200, R"({"value": "1"})"), kHardware,
           "no finite number"),
      Rest("NotANumber", "GET frame_time", Says(200, R"({"value": NaN})"), kHardware, "no JSON"),
      Rest("Nested", "GET frame_time", Says(200, std::string(9999, '[')), kHardware, "nested"),
      Rest("Html", "GET frame_time", Says(200, "<html>"), kHardware, "no JSON"),
      Rest("NoHttp", "PUT nimages", Bytes("MPX,0000000003,GE"), kCommunication, "no HTTP"),
      Rest("NothingAtAll", "PUT nimages", Bytes(""), kCommunication, "closed it"),
      Rest("HalfAnAnswer", "PUT nimages", Bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
           kCommunication, "cut off"),
      Rest("Endless", "GET nimages",
           Bytes("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{"), kCommunication,
           "no HTTP"),
      Rest("SilentSetting", "GET nimages", Bytes(kNoAnswer), kTimeout, "no answer in time"),
      Rest("NoSeries", "PUT arm", Says(200, "{}"), kHardware, "no sequence id"),
      Rest("ArmFails", "PUT arm", Says(500, "no HV"), kHardware, "no HV"),
      Rest("SilentArm", "PUT arm", Bytes(kNoAnswer), kTimeout, "no answer in time"),
      Rest("TriggerFails", "PUT trigger", Says(500, "not armed"), kHardware, "not armed"),
      Rest("DisarmFails", "PUT disarm", Says(500, "still busy"), kHardware, "still busy"),
      Rest("StreamStaysOff", "GET mode", Says(200, R"({"value": "disabled"})"), kOutOfTolerance,
           "mode stands at"),
  };
}

std::vector<Fault> All(bool cbor) {
  std::vector<Fault> all = Streams(cbor);
  if (cbor) return all;
  for (const auto& more : {PartStreams(), Answers()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

void ExpectPattern(const absl::StatusOr<Reply>& reply) {
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->frames.size(), 4u);
  for (size_t n = 0; n < 4; ++n) {
    const Array<float>& counts = reply->frames[n].counts;
    ASSERT_EQ(counts.shape(), (std::vector<size_t>{FakeDectris::kHeight, FakeDectris::kWidth}));
    for (size_t i = 0; i < counts.size(); ++i) {
      ASSERT_EQ(counts[i], PatternPixel(n, i)) << n << " " << i;
    }
  }
}

class DectrisFaults : public testing::TestWithParam<Fault> {
 protected:
  void Play(bool cbor) {
    const Fault& f = GetParam();
    FakeDectris fake(cbor);
    // A deadline that has to pass is short; one that must not is long.
    const bool late = f.kind == ErrorKind::kTimeout;
    const auto camera = MakeDectris(fake.Options(late ? 0.3 : 60));
    ASSERT_TRUE(camera.ok()) << camera.status();
    const Expose expose{.camera = "cam", .time_s = 0.1, .frames = 4};
    fake.Put(f.fault);
    const auto reply = (*camera)->Execute(expose);
    if (!f.kind) {
      ExpectPattern(reply);
    } else {
      ASSERT_FALSE(reply.ok());
      const Error e = ErrorOf(reply.status());
      EXPECT_EQ(KindName(e.kind), KindName(*f.kind)) << reply.status();
      EXPECT_THAT(e.cause, HasSubstr(f.says));
      // What was begun is stopped, and what was not is not said to be.
      EXPECT_EQ(fake.Did("abort"), fake.Did("arm"));
      EXPECT_TRUE(fake.Did("arm") || !MayHaveHappened(reply.status()));
    }
    fake.Put({});
    if (late) return;  // the deadline is too short for a busy machine
    ExpectPattern((*camera)->Execute(expose));
  }
};
class DectrisFaultsOfParts : public DectrisFaults {};
class DectrisFaultsOfCbor : public DectrisFaults {};

TEST_P(DectrisFaultsOfParts, EndsAsItShouldAndTheNextExposureIsRight) { Play(false); }
TEST_P(DectrisFaultsOfCbor, EndsAsItShouldAndTheNextExposureIsRight) { Play(true); }

const auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Catalogue, DectrisFaultsOfParts, testing::ValuesIn(All(false)), kName);
INSTANTIATE_TEST_SUITE_P(Catalogue, DectrisFaultsOfCbor, testing::ValuesIn(All(true)), kName);

}  // namespace
}  // namespace ronchi::hw::dectris
