// What a driver costs beyond the bare exchange of the same bytes over the same socket, loopback,
// median of alternating exchanges: a set of CEOS' corrector (JSON-RPC in netstrings), answered by a
// server that knows the answer beforehand. overhead_us: asked, at most 20. And a reading by TANGO,
// which is two commands, against the same two by libtango alone; its server is a process of its
// own.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/later_part.h"
#include "hw/drivers/ceos/ceos.h"
#include "hw/drivers/tango/tango.h"
#include "hw/server/server.h"
#include "hw/server/tango_server.h"
#include "hw/wire/netstring.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

using Clock = wire::Stream::Clock;

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

double Median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + long(v.size() / 2), v.end());
  return v[v.size() / 2];
}

void BM_CeosSet(benchmark::State& state) {
  Protocol protocol{.name = "at once"};
  protocol.open = [](auto) { return std::make_unique<AtOnce>(); };
  const auto server = *Server::Start({{*wire::ParseAddress("127.0.0.1:0", true), protocol}});
  const wire::Address at = {"here", "127.0.0.1", server->port(0)};
  const auto driver = *ceos::MakeCeos(at);
  const std::string request = wire::Netstring(
      R"({"id":4711,"jsonrpc":"2.0","method":"correctAberration","params":{"name":"A1","target":[1e-09,0.0],"value":[0.0,0.0]}})");
  std::vector<double> bare_us, driver_us;
  std::vector<char> answer(4096);
  double target = 1e-9;
  const auto since_us = [](Clock::time_point t) {
    return std::chrono::duration<double, std::micro>(Clock::now() - t).count();
  };
  for (auto _ : state) {
    Clock::time_point start = Clock::now();
    wire::Stream raw = *wire::Dial(at, 5);  // as the driver does: one for each call
    (void)raw.Send(request, wire::Stream::After(5));
    (void)raw.Receive(answer, wire::Stream::After(5));
    bare_us.push_back(since_us(start));
    target = -target;
    start = Clock::now();
    const auto reply = driver->Execute(Set{.property = "optics.C12.a", .value = Metres(target)});
    driver_us.push_back(since_us(start));
    if (!reply.ok()) return state.SkipWithError(std::string(reply.status().message()).c_str());
  }
  state.counters["bare_us"] = Median(bare_us);
  state.counters["driver_us"] = Median(driver_us);
  state.counters["overhead_us"] = Median(driver_us) - Median(bare_us);
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
  std::vector<double> bare_us, driver_us;
  const auto since_us = [](Clock::time_point t) {
    return std::chrono::duration<double, std::micro>(Clock::now() - t).count();
  };
  const Read read{{"optics.C10"}};
  for (auto _ : state) {
    Clock::time_point start = Clock::now();
    (void)bare->Command("get_defocus", {}, 5);
    (void)bare->Command("get_beam_blanked", {}, 5);
    bare_us.push_back(since_us(start));
    start = Clock::now();
    const auto reply = driver->Execute(read);
    driver_us.push_back(since_us(start));
    if (!reply.ok()) state.SkipWithError(std::string(reply.status().message()).c_str());
  }
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  state.counters["bare_us"] = Median(bare_us);
  state.counters["driver_us"] = Median(driver_us);
  state.counters["overhead_us"] = Median(driver_us) - Median(bare_us);
}
BENCHMARK(BM_TangoRead)->Iterations(5000);

}  // namespace
}  // namespace ronchi::hw

BENCHMARK_MAIN();
