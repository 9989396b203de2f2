#include "sim/fft.h"

#include <fftw3.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

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

using Key = std::tuple<int, int, int, int, int, int>;

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
  RONCHI_FFTW(plan) plan = make(data, flags);
  KeepWisdom(effort);
  return plan;
}

int Sign(Fft::Direction d) { return d == Fft::Direction::kForward ? FFTW_FORWARD : FFTW_BACKWARD; }

}  // namespace

Fft Fft::Batch(int n, int batch, int stride, int distance, Direction direction, Effort effort) {
  const std::lock_guard<std::mutex> lock(PlannerMutex());
  static std::map<Key, std::weak_ptr<const Plan>> made;
  const Key key(n, batch, stride, distance, Sign(direction), int(effort));
  Fft fft;
  if ((fft.plan_ = made[key].lock())) return fft;
  auto plan = std::make_shared<Plan>();
  const size_t elements = size_t(n - 1) * stride + size_t(batch - 1) * distance + 1;
  plan->plan = PlanWithWisdom(elements, effort, [&](RONCHI_FFTW(complex) * data, unsigned flags) {
    return RONCHI_FFTW(plan_many_dft)(1, &n, batch, data, nullptr, stride, distance, data, nullptr,
                                      stride, distance, Sign(direction), flags);
  });
  RONCHI_CHECK(plan->plan != nullptr);
  made[key] = plan;
  fft.plan_ = plan;
  return fft;
}

Fft Fft::Plane(int nx, int ny, Direction direction, Effort effort) {
  const std::lock_guard<std::mutex> lock(PlannerMutex());
  auto plan = std::make_shared<Plan>();
  plan->plan =
      PlanWithWisdom(size_t(nx) * ny, effort, [&](RONCHI_FFTW(complex) * data, unsigned flags) {
        return RONCHI_FFTW(plan_dft_2d)(nx, ny, data, data, Sign(direction), flags);
      });
  RONCHI_CHECK(plan->plan != nullptr);
  Fft fft;
  fft.plan_ = plan;
  return fft;
}

void Fft::Execute(Complex* data) const {
  auto* d = reinterpret_cast<RONCHI_FFTW(complex)*>(data);
  RONCHI_FFTW(execute_dft)(plan_->plan, d, d);
}

}  // namespace ronchi::sim
