// Counter-based random numbers (Philox4x32-10, Salmon et al., SC 2011). Every stream is a pure
// function of its key, so results do not depend on the number of threads or on the order of work.
// There is no global generator, no clock seed and no `seed + i`.
#pragma once

#include <cstdint>
#include <string_view>

namespace ronchi {

struct StreamKey {
  uint64_t seed = 0;
  std::string_view name;     // what the numbers are for, e.g. "twin.shot_noise"
  uint64_t environment = 0;  // index in a vector of environments
  uint64_t episode = 0;
  uint64_t step = 0;  // at most 2^32 - 1
};

class RandomStream {
 public:
  using result_type = uint32_t;
  explicit RandomStream(const StreamKey& key);

  // UniformRandomBitGenerator, for the distributions of Boost.Random.
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }
  result_type operator()();

  double Uniform();                         // [0, 1), 53 bits
  double Uniform(double low, double high);  // [low, high)
  double Normal();                          // mean 0, variance 1
  double Normal(double mean, double sigma);
  int64_t Poisson(double mean);  // mean >= 0; above 1e6 the normal limit, rounded
  uint64_t Below(uint64_t n);    // 0 … n-1, n > 0

 private:
  uint32_t key_[2];
  uint32_t counter_[4];  // block index (64 bits), step, 0
  uint32_t block_[4];
  int next_ = 4;
};

}  // namespace ronchi
