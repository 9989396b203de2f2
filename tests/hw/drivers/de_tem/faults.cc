// What can go wrong between a DE-TEM-Channel and its driver, one by one: each ends as it should or
// in one error that says what it was, and the next commands are right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "hw/drivers/de_tem/channel.h"
#include "hw/instrument/error.h"
#include "tests/hw/drivers/de_tem/fake_channel.h"

namespace ronchi::hw::de_tem {
namespace {

using testing::HasSubstr;
using testing_support::FakeChannel;
using testing_support::Fields;
using testing_support::kPause;
using testing_support::kStalls;
using testing_support::Pieces;
using testing_support::SoapAnswered;
using testing_support::SoapFault;
using enum ErrorKind;

struct Fault {
  std::string name;
  Command command;
  std::function<void(FakeChannel*)> put;
  std::optional<ErrorKind> kind = std::nullopt;  // none: it is done
  std::string says = "";
  std::optional<Effect> effect = std::nullopt;
};
void PrintTo(const Fault& f, std::ostream* out) { *out << f.name; }

using Put = std::function<void(FakeChannel*)>;
Put Spoils(const std::string& method, std::function<void(Pieces*)> spoil) {
  return [=](FakeChannel* fake) {
    fake->Put([=](const std::string& m, const Fields&, Pieces* p) {
      if (method.empty() || m == method) spoil(p);
    });
  };
}
Put Answers(const std::string& method, const std::string& bytes) {
  return Spoils(method, [=](Pieces* p) { *p = {bytes}; });
}
Put Ignores(const std::string& method) {
  return
      [=](FakeChannel* fake) { fake->Ignore([=](const std::string& m) { return m == method; }); };
}
Put Result(const std::string& text) {
  return Answers("getCorrectorResult", SoapAnswered("getCorrectorResultResponse", {{"r", text}}));
}
std::string HttpBytes(const std::string& body, const std::string& length) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: " + length + "\r\n\r\n" +
         body;
}
Pieces Cut(const std::string& all, size_t bytes) {
  Pieces cut;
  for (size_t at = 0; at < all.size(); at += bytes) {
    cut.push_back(all.substr(at, bytes));
    if (bytes > 50) cut.push_back(kPause);
  }
  return cut;
}

const Command kReads = Read{{"optics.C10", "stage.x"}};
const Command kFocus = Set{"optics.C10", Nanometres(20)};
const Command kMoves = Set{"stage.x", Metres(5e-6)};
const Command kCorrects = Set{"optics.C12.a", Nanometres(-8)};
const Command kMeasures = Measure{"aberrations"};

std::vector<Fault> Links() {
  const std::string batch = "executeBatchCommands";
  const auto first = [](size_t n) { return [=](Pieces* p) { *p = {(*p)[0].substr(0, n)}; }; };
  return {
      {"ByteByByte", kReads, Spoils("", [](Pieces* p) { *p = Cut((*p)[0], 1); })},
      {"PiecesWithPauses", kMeasures, Spoils("", [](Pieces* p) { *p = Cut((*p)[0], 97); })},
      {"NothingComes", kReads, Spoils(batch, [](Pieces* p) { p->clear(); }), kCommunication,
       "closed"},
      {"EndsInTheHeader", kReads, Spoils(batch, first(20)), kCommunication, "cut off"},
      {"EndsInTheBody", kReads, Spoils(batch, first(300)), kCommunication, "cut off"},
      {"Stalls", kReads, Spoils(batch, [](Pieces* p) { *p = {kStalls}; }), kTimeout, "no answer"},
      {"StallsInTheBody", kReads,
       Spoils(batch,
              [](Pieces* p) {
                *p = {(*p)[0].substr(0, 300), kStalls};
              }),
       kTimeout, "no answer"},
      {"NoHttp", kReads, Answers(batch, "SSH-2.0-OpenSSH_9.2\r\n"), kCommunication, "no HTTP"},
      {"GarbageBefore", kReads,
       Spoils(batch, [](Pieces* p) { (*p)[0] = "\x01\x02garbage" + (*p)[0]; }), kCommunication,
       "no HTTP"},
      {"HugeLength", kReads, Answers(batch, HttpBytes("", "99999999999")), kCommunication,
       "no HTTP"},
      {"NegativeLength", kReads, Answers(batch, HttpBytes("", "-1")), kCommunication, "no HTTP"},
      {"ShorterThanItSays", kReads, Answers(batch, HttpBytes("<a/>", "100")), kCommunication,
       "cut off"},
      {"AnotherStatus", kReads,
       Answers(batch, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), kHardware,
       "HTTP 404"},
      {"NoXml", kReads, Answers(batch, HttpBytes("hello", "5")), kHardware, "no SOAP"},
      {"NoBody", kReads, Answers(batch, HttpBytes("<Envelope/>", "11")), kHardware, "no body"},
      {"AFault", kReads, Answers(batch, SoapFault("no\nlicence")), kHardware, "no\\nlicence"},
      {"AMethodThatItLacks", kReads, Answers(batch, SoapFault("Method 'x' not implemented")),
       kCannot, "not implemented"}};
}

std::vector<Fault> Values() {
  const auto batch = [](const std::string& r) {
    return Answers("executeBatchCommands",
                   SoapAnswered("executeBatchCommandsResponse", {{"r", r}}));
  };
  const auto success = [](const std::string& method, const std::string& value) {
    return Answers(method, SoapAnswered("setResult", {{"success", value}}));
  };
  const auto blank = [](const std::string& value) {
    return Answers("getBeamBlankState", SoapAnswered("getintResponse", {{"intResult", value}}));
  };
  return {
      {"FewerValues", kReads, batch("0"), kHardware, "1 values for 2 keys"},
      {"MoreValues", kReads, batch("0,1;2;3;4;5,6"), kHardware, "3 values for 2 keys"},
      {"NanRead", kReads, batch("nan,1;2;3;4;5"), kHardware, "no such value: 'nan'"},
      {"InfiniteRead", kReads, batch("INF,1;2;3;4;5"), kHardware, "'INF'"},
      {"TextRead", kReads, batch("far,1;2;3;4;5"), kHardware, "'far'"},
      {"NothingRead", kReads, batch(",1;2;3;4;5"), kHardware, "''"},
      {"NoAxesRead", kReads, batch("0,"), kHardware, "''"},
      {"NoSuchMode", Read{{"column.mode"}}, batch("7"), kHardware, "'7'"},
      {"BlankedOrWhat", kReads, blank("5"), kHardware, "neither 0 nor 1"},
      {"BlankedNan", kReads, blank("NaN"), kHardware, "no whole number"},
      {"SetRefused", kFocus, success("setDefocus", "0"), kHardware, "refuses setDefocus",
       Effect::kNone},
      {"SetNeither", kFocus, success("setDefocus", "2"), kHardware, "neither success nor failure"},
      {"SetWithoutAnswer", kFocus, Answers("setDefocus", SoapAnswered("setResult", {})), kHardware,
       "neither success nor failure"},
      {"SetDidNothing", kFocus, Ignores("setDefocus"), kOutOfTolerance, "optics.C10"},
      {"SetClamped", kFocus, batch("0.01"), kOutOfTolerance, "optics.C10"},
      {"ShiftDidNothing", Set{"beam.shift.y", Nanometres(90)}, Ignores("setBeamShift"),
       kOutOfTolerance, "beam.shift.y"},
      {"ModeDidNothing", Set{"column.mode", Number(0)}, Ignores("setTemStemMode"), kOutOfTolerance,
       "column.mode"},
      {"MagnificationFarOff", Set{"optics.magnification", Number(5e6)}, Ignores("setMagnification"),
       kOutOfTolerance, "stands at 20000"},
      {"BlankDidNothing", Blank{}, Ignores("setBeamBlank"), kHardware, "not blanked after a blank",
       Effect::kPerhaps},
      {"BlankRefused", Blank{}, success("setBeamBlank", "0"), kHardware, "refuses setBeamBlank"},
      {"StageDidNotMove", kMoves, Ignores("setStagePosition"), kOutOfTolerance, "stage.x"},
      {"StageFails", kMoves, [](FakeChannel* f) { f->StageTakes(3, 3); }, kHardware,
       "StageX is failed"},
      {"StageAborted", kMoves, [](FakeChannel* f) { f->StageTakes(3, 4); }, kHardware,
       "StageX is aborted"},
      {"StageNeverArrives", kMoves, [](FakeChannel* f) { f->StageTakes(1 << 30); }, kTimeout,
       "StageX is running", Effect::kPerhaps},
      {"StageOfNoState", kMoves,
       Answers("getProperty",
               SoapAnswered("getPropertyResponse", {{"value", "1"}, {"status", "99"}})),
       kHardware, "a status of '99'"}};
}

std::vector<Fault> OfTheCorrector() {
  const auto ends = [](int state, const std::string& error) {
    return [=](FakeChannel* f) { f->Corrects(true, state, 3, error); };
  };
  return {{"TableauFails", kMeasures, ends(3, "no beam"), kHardware,
           "was posted and is failed: no beam"},
          {"TableauAborted", kMeasures, ends(4, ""), kHardware, "is aborted"},
          {"CorrectorGone", kMeasures, ends(6, ""), kHardware, "is absent"},
          {"CorrectorOfNoState", kMeasures, ends(17, ""), kHardware, "a status of 17"},
          {"TableauNeverDone", kMeasures, [](FakeChannel* f) { f->Corrects(true, 2, 1 << 30); },
           kTimeout, "is not done"},
          {"TableauIgnored", kMeasures, Ignores("correctorAcquireTableau"), kHardware,
           "was posted and is idle"},
          {"TableauRefused", kMeasures,
           [](FakeChannel* f) {
             Answers("correctorAcquireTableau", SoapAnswered("setResult", {{"success", "0"}}))(f);
             f->Corrects(true, 2, 1, "the laser is off");
           },
           kHardware, "the laser is off", Effect::kNone},
          {"ItIsBusy", kMeasures,
           Answers("getCorrectorStatus", SoapAnswered("getintResponse", {{"intResult", "1"}})),
           kBusy, "at work", Effect::kNone},
          {"NanMeasured", kMeasures, Result("C1=nan,0"), kHardware, "no set of aberrations"},
          {"HugeMeasured", kMeasures, Result("C1=12,0"), kHardware, "lengths below 1 m"},
          {"NothingMeasured", kMeasures, Result(""), kHardware, "no set of aberrations"},
          {"TwiceMeasured", kMeasures, Result("C1=1e-9,0;C1=2e-9,0"), kHardware, "C1 twice"},
          {"HalfMeasured", kMeasures, Result("C1=1e-9,0;A1=1e-9"), kHardware, "A1=1e-9"},
          {"CorrectionFails", kCorrects, ends(3, "current limit"), kHardware, "current limit",
           Effect::kPerhaps},
          {"CorrectionIgnored", kCorrects, Ignores("correctorCorrectAberration"), kHardware,
           "was posted and is idle", Effect::kPerhaps},
          {"CorrectionRefused", kCorrects,
           Answers("correctorCorrectAberration", SoapAnswered("setResult", {{"success", "0"}})),
           kHardware, "refuses correctorCorrectAberration", Effect::kNone},
          {"CorrectionWithoutAnswer", kCorrects,
           Spoils("correctorCorrectAberration", [](Pieces* p) { p->clear(); }), kCommunication,
           "closed", Effect::kPerhaps}};
}

std::vector<Fault> All() {
  std::vector<Fault> all = Links();
  for (const auto& more : {Values(), OfTheCorrector()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

class DeTemFaults : public testing::TestWithParam<Fault> {};

TEST_P(DeTemFaults, EndsAsItShouldAndTheNextCommandsAreRight) {
  const Fault& f = GetParam();
  FakeChannel fake;
  // A deadline that has to pass is short; one that must not is long.
  const auto column = MakeDeTem(fake.Options(f.kind == kTimeout ? 0.3 : 60));
  ASSERT_TRUE(column.ok()) << column.status();
  f.put(&fake);
  const auto reply = (*column)->Execute(f.command);
  if (!f.kind) {
    EXPECT_TRUE(reply.ok()) << reply.status();
  } else {
    ASSERT_FALSE(reply.ok());
    const Error e = ErrorOf(reply.status());
    EXPECT_EQ(KindName(e.kind), KindName(*f.kind)) << reply.status();
    EXPECT_THAT(e.cause, HasSubstr(f.says));
    EXPECT_EQ(e.cause.find('\n'), std::string::npos);
    EXPECT_FALSE(e.remedy.empty());
    EXPECT_EQ(EffectName(*e.effect), EffectName(f.effect.value_or(*e.effect)));
  }
  fake.Put(nullptr);
  fake.Ignore(nullptr);
  fake.Corrects(true);
  fake.StageTakes(1);
  if (f.kind == kTimeout) return;  // the deadline is too short for a busy machine
  for (const Command& c :
       {Command(Unblank{}), kReads, kFocus, kMoves, kMeasures, Command(Blank{})}) {
    const auto next = (*column)->Execute(c);
    EXPECT_TRUE(next.ok()) << VerbName(c) << ": " << next.status();
  }
  // A correction that may have been made is not made again.
  const bool in_doubt = !reply.ok() && std::holds_alternative<Set>(f.command) &&
                        std::get<Set>(f.command).property == "optics.C12.a" &&
                        MayHaveHappened(reply.status());
  const absl::Status again = (*column)->Execute(kCorrects).status();
  EXPECT_EQ(again.ok(), !in_doubt) << again;
  EXPECT_THAT(ErrorOf(again).cause, HasSubstr(in_doubt ? "is not known" : ""));
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DeTemFaults, testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

TEST(DeTemFaultsSettled, AnOldResultIsNoNewOne) {
  FakeChannel fake;
  fake.Corrects(true, 2, 0);  // done as soon as it is asked for
  const auto column = *MakeDeTem(fake.Options(60));
  ASSERT_TRUE(column->Execute(kMeasures).ok());
  fake.Ignore([](const std::string& m) { return m == "correctorAcquireTableau"; });
  const absl::Status old = column->Execute(kMeasures).status();
  EXPECT_EQ(ErrorOf(old).kind, kHardware) << old;
  EXPECT_THAT(ErrorOf(old).cause, HasSubstr("the result that was there before"));
}

TEST(DeTemFaultsSettled, NobodyThereIsSaidAndNothingWasDone) {
  DeTemOptions options;
  {
    FakeChannel fake;
    options = fake.Options(60);
  }
  const absl::Status s = MakeDeTem(options).status();
  EXPECT_EQ(ErrorOf(s).kind, kCommunication) << s;
  EXPECT_FALSE(MayHaveHappened(s));
}

size_t OpenFiles() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return size_t(std::distance(begin(all), end(all)));
}

// Answers every connection in one thread, and keeps none.
class AnswersAll {
 public:
  AnswersAll() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof(at);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~AnswersAll() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  wire::Address address() const { return *wire::ParseAddress(address_); }

 private:
  void Serve() {
    const std::string answer = SoapAnswered("getintResponse", {{"intResult", "1"}});
    for (int s; (s = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(s)) {
      std::array<char, 4096> come;
      if (recv(s, come.data(), come.size(), 0) <= 0) continue;
      (void)send(s, answer.data(), answer.size(), MSG_NOSIGNAL);
      shutdown(s, SHUT_WR);
      while (recv(s, come.data(), come.size(), 0) > 0) {
      }
    }
  }
  int listener_ = -1;
  std::string address_;
  std::thread thread_;
};

TEST(DeTemFaultsSettled, TenThousandConnectionsLeaveNoFileOpen) {
  AnswersAll peer;
  const Channel channel(peer.address(), 60);
  const size_t before = OpenFiles();
  for (int i = 0; i < 10000; ++i) {
    const auto state = channel.Whole("getBeamBlankState", "intResult");
    ASSERT_TRUE(state.ok()) << state.status();
  }
  EXPECT_LE(OpenFiles(), before + 1) << "the last one of the peer may be open";
}

}  // namespace
}  // namespace ronchi::hw::de_tem
