#include "hw/drivers/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "hw/conformance/conformance.h"
#include "hw/safety/guarded.h"
#include "hw/wrappers/retrying.h"
#include "tests/hw/null_instrument.h"
#include "tests/support/wire_server.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::Peer;
using testing_support::SmallScan;
using testing_support::WireServer;

using Opened = absl::StatusOr<std::unique_ptr<Instrument>>;

Opened Open(const WireServer& server, const RemoteOptions& options = {}) {
  return MakeRemote(*wire::MakeTcpEndpoint(server.address()), options);
}

// Short enough that a test of a server which is silent takes no time, long enough for one that only
// has no processor on a busy machine; nothing here waits for the whole of it but those tests.
constexpr double kSilence_s = 0.5;

TEST(Remote, ConformsAsTheInstrumentBehindItDoes) {
  NullInstrument null;
  const WireServer server([&](Peer* peer) { ServeInstrument(&null, peer); });
  const Opened remote = Open(server);
  ASSERT_TRUE(remote.ok()) << remote.status();
  EXPECT_EQ(ToJson((*remote)->description()), ToJson(null.description()));
  int failed = 0;
  const auto checks = CheckConformance(remote->get()), direct = CheckConformance(&null);
  ASSERT_EQ(checks.size(), direct.size());
  for (size_t i = 0; i < checks.size(); ++i) {
    EXPECT_EQ(checks[i].outcome, direct[i].outcome) << checks[i].name << checks[i].reason;
    failed += checks[i].outcome == Outcome::kFail;
  }
  EXPECT_EQ(failed, 0) << ConformanceReport(checks);
}

TEST(Remote, ItsErrorsAreThoseOfTheOtherSide) {
  NullInstrument null;
  const WireServer server([&](Peer* peer) { ServeInstrument(&null, peer); });
  const Opened remote = Open(server);
  const absl::Status there = null.Execute(SmallScan()).status();
  const absl::Status here = (*remote)->Execute(SmallScan()).status();
  ASSERT_FALSE(there.ok());
  EXPECT_EQ(here.code(), there.code());
  EXPECT_EQ(ErrorOf(here).kind, ErrorOf(there).kind);
  EXPECT_EQ(ErrorOf(here).cause, ErrorOf(there).cause);
  EXPECT_EQ(ErrorOf(here).remedy, ErrorOf(there).remedy);
  EXPECT_EQ(ErrorOf(here).effect, ErrorOf(there).effect);
}

// Of a scan that ends only because the beam was blanked over the other connection.
TEST(Remote, BlanksNowWhileACommandRuns) {
  NullInstrument null;
  std::promise<void> blanked;
  std::shared_future<void> is_blanked = blanked.get_future().share();
  const WireServer server([&](Peer* peer) {
    const json hello = peer->Receive();
    peer->Send(testing_support::Hello(null.description(), true));
    json ask = peer->Receive();
    if (!ask.is_object()) return;
    if (hello.at("role") == "blank") {
      EXPECT_EQ(ask.at("type"), "blank_now");
      blanked.set_value();
      peer->Send({{"type", "blanked"}});
      return peer->AwaitEnd();
    }
    EXPECT_EQ(ask.at("command").at("verb"), "scan");
    is_blanked.wait();
    peer->Send({{"type", "error"},
                {"id", ask.at("id")},
                {"error", {{"kind", "impossible_now"}, {"cause", "it was blanked"}}}});
    peer->AwaitEnd();
  });
  const Opened remote = Open(server);
  std::thread scans([&] {
    EXPECT_EQ(ErrorOf((*remote)->Execute(SmallScan()).status()).cause, "it was blanked");
  });
  EXPECT_TRUE((*remote)->BlankNow().ok());
  scans.join();
}

TEST(Remote, ItsEndBlanks) {
  auto state = std::make_shared<NullState>();
  NullInstrument null(state);
  WireServer server([&](Peer* peer) { ServeInstrument(&null, peer); });
  {
    const Opened remote = Open(server);
    ASSERT_TRUE((*remote)->Execute(Unblank{}).ok());
    EXPECT_FALSE(state->blanked);
  }
  EXPECT_TRUE(state->blanked);
}

// --- what goes wrong when it is opened

std::string WhyNotOpened(const std::function<void(Peer*)>& serve) {
  const WireServer server(serve);
  const Opened remote = Open(server, {.connect_s = kSilence_s});
  EXPECT_FALSE(remote.ok());
  const std::string line(remote.status().message());
  EXPECT_THAT(line, HasSubstr(server.address()));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

TEST(Remote, WhatIsNoInstrumentIsRefusedInALine) {
  EXPECT_THAT(WhyNotOpened([](Peer* peer) { peer->AwaitEnd(); }), HasSubstr("no greeting within"));
  EXPECT_THAT(WhyNotOpened([](Peer*) {}), HasSubstr("does not greet"));
  EXPECT_THAT(WhyNotOpened([](Peer* peer) { peer->Write("HTTP/1.1 400 Bad Request\r\n\r\n"); }),
              AllOf(HasSubstr("does not greet"), HasSubstr("begins with 'HTTP'")));
  EXPECT_THAT(WhyNotOpened([](Peer* peer) {
                peer->Receive();
                json hello = testing_support::Hello(NullInstrument().description());
                hello["wire"] = 2;
                peer->Send(hello);
                peer->AwaitEnd();
              }),
              HasSubstr("speaks version 2 of the wire; this Ronchi speaks 1"));
  EXPECT_THAT(WhyNotOpened([](Peer* peer) {
                peer->Receive();
                peer->Send({{"type", "error"},
                            {"error", {{"kind", "busy"}, {"cause", "somebody commands"}}}});
                peer->AwaitEnd();
              }),
              HasSubstr("somebody commands"));
  EXPECT_THAT(WhyNotOpened([](Peer* peer) {
                peer->Receive();
                peer->Send({{"type", "hello"}, {"wire", 1}, {"description", {{"id", 3}}}});
                peer->AwaitEnd();
              }),
              HasSubstr("description: id = 3 is not allowed; allowed: a text"));
  EXPECT_TRUE(absl::IsUnavailable(MakeRemote(*wire::MakeTcpEndpoint("127.0.0.1:1")).status()));
  for (const char* address : {"here", "here:", "here:0", "here:65536", ":1", "::1:80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(wire::MakeTcpEndpoint(address).status())) << address;
  }
}

// --- what goes wrong in the midst of a command

// Greets, grants what is asked until a scan comes, and then does `fault` with its id.
std::function<void(Peer*)> FaultyOnScan(NullInstrument* null,
                                        const std::function<void(Peer*, json id)>& fault) {
  return [=](Peer* peer) {
    if (!peer->Receive().is_object()) return;
    peer->Send(testing_support::Hello(null->description()));
    for (json ask = peer->Receive(); ask.is_object(); ask = peer->Receive()) {
      if (ask.at("type") != "execute") continue;
      if (ask.at("command").at("verb") == "scan") return fault(peer, ask.at("id"));
      ServeCommand(null, peer, ask);
    }
  };
}

Error ErrorOnScan(const std::function<void(Peer*, json id)>& fault) {
  NullInstrument null;
  const WireServer server(FaultyOnScan(&null, fault));
  const Opened remote = Open(server, {.silence_s = kSilence_s, .longest_s = 3});
  EXPECT_TRUE((*remote)->Execute(Unblank{}).ok());
  const absl::Status s = (*remote)->Execute(SmallScan()).status();
  EXPECT_FALSE(s.ok());
  EXPECT_EQ(std::string(s.message()).find('\n'), std::string::npos);
  return ErrorOf(s);
}

// A header that says so and so many bytes and pixels.
std::string HeaderOf(uint32_t json_bytes, uint32_t pixels) {
  std::string bytes = "RNCH";
  for (uint32_t n : {json_bytes, pixels}) bytes.append(reinterpret_cast<const char*>(&n), 4);
  return bytes;
}

void ExpectUncertain(const Error& e, ErrorKind kind, const std::string& words) {
  EXPECT_EQ(e.kind, kind) << e.cause;
  EXPECT_EQ(e.effect, Effect::kPerhaps) << e.cause;
  EXPECT_THAT(e.cause, AllOf(HasSubstr("during scan"), HasSubstr(words),
                             HasSubstr("whether the beam is blanked is not known")));
}

TEST(Remote, ALinkThatFailsLeavesTheBeamUncertain) {
  const auto lost = ErrorKind::kCommunication, late = ErrorKind::kTimeout;
  ExpectUncertain(ErrorOnScan([](Peer*, json) {}), lost, "has closed it");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json) { peer->Write("RNCH\x05"); }), lost,
                  "in the midst of a message");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json) { peer->Write("garbage, and more of it"); }),
                  lost, "begins with 'garb'");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json) { peer->Write(HeaderOf(UINT32_MAX, 0)); }), lost,
                  "4294967295 bytes of JSON is not allowed");
  // 8 x 8 pixels of one detector were asked for.
  ExpectUncertain(ErrorOnScan([](Peer* peer, json) { peer->Write(HeaderOf(2, 1 << 30)); }), lost,
                  "1073741824 pixels is not allowed; at most");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json) {
                    const std::string text = R"({"type":"reply","id":2,"time_s":NaN})";
                    peer->Write(HeaderOf(uint32_t(text.size()), 0) + text);
                  }),
                  lost, "NaN");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json) { peer->AwaitEnd(); }), late, "no word for");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json id) {
                    peer->Send({{"type", "reply"}, {"id", id.get<int>() + 1}});
                    peer->AwaitEnd();
                  }),
                  lost, "answers no command of ours");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json id) {
                    peer->Send({{"type", "sing"}, {"id", id}});
                    peer->AwaitEnd();
                  }),
                  lost, "unknown type 'sing'");
  ExpectUncertain(ErrorOnScan([](Peer* peer, json id) {
                    peer->Send({{"type", "line"}, {"id", id}, {"frame", 0}, {"line", 0}});
                    peer->AwaitEnd();
                  }),
                  lost, "a line nobody asked for");
}

// One that says that it is at work, without end.
TEST(Remote, ACommandThatNeverEndsIsGivenUp) {
  ExpectUncertain(ErrorOnScan([](Peer* peer, json id) {
                    while (peer->Send({{"type", "busy"}, {"id", id}})) {
                      std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    }
                  }),
                  ErrorKind::kTimeout, "it has not ended within");
}

TEST(Remote, ACancelThatIsNotHeededIsGivenUp) {
  NullInstrument null;
  const WireServer server(FaultyOnScan(&null, [](Peer* peer, json id) {
    while (peer->Send({{"type", "busy"}, {"id", id}})) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }));
  const Opened remote = Open(server, {.cancel_s = kSilence_s});
  ASSERT_TRUE((*remote)->Execute(Unblank{}).ok());
  CancelToken cancel;
  cancel.SetDeadline(CancelToken::Clock::now() + std::chrono::milliseconds(50));
  ExecuteOptions options;
  options.cancel = &cancel;
  ExpectUncertain(ErrorOf((*remote)->Execute(SmallScan(), options).status()), ErrorKind::kTimeout,
                  "cancelled, it has not ended");
}

// The link is in order, the answer is not: it is told, and the next command is answered.
TEST(Remote, AnAnswerThatDoesNotFitIsTheInstrumentsFault) {
  struct Case {
    json changes;
    size_t pixels;
    const char* words;
  };
  const json frame = {{"detector", "haadf"}, {"shape", {8, 8}}};
  const Case cases[] = {
      {{{"frames", json::array({frame})}}, 63, "another number of pixels"},
      {{{"frames", json::array()}}, 0, "0 frames where 1"},
      {{{"frames", {{{"detector", "bf"}, {"shape", {8, 8}}}}}}, 64, "is of 'bf'"},
      {{{"frames", {{{"detector", "haadf"}, {"shape", {4, 16}}}}}}, 64, "has the shape [4, 16]"},
      {{{"frames", {{{"detector", "haadf"}, {"shape", {4294967296, 4294967296}}}}}}, 0, "absurd"},
      {{{"frames", 3}}, 0, "with number"},
      {{{"blanked", "perhaps"}}, 0, "pixels"},
  };
  for (const Case& c : cases) {
    const Error e = ErrorOnScan([&](Peer* peer, json id) {
      json reply = ToJson(Reply{});
      reply["frames"] = json::array({frame});
      reply.update(c.changes);
      peer->Send({{"type", "reply"}, {"id", id}, {"reply", reply}}, std::vector<float>(c.pixels));
    });
    EXPECT_EQ(e.kind, ErrorKind::kHardware) << e.cause;
    EXPECT_EQ(e.effect, Effect::kPerhaps);
    EXPECT_THAT(e.cause, AllOf(HasSubstr("its answer to scan does not fit"), HasSubstr(c.words)));
  }
}

TEST(Remote, AReadOfSomethingElseIsRefused) {
  NullInstrument null;
  const WireServer server([&](Peer* peer) {
    peer->Receive();
    peer->Send(testing_support::Hello(null.description()));
    const json ask = peer->Receive();
    Reply reply;
    reply.readings = {{"stage.x", Metres(0)}};
    peer->Send({{"type", "reply"}, {"id", ask.at("id")}, {"reply", ToJson(reply)}});
  });
  const Opened remote = Open(server);
  EXPECT_THAT((*remote)->Execute(Read{{"optics.C10"}}).status().ToString(),
              HasSubstr("optics.C10 is answered by stage.x"));
}

// A guard before it blanks over a new connection, and says when it cannot.
TEST(Remote, TheGuardBlanksWhenTheLinkIsBackAndSaysSoWhenNot) {
  for (const bool back : {true, false}) {
    auto state = std::make_shared<NullState>();
    NullInstrument null(state);
    WireServer* running = nullptr;
    int links = 0;
    WireServer server([&](Peer* peer) {
      if (++links > 1 && !back) return;
      if (links > 1) return ServeInstrument(&null, peer, false);
      FaultyOnScan(&null, [](Peer*, json) {})(peer);
    });
    running = &server;
    auto guarded =
        MakeGuarded(*Open(*running, {.connect_s = kSilence_s}), {.dose_budget_e_per_m2 = 1e30});
    ASSERT_TRUE(guarded.ok()) << guarded.status();
    ASSERT_TRUE((*guarded)->Execute(Unblank{}).ok());
    const absl::Status s = (*guarded)->Execute(SmallScan()).status();
    EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kCommunication);
    EXPECT_THAT(s.ToString(), HasSubstr(back ? "fault; the beam has been blanked"
                                             : "BLANKING COULD NOT BE CONFIRMED"));
    EXPECT_EQ(state->blanked, back);
  }
}

TEST(Remote, ALostReadIsTriedAgainOverANewLink) {
  NullInstrument null;
  int links = 0;
  const WireServer server([&](Peer* peer) {
    if (++links > 1) return ServeInstrument(&null, peer, false);
    peer->Receive();
    peer->Send(testing_support::Hello(null.description()));
    peer->Receive();
  });
  const auto remote = MakeRetrying(*Open(server), {.wait = [](double) {}});
  EXPECT_TRUE(remote->Execute(Read{{"optics.C10"}}).ok());
  EXPECT_EQ(links, 2);
}

TEST(Remote, AnotherInstrumentAfterALostLinkIsRefused) {
  NullInstrument null;
  int links = 0;
  const WireServer server([&](Peer* peer) {
    peer->Receive();
    Description d = null.description();
    if (++links > 1) d.id = "another";
    peer->Send(testing_support::Hello(d));
    peer->Receive();
  });
  const Opened remote = Open(server);
  EXPECT_EQ(ErrorOf((*remote)->Execute(Read{{"optics.C10"}}).status()).kind,
            ErrorKind::kCommunication);
  const absl::Status s = (*remote)->Execute(Read{{"optics.C10"}}).status();
  EXPECT_EQ(ErrorOf(s).kind, ErrorKind::kHardware);
  EXPECT_THAT(s.ToString(), HasSubstr("another instrument answers than before"));
}

// An exception of who listens to the lines leaves no answer behind that the next command would take
// for its own.
TEST(Remote, ALineSinkThatThrowsCostsTheLinkAlone) {
  NullInstrument null;
  const WireServer server([&](Peer* peer) { ServeInstrument(&null, peer); });
  const Opened remote = Open(server);
  ASSERT_TRUE((*remote)->Execute(Unblank{}).ok());
  ExecuteOptions options;
  options.on_line = [](const ScanLine&) { throw std::runtime_error("mine"); };
  EXPECT_THAT((*remote)->Execute(SmallScan(), options).status().ToString(), HasSubstr("mine"));
  const auto read = (*remote)->Execute(Read{{"optics.C10"}});
  EXPECT_TRUE(read.ok()) << read.status();
}

}  // namespace
}  // namespace ronchi::hw
