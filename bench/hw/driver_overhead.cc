// What a driver costs beyond the bare exchange of the same bytes over the same socket, loopback,
// median of alternating exchanges: a set of CEOS' corrector (JSON-RPC in netstrings), answered by a
// server that knows the answer beforehand. overhead_us: asked, at most 20.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "hw/drivers/ceos/ceos.h"
#include "hw/server/server.h"
#include "hw/wire/netstring.h"

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

}  // namespace
}  // namespace ronchi::hw

BENCHMARK_MAIN();
