// What a driver costs beyond the bare exchange of the same bytes over the same socket, loopback,
// median of alternating exchanges; overhead_us of each exchange: asked, at most 20. Sets and reads
// of columns are whole commands (Instrument::Execute); cameras have none that is one word, and are
// asked for a setting by their drivers' typed questions. CEOS numbers its requests: a server that
// knows the answer stands there. TANGO: two commands against the same two by libtango alone; its
// server is a process of its own.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench/hw/played_exchange.h"
#include "core/later_part.h"
#include "hw/drivers/ceos/ceos.h"
#include "hw/drivers/de/server.h"
#include "hw/drivers/dectris/simplon.h"
#include "hw/drivers/merlin/merlin_control.h"
#include "hw/drivers/tango/tango.h"
#include "hw/drivers/temscript/temscript.h"
#include "hw/server/tango_server.h"
#include "hw/server/temscript_server.h"
#include "hw/wire/de_server.pb.h"
#include "hw/wire/mpx.h"
#include "hw/wire/netstring.h"
#include "tests/hw/drivers/de_tem/fake_channel.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

// Answers every request with its id and nothing else, as soon as its bytes are there.
class AtOnce final : public Session {
 public:
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    const size_t id = bytes.find("\"id\":") + 5;
    *answer +=
        wire::Netstring("{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":" +
                        std::string(bytes.substr(id, bytes.find_first_of(",}", id) - id)) + "}");
    return absl::OkStatus();
  }
};

void BM_CeosSet(benchmark::State& state) {
  Protocol protocol{.name = "at once"};
  protocol.open = [](auto) { return std::make_unique<AtOnce>(); };
  const auto server = *Server::Start({{*wire::ParseAddress("127.0.0.1:0", true), protocol}});
  const wire::Address at = {"here", "127.0.0.1", server->port(0)};
  const auto driver = *ceos::MakeCeos(at);
  const std::string request = wire::Netstring(
      R"({"id":4711,"jsonrpc":"2.0","method":"correctAberration","params":{"name":"A1","target":[1e-09,0.0],"value":[0.0,0.0]}})");
  std::vector<char> answer(4096);
  double target = 1e-9;
  Alternate(
      state,
      [&] {
        wire::Stream raw = *wire::Dial(at, 5);  // as the driver does: one for each call
        (void)raw.Send(request, wire::Stream::After(5));
        return raw.Receive(answer, wire::Stream::After(5)).status();
      },
      [&] {
        target = -target;
        return driver->Execute(Set{.property = "optics.C12.a", .value = Metres(target)}).status();
      });
}
BENCHMARK(BM_CeosSet)->Iterations(20000);

// Serves until it is killed; its port goes through the pipe.
[[noreturn]] void ServeTango(int pipe) {
  testing_support::NullInstrument null;
  Hub hub(&null);
  const auto protocols = *MakeTangoProtocols(&hub);
  const auto listening = *protocols.devices.listen("127.0.0.1", 0);
  const int port = listening->port();
  if (write(pipe, &port, sizeof(port)) != sizeof(port)) _exit(1);
  for (;;) pause();
}

void BM_TangoRead(benchmark::State& state) {
  wire::UseTangoModule(ProgramFolder() + "/../../hw/tango/libronchi_tango.so");
  int ends[2], port = 0;
  if (pipe(ends) != 0) return state.SkipWithError("no pipe");
  const pid_t server = fork();
  if (server == 0) ServeTango(ends[1]);
  close(ends[1]);
  if (read(ends[0], &port, sizeof(port)) != sizeof(port)) return state.SkipWithError("no server");
  TangoOptions options;
  options.server = *wire::ParseAddress("127.0.0.1:" + std::to_string(port));
  options.database = false;
  const auto driver = *MakeTango(options);
  const auto bare =
      *(*wire::LoadTangoLibrary())
           ->open("tango://" + options.server.name + "/asyncroscopy/instrument/default#dbase=no",
                  5);
  const Read read{{"optics.C10"}};
  Alternate(
      state,
      [&] {
        absl::Status s = bare->Command("get_defocus", {}, 5).status();
        s.Update(bare->Command("get_beam_blanked", {}, 5).status());
        return s;
      },
      [&] { return driver->Execute(read).status(); });
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
}
BENCHMARK(BM_TangoRead)->Iterations(5000);

// A question of a driver that has been played to it, against the same bytes.
void Played(benchmark::State& state, PlayedExchange* exchange,
            const std::function<absl::Status()>& question) {
  const absl::Status s = exchange->Record(question);
  if (!s.ok()) return state.SkipWithError(std::string(s.message()).c_str());
  Alternate(
      state, [&] { return exchange->Bare(); }, question);
  const double exchanges = double(exchange->exchanges());
  state.counters["exchanges"] = exchanges;
  state.counters["overhead_us"] = state.counters["overhead_us"] / exchanges;
}
std::unique_ptr<Server> ServesAlways(const std::string& answer) {
  return *Server::Start({{{"server", "127.0.0.1", 0}, AnswersAlways(answer)}});
}

void BM_TemscriptRead(benchmark::State& state) {
  testing_support::NullInstrument null;
  Hub hub(&null);
  const auto server = *Server::Start({{{"server", "127.0.0.1", 0}, TemscriptProtocol(&hub)}});
  PlayedExchange exchange(server->port(0));
  const auto driver = *MakeTemscript({.address = exchange.address()});
  const Read read{{"optics.C10"}};
  Played(state, &exchange, [&] { return driver->Execute(read).status(); });
}
BENCHMARK(BM_TemscriptRead)->Iterations(5000);

void BM_DeTemRead(benchmark::State& state) {
  testing_support::FakeChannel channel;
  de_tem::DeTemOptions options = channel.Options(5);
  PlayedExchange exchange(options.address.port);
  options.address = exchange.address();
  const auto driver = *de_tem::MakeDeTem(options);
  const Read read{{"optics.C10"}};
  Played(state, &exchange, [&] { return driver->Execute(read).status(); });
}
BENCHMARK(BM_DeTemRead)->Iterations(5000);

void BM_DeQuestion(benchmark::State& state) {
  wire::pb::Packet packet;
  packet.set_type(wire::pb::Packet::ACKNOWLEDGE);
  auto* acknowledge = packet.add_acknowledge();
  acknowledge->set_command_id(
      wire::DeCommandId(wire::DeOperation::kGetProperty, de::kVersions.front()));
  acknowledge->add_parameter()->set_type(wire::pb::Value::STRING);
  acknowledge->mutable_parameter(0)->set_p_string("2.8.3.12436");
  const std::string message = packet.SerializeAsString();
  std::string framed;
  for (int i = 0; i < 4; ++i) framed.push_back(char(message.size() >> (8 * i)));
  const auto server = ServesAlways(framed + message);
  PlayedExchange exchange(server->port(0));
  de::DeServer driver({.address = exchange.address(), .camera = "cam"});
  if (const auto s = driver.Open(); !s.ok()) {
    return state.SkipWithError(std::string(s.message()).c_str());
  }
  Played(state, &exchange, [&] { return driver.Text("Server Software Version").status(); });
}
BENCHMARK(BM_DeQuestion)->Iterations(20000);

void BM_DectrisQuestion(benchmark::State& state) {
  const auto server = ServesAlways(wire::HttpAnswerBytes(
      200, "OK", R"({"value":0.01,"min":1e-06,"max":3600,"unit":"s"})", "application/json", false));
  PlayedExchange exchange(server->port(0));
  const dectris::Simplon driver(exchange.address(), "1.8.0", 5);
  Played(state, &exchange, [&] { return driver.Number("detector", "count_time").status(); });
}
BENCHMARK(BM_DectrisQuestion)->Iterations(20000);

void BM_MerlinQuestion(benchmark::State& state) {
  const auto server =
      ServesAlways(wire::MpxMessage(wire::MpxAnswerText({"GET", "ACQUISITIONTIME", "10.0", 0})));
  PlayedExchange exchange(server->port(0));
  MerlinControl driver(exchange.address(), 5, 5);
  (void)driver.Get("ACQUISITIONTIME");  // over a link that is kept
  Played(state, &exchange, [&] { return driver.Get("ACQUISITIONTIME").status(); });
}
BENCHMARK(BM_MerlinQuestion)->Iterations(20000);

}  // namespace
}  // namespace ronchi::hw

BENCHMARK_MAIN();
