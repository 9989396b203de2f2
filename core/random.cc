#include "core/random.h"

#include <Random123/philox.h>

#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>
#include <cmath>

namespace ronchi {
namespace {

// FNV-1a, 64 bit (Fowler, Noll, Vo): a fixed, platform-independent hash of the stream's name.
uint64_t HashName(std::string_view name) {
  uint64_t h = 0xcbf29ce484222325ull;
  for (unsigned char c : name) h = (h ^ c) * 0x100000001b3ull;
  return h;
}

r123::Philox4x32::ctr_type Philox(uint64_t a, uint64_t b, uint64_t key) {
  r123::Philox4x32::ctr_type counter = {
      {uint32_t(a), uint32_t(a >> 32), uint32_t(b), uint32_t(b >> 32)}};
  r123::Philox4x32::key_type k = {{uint32_t(key), uint32_t(key >> 32)}};
  return r123::Philox4x32()(counter, k);
}

}  // namespace

RandomStream::RandomStream(const StreamKey& k) {
  // Two keyed rounds fold (seed, name) and then (environment, episode) into the 64-bit key.
  const auto first = Philox(HashName(k.name), 0, k.seed);
  const uint64_t folded = (uint64_t(first[1]) << 32) | first[0];
  const auto second = Philox(k.environment, k.episode, folded);
  key_[0] = second[0];
  key_[1] = second[1];
  counter_[0] = counter_[1] = 0;
  counter_[2] = uint32_t(k.step);
  counter_[3] = 0;
}

RandomStream::result_type RandomStream::operator()() {
  if (next_ == 4) {
    r123::Philox4x32::ctr_type counter = {{counter_[0], counter_[1], counter_[2], counter_[3]}};
    r123::Philox4x32::key_type key = {{key_[0], key_[1]}};
    const auto out = r123::Philox4x32()(counter, key);
    for (int i = 0; i < 4; ++i) block_[i] = out[i];
    if (++counter_[0] == 0) ++counter_[1];
    next_ = 0;
  }
  return block_[next_++];
}

double RandomStream::Uniform() {
  const uint64_t high = (*this)();
  const uint64_t low = (*this)();
  return double(((high << 32) | low) >> 11) * 0x1.0p-53;
}

double RandomStream::Uniform(double low, double high) { return low + (high - low) * Uniform(); }

double RandomStream::Normal() {
  boost::random::normal_distribution<double> normal;
  return normal(*this);
}

double RandomStream::Normal(double mean, double sigma) { return mean + sigma * Normal(); }

int64_t RandomStream::Poisson(double mean) {
  if (!(mean > 0)) return 0;
  if (mean > 1e6) return int64_t(std::llround(std::max(0.0, Normal(mean, std::sqrt(mean)))));
  boost::random::poisson_distribution<int64_t, double> poisson(mean);
  return poisson(*this);
}

uint64_t RandomStream::Below(uint64_t n) { return uint64_t(Uniform() * double(n)); }

}  // namespace ronchi
