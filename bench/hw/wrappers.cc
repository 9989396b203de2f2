// What Guarded and Recorded add to a command on an instrument that does nothing. Counters are
// microseconds a command: the median and the 99th percentile over all commands of a run.
//   0 bare   1 guarded   2 recorded   3 guarded(recorded)
//   4 guarded(recorded), ledger on disk, not waited for   5 the same, waited for with each reserve
//   6 the same, and every scan at a place of its own: a reserve for each
// The mix: of ten commands four reads, three sets, two scans of 64 × 64, one park.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "hw/record/recorded.h"
#include "hw/safety/guarded.h"
#include "tests/hw/null_instrument.h"

namespace ronchi::hw {
namespace {

namespace fs = std::filesystem;
using testing_support::NullInstrument;
using testing_support::SmallScan;

enum Chain { kBare, kGuarded, kRecorded, kBoth, kLedger, kLedgerSynced, kNewPlaces };

std::unique_ptr<Instrument> Make(int chain, const std::string& folder) {
  std::unique_ptr<Instrument> instrument = std::make_unique<NullInstrument>();
  if (chain >= kRecorded) {
    instrument = MakeRecorded(std::move(instrument), "null", *EventLog::Create(folder));
  }
  if (chain == kBare || chain == kRecorded) return instrument;
  GuardOptions options;
  options.limits["optics.C10"] = {-1e-7, 1e-7, 1e-7};
  options.dose_budget_e_per_m2 = 1e40;
  options.heartbeat_s = 10;
  if (chain >= kLedger) {
    options.ledger_file = folder + "/ledger";
    options.specimen = "none";
    options.ledger_sync = chain == kLedger ? LedgerSync::kProcess : LedgerSync::kPower;
  }
  return *MakeGuarded(std::move(instrument), options);
}

// The stage would be read before each exposure; this instrument's costs as much as nothing.
void BM_Command(benchmark::State& state) {
  const char* where = std::getenv("RONCHI_BENCH_FOLDER");  // the disk under test
  const std::string folder =
      (where ? fs::path(where) : fs::temp_directory_path()) / "ronchi_wrappers";
  fs::remove_all(folder);
  fs::create_directories(folder);
  auto instrument = Make(int(state.range(0)), folder);
  (void)instrument->Execute(Unblank{});
  std::vector<Command> mix;
  for (int i = 0; i < 10; ++i) {
    if (i < 4) mix.push_back(Read{{"optics.C10", "beam.current"}});
    if (i >= 4 && i < 7) mix.push_back(Set{"optics.C10", Nanometres(i)});
    if (i == 7 || i == 8) mix.push_back(SmallScan(0, 30e-9, 64));
    if (i == 9) mix.push_back(Park{0, 0, 1e-6});
  }
  std::vector<double> us[2];  // not exposing, exposing
  size_t i = 0;
  for (auto _ : state) {
    Command& command = mix[i++ % mix.size()];
    if (auto* scan = std::get_if<Scan>(&command); scan && state.range(0) == kNewPlaces) {
      scan->center_x_m = 100e-9 * double(i);
    }
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(instrument->Execute(command));
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    us[Exposes(command)].push_back(took.count());
  }
  std::vector<double> all = us[0];
  all.insert(all.end(), us[1].begin(), us[1].end());
  const auto quantile = [](std::vector<double>& v, double q) {
    if (v.empty()) return 0.0;
    std::sort(v.begin(), v.end());
    return v[std::min(v.size() - 1, size_t(q * double(v.size())))];
  };
  state.counters["median_us"] = quantile(all, 0.5);
  state.counters["p99_us"] = quantile(all, 0.99);
  state.counters["expose_median_us"] = quantile(us[1], 0.5);
  state.counters["expose_p99_us"] = quantile(us[1], 0.99);
  instrument.reset();
  fs::remove_all(folder);
}
BENCHMARK(BM_Command)->DenseRange(kBare, kNewPlaces)->Iterations(20000);

}  // namespace
}  // namespace ronchi::hw

BENCHMARK_MAIN();
