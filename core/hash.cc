#include "core/hash.h"

#include <xxhash.h>

#include "absl/strings/str_format.h"
#include "core/status.h"

namespace ronchi {
namespace {
XXH3_state_t* State(void* state) { return static_cast<XXH3_state_t*>(state); }
Hash128 From(XXH128_hash_t hash) { return {hash.low64, hash.high64}; }
}  // namespace

std::string Hash128::Hex() const { return absl::StrFormat("%016x%016x", high, low); }

std::string Hash128::LowHex() const { return absl::StrFormat("%016x", low); }

Hash128 HashOf(std::span<const std::byte> bytes) {
  return From(XXH3_128bits(bytes.data(), bytes.size()));
}

Hash128 HashOf(std::string_view text) { return HashOf(std::as_bytes(std::span(text))); }

void Hasher::Free::operator()(void* state) const { XXH3_freeState(State(state)); }

Hasher::Hasher() : state_(XXH3_createState()) {
  RONCHI_CHECK(state_ != nullptr);
  XXH3_128bits_reset(State(state_.get()));
}

void Hasher::Update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(State(state_.get()), bytes.data(), bytes.size());
}

Hash128 Hasher::Digest() const { return From(XXH3_128bits_digest(State(state_.get()))); }

}  // namespace ronchi
