#include "sim/fft.h"

#include <fftw3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "core/file_lock.h"
#include "core/files.h"
#include "core/sealed_text.h"
#include "core/status.h"

// The library of our precision, by its prefix.
#ifdef RONCHI_DOUBLE
#define RONCHI_FFTW(name) fftw_##name
#else
#define RONCHI_FFTW(name) fftwf_##name
#endif

namespace ronchi::sim {
namespace {

#ifdef RONCHI_DOUBLE
constexpr char kWisdomName[] = "/fftw";
#else
constexpr char kWisdomName[] = "/fftwf";
#endif
constexpr char kSeal[] = "ronchi FFT wisdom 2";

// FFTW's planner is not thread-safe; executing is.
std::mutex& PlannerMutex() {
  static std::mutex mutex;
  return mutex;
}

std::string WisdomPath(Fft::Effort effort) {
  static const std::string folder = CacheDirectory();
  if (folder.empty()) return "";
  return folder + kWisdomName + (effort == Fft::Effort::kMeasure ? "-measure-v2" : "-patient-v2");
}

// FFTW has one wisdom a process, and plans by whatever it holds. Here it is emptied before every
// plan and given that effort's own: of this process, then of the file.
std::string& KnownHere(Fft::Effort effort) {
  static std::map<Fft::Effort, std::string> known;
  return known[effort];
}

// FFTW believes what it reads: of a damaged file it makes other plans, which round otherwise, or
// aborts. Such a file is passed over, with a warning, and made anew.
void ImportFile(const std::string& path) {
  static std::set<std::string> warned;
  const absl::StatusOr<std::string> sealed = ReadFile(path, kTableFile);
  if (absl::IsNotFound(sealed.status())) return;
  const absl::StatusOr<std::string> text = sealed.ok() ? Unseal(kSeal, *sealed) : sealed;
  if (text.ok()) {
    RONCHI_FFTW(import_wisdom_from_string)(text->c_str());
  } else if (warned.insert(path).second) {
    std::fprintf(stderr, "ronchi: FFT wisdom is made anew: %s: %s\n", path.c_str(),
                 std::string(text.status().message()).c_str());
  }
}

void LoadWisdom(Fft::Effort effort) {
  RONCHI_FFTW(forget_wisdom)();
  if (effort == Fft::Effort::kEstimate) return;
  if (const std::string& known = KnownHere(effort); !known.empty()) {
    RONCHI_FFTW(import_wisdom_from_string)(known.c_str());
  }
  if (const std::string path = WisdomPath(effort); !path.empty()) ImportFile(path);
}

void KeepWisdom(Fft::Effort effort) {
  const std::string path = WisdomPath(effort);
  // Another program may have planned meanwhile: what it learnt is kept, too.
  if (!path.empty()) ImportFile(path);
  char* text = RONCHI_FFTW(export_wisdom_to_string)();
  if (!text) return;
  KnownHere(effort) = text;
  // A cache that cannot be written only costs planning again.
  if (!path.empty()) (void)WriteFileAtomically(path, Seal(kSeal, text));
  RONCHI_FFTW(free)(text);
}

// Whoever plans a size first has planned it for all programs: two that measured it at once would
// each have bytes of its own, and the next would have those of one of them. Nothing: there can be
// no lock here, or its holder takes longer than any plan does.
std::optional<FileLock> LockWisdom(const std::string& path) {
  constexpr int kMostTries = 12000;  // a minute
  for (int i = 0; i < kMostTries && !path.empty(); ++i) {
    absl::StatusOr<FileLock> lock = FileLock::TryAcquire(path + ".lock");
    if (lock.ok()) return std::move(*lock);
    if (!absl::IsUnavailable(lock.status())) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return std::nullopt;
}

}  // namespace

struct Fft::Plan {
  RONCHI_FFTW(plan) plan = nullptr;
  ~Plan() {
    const std::lock_guard<std::mutex> lock(PlannerMutex());
    if (plan) RONCHI_FFTW(destroy_plan)(plan);
  }
};

namespace {

template <class Make>
RONCHI_FFTW(plan)
PlanWithWisdom(size_t elements, Fft::Effort effort, const Make& make) {
  ComplexBuffer scratch(elements);
  auto* data = reinterpret_cast<RONCHI_FFTW(complex)*>(scratch.data());
  LoadWisdom(effort);
  if (effort == Fft::Effort::kEstimate) return make(data, FFTW_ESTIMATE);
  const unsigned flags = effort == Fft::Effort::kMeasure ? FFTW_MEASURE : FFTW_PATIENT;
  if (RONCHI_FFTW(plan) known = make(data, flags | FFTW_WISDOM_ONLY)) return known;
  const std::optional<FileLock> lock = LockWisdom(WisdomPath(effort));
  if (lock) {  // somebody may have planned it meanwhile
    LoadWisdom(effort);
    if (RONCHI_FFTW(plan) known = make(data, flags | FFTW_WISDOM_ONLY)) return known;
  }
  RONCHI_FFTW(plan) plan = make(data, flags);
  KeepWisdom(effort);
  return plan;
}

int Sign(Fft::Direction d) { return d == Fft::Direction::kForward ? FFTW_FORWARD : FFTW_BACKWARD; }

// A stack of configurations asks for the same few plans again and again, each time when the last
// configuration has let go of them: they are kept, the latest first.
constexpr size_t kKept = 32;

}  // namespace

template <class Make>
std::shared_ptr<const Fft::Plan> Fft::Planned(const Key& key, size_t elements, Effort effort,
                                              const Make& make) {
  std::shared_ptr<const Plan> dropped;  // outlives the lock, which its end takes
  const std::lock_guard<std::mutex> lock(PlannerMutex());
  static auto& kept = *new std::vector<std::pair<Key, std::shared_ptr<const Plan>>>;
  auto it = std::ranges::find(kept, key, [](const auto& k) { return k.first; });
  if (it == kept.end()) {
    auto plan = std::make_shared<Plan>();
    plan->plan = PlanWithWisdom(elements, effort, make);
    RONCHI_CHECK(plan->plan != nullptr);
    if (kept.size() == kKept) {
      dropped = std::move(kept.back().second);
      kept.pop_back();
    }
    it = kept.insert(kept.end(), {key, std::move(plan)});
  }
  std::rotate(kept.begin(), it, it + 1);
  return kept.front().second;
}

Fft Fft::Batch(int n, int batch, int stride, int distance, Direction direction, Effort effort) {
  const size_t elements = size_t(n - 1) * stride + size_t(batch - 1) * distance + 1;
  Fft fft;
  fft.plan_ = Planned({n, batch, stride, distance, Sign(direction), int(effort)}, elements, effort,
                      [&](RONCHI_FFTW(complex) * data, unsigned flags) {
                        return RONCHI_FFTW(plan_many_dft)(1, &n, batch, data, nullptr, stride,
                                                          distance, data, nullptr, stride, distance,
                                                          Sign(direction), flags);
                      });
  return fft;
}

Fft Fft::Plane(int nx, int ny, Direction direction, Effort effort) {
  Fft fft;
  fft.plan_ = Planned({nx, ny, 0, 0, Sign(direction), int(effort)}, size_t(nx) * ny, effort,
                      [&](RONCHI_FFTW(complex) * data, unsigned flags) {
                        return RONCHI_FFTW(plan_dft_2d)(nx, ny, data, data, Sign(direction), flags);
                      });
  return fft;
}

void Fft::Execute(Complex* data) const {
  auto* d = reinterpret_cast<RONCHI_FFTW(complex)*>(data);
  RONCHI_FFTW(execute_dft)(plan_->plan, d, d);
}

}  // namespace ronchi::sim
