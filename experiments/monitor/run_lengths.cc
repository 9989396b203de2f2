#include "experiments/monitor/run_lengths.h"

#include <cmath>
#include <mutex>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/nearest.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "theory/monitor/cusum.h"

namespace ronchi {
namespace {

constexpr double kCorrelation = 0.5, kPoissonMean = 3, kPromisesToTheCut = 20;

double StudentT3(RandomStream* random) {
  double squares = 0;
  const double z = random->Normal();
  for (int i = 0; i < 3; ++i) squares += std::pow(random->Normal(), 2);
  return z / std::sqrt(squares / 3);
}

// The next frame, of variance 1 (but Cauchy's) about `mean`, of which the one before it lay at
// `last` from its own.
struct StreamKind {
  const char* name;
  double (*next)(RandomStream* random, double last, double mean);
};
constexpr StreamKind kKinds[] = {
    {"gaussian", [](RandomStream* r, double, double mean) { return mean + r->Normal(); }},
    {"student_t3",
     [](RandomStream* r, double, double mean) { return mean + StudentT3(r) / std::sqrt(3.0); }},
    {"ar1",
     [](RandomStream* r, double last, double mean) {
       return mean + kCorrelation * last + std::sqrt(1 - kCorrelation * kCorrelation) * r->Normal();
     }},
    {"poisson",  // whole numbers whatever the mean is
     [](RandomStream* r, double, double mean) {
       const double electrons = kPoissonMean + mean * std::sqrt(kPoissonMean);
       return (double(r->Poisson(std::max(0.0, electrons))) - kPoissonMean) /
              std::sqrt(kPoissonMean);
     }},
    {"cauchy", [](RandomStream* r, double, double mean) {
       return mean + std::tan(std::numbers::pi * (r->Uniform() - 0.5));
     }}};

// Frames after the change up to the alarm; 0: an alarm before it. The statistic starts with the
// reference's end.
absl::StatusOr<int64_t> OneRun(const StreamKind& kind, const RunLengthsOptions& options,
                               double shift, int64_t change, int64_t limit, uint64_t run) {
  StreamWatchOptions of_run = options.watch;
  of_run.seed =
      RandomStream({.seed = options.watch.seed, .name = "monitor.lots", .environment = run})();
  RONCHI_ASSIGN_OR_RETURN(StreamWatch watch, StreamWatch::Create({kind.name}, of_run));
  RandomStream random({.seed = options.watch.seed, .name = "monitor.simulate", .environment = run});
  double seen = 0, mean = 0;
  for (int i = 0; i < 100; ++i) seen = kind.next(&random, seen, 0);  // to what lasts
  for (int64_t frame = 0; frame < change + limit; ++frame) {
    const double last = seen - mean;
    mean = frame >= change ? shift : 0;
    seen = kind.next(&random, last, mean);
    RONCHI_ASSIGN_OR_RETURN(const auto alarm, watch.Take({&seen, 1}));
    if (alarm) return std::max<int64_t>(0, frame + 1 - change);
  }
  return limit;
}

}  // namespace

std::vector<std::string> StreamKindNames() {
  std::vector<std::string> names;
  for (const StreamKind& kind : kKinds) names.push_back(kind.name);
  return names;
}

absl::StatusOr<std::vector<RunLengthMeasured>> MeasureRunLengths(const std::string& name,
                                                                 const RunLengthsOptions& options) {
  const StreamKind* kind = nullptr;
  for (const StreamKind& known : kKinds) {
    if (name == known.name) kind = &known;
  }
  if (!kind) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' is not allowed; ", AllowedNames(name, StreamKindNames())));
  }
  std::vector<double> shifts = {0};
  shifts.insert(shifts.end(), options.shifts.begin(), options.shifts.end());
  const int64_t limit = int64_t(std::ceil(kPromisesToTheCut * options.watch.promise));
  Progress progress("runs", shifts.size() * size_t(options.runs));
  std::vector<RunLengthMeasured> measured;
  for (double shift : shifts) {
    const int64_t change = options.watch.reference + (shift == 0 ? 0 : options.quiet);
    std::vector<int64_t> lengths(size_t(options.runs), 0);
    std::mutex mutex;
    absl::Status failed;
    ParallelFor(lengths.size(), 4, [&](size_t begin, size_t end) {
      for (size_t run = begin; run < end; ++run) {
        const auto length = OneRun(*kind, options, shift, change, limit, run);
        const std::lock_guard<std::mutex> lock(mutex);
        if (!length.ok())
          failed = length.status();
        else
          lengths[run] = *length;
        progress.Tick();
      }
    });
    RONCHI_RETURN_IF_ERROR(failed);
    RunLengthMeasured m{.shift = shift};
    if (shift != 0 && name == "gaussian") {
      m.cusum = theory::CusumRunLength(theory::BestCusum(shift, options.watch.promise), shift);
    }
    double sum = 0, squares = 0;
    for (const int64_t length : lengths) {
      if (length == 0) continue;
      ++m.runs;
      m.cut += length == limit;
      sum += double(length);
      squares += double(length) * double(length);
    }
    m.mean = sum / double(m.runs);
    m.standard_error = std::sqrt((squares / double(m.runs) - m.mean * m.mean) / double(m.runs));
    measured.push_back(m);
  }
  return measured;
}

}  // namespace ronchi
