// FFTW in the precision of waves (sim/real.h): the only place that plans. Plans are made once a
// size, with wisdom kept in the user's cache folder, and may be executed by any number of threads.
#pragma once

#include <array>
#include <complex>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "sim/real.h"

namespace ronchi::sim {

using Complex = std::complex<Real>;

// Memory on cache-line boundaries, as the plans expect.
template <class T>
struct CacheAligned {
  using value_type = T;
  CacheAligned() = default;
  template <class U>
  CacheAligned(const CacheAligned<U>&) {}
  T* allocate(size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(64)));
  }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t(64)); }
  template <class U>
  bool operator==(const CacheAligned<U>&) const {
    return true;
  }
};
using ComplexBuffer = std::vector<Complex, CacheAligned<Complex>>;
using RealBuffer = std::vector<Real, CacheAligned<Real>>;
using FloatBuffer = std::vector<float, CacheAligned<float>>;

class Fft {
 public:
  enum class Direction { kForward, kInverse };  // e^{−2πi…} and e^{+2πi…}, both without scaling
  // kEstimate plans the same way every time. kMeasure tries some plans, kPatient many more (some
  // seconds a size, a tenth faster); both repeat to the bit as long as the kept wisdom is the same.
  // Each has wisdom of its own: what one job has planned never changes the bytes of another.
  enum class Effort { kEstimate, kMeasure, kPatient };

  // `batch` transforms of length n, element j of transform b at data[j·stride + b·distance].
  static Fft Batch(int n, int batch, int stride, int distance, Direction direction, Effort effort);
  // One nx × ny transform, row-major.
  static Fft Plane(int nx, int ny, Direction direction, Effort effort);

  // In place. `data` is aligned to 64 bytes.
  void Execute(Complex* data) const;

 private:
  struct Plan;
  // n or nx; batch or ny; stride and distance, or 0; direction; effort.
  using Key = std::array<int, 6>;
  template <class Make>
  static std::shared_ptr<const Plan> Planned(const Key& key, size_t elements, Effort effort,
                                             const Make& make);
  std::shared_ptr<const Plan> plan_;
};

// How hard the transforms of one simulation are planned: those of every probe and slice, and those
// of the potential's planes.
struct FftEfforts {
  Fft::Effort waves = Fft::Effort::kMeasure, planes = Fft::Effort::kEstimate;
};

}  // namespace ronchi::sim
