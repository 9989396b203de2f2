#include "hw/instrument/state_archive.h"

#include "core/hash.h"

namespace ronchi::hw {
namespace {

constexpr std::string_view kMagic = "ronchi state 1\n";
constexpr size_t kHashDigits = 32;  // Hash128::Hex

// A state of the same thing has the same mark, whatever it holds.
std::string Mark(std::string_view of) { return HashOf(of).Hex(); }

}  // namespace

std::string StateArchive::Seal(std::string_view of) const {
  RONCHI_CHECK(!restoring_);
  return std::string(kMagic) + HashOf(bytes_).Hex() + Mark(of) + bytes_;
}

absl::StatusOr<StateArchive> StateArchive::Open(std::string_view sealed, std::string_view of) {
  const size_t head = kMagic.size() + 2 * kHashDigits;
  if (sealed.size() < head || sealed.substr(0, kMagic.size()) != kMagic) {
    return absl::InvalidArgumentError("no state of a simulation, or of another version");
  }
  StateArchive archive;
  archive.restoring_ = true;
  archive.bytes_ = std::string(sealed.substr(head));
  if (sealed.substr(kMagic.size(), kHashDigits) != HashOf(archive.bytes_).Hex()) {
    return absl::InvalidArgumentError("the state of a simulation is damaged");
  }
  if (sealed.substr(kMagic.size() + kHashDigits, kHashDigits) != Mark(of)) {
    return absl::InvalidArgumentError(
        "the state is of another simulation; only one made from the same options can go on with "
        "it");
  }
  return archive;
}

absl::Status StateArchive::Finish() const {
  if (fits_ && at_ == bytes_.size()) return absl::OkStatus();
  return absl::InvalidArgumentError("the state of a simulation does not hold what it has to");
}

void StateArchive::Bytes(void* value, size_t size) {
  if (size == 0) return;
  if (!restoring_) {
    bytes_.append(static_cast<const char*>(value), size);
    return;
  }
  fits_ = fits_ && size <= bytes_.size() - at_;
  if (!fits_) return;
  std::memcpy(value, bytes_.data() + at_, size);
  at_ += size;
}

}  // namespace ronchi::hw
