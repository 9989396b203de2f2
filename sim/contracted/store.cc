// A contracted engine as bytes: a header, the difference vectors, the matrices as they lie in
// memory.
#include <atomic>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "sim/contracted/contracted.h"
#include "sim/contracted/pair_stretch.h"

namespace ronchi::sim {
namespace {

constexpr size_t kLine = 64;  // bytes

struct Header {
  char magic[8] = {'R', 'o', 'n', 'c', 'h', 'i', 'M', '\n'};
  uint32_t version = Contracted::kFormatVersion, real_bytes = sizeof(Real);
  uint64_t nx = 0, ny = 0;
  double lx_A = 0, ly_A = 0, energy_eV = 0, semiangle_rad = 0;
  uint64_t differences = 0, values = 0, pairs = 0;
};

size_t Padded(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

}  // namespace

void Contracted::Index() {
  static std::atomic<uint64_t> made = 0;
  id_ = ++made;
  rows_ = MakeApertureRows(grid_, energy_eV_, semiangle_rad_);
  first_.assign(1, 0);
  for (const DifferenceVector& d : differences_) {
    size_t pairs = 0;
    rows_.ForEachStretch(d.dh, d.dk, [&](size_t, size_t, size_t n) { pairs += PaddedPairs(n); });
    first_.push_back(first_.back() + pairs);
  }
  stride_ = Padded(first_.back() * sizeof(Real)) / sizeof(Real);
  line_sums_ = std::make_shared<const LineSums>(differences_, grid_.lx_A, grid_.ly_A);
}

absl::Status Contracted::Append(
    const std::function<absl::Status(std::span<const std::byte>)>& sink) const {
  Header h;
  h.nx = grid_.nx, h.ny = grid_.ny, h.lx_A = grid_.lx_A, h.ly_A = grid_.ly_A;
  h.energy_eV = energy_eV_, h.semiangle_rad = semiangle_rad_;
  h.differences = differences_.size(), h.values = values_, h.pairs = first_.back();
  std::vector<std::byte> front(Padded(sizeof(h)) +
                               Padded(differences_.size() * sizeof(DifferenceVector)));
  std::memcpy(front.data(), &h, sizeof(h));
  std::memcpy(front.data() + Padded(sizeof(h)), differences_.data(),
              differences_.size() * sizeof(DifferenceVector));
  RONCHI_RETURN_IF_ERROR(sink(front));
  return sink(std::as_bytes(std::span(matrix_, 2 * values_ * stride_)));
}

absl::StatusOr<Contracted> Contracted::FromBytes(std::span<const std::byte> bytes,
                                                 std::shared_ptr<const void> owner) {
  const auto wrong = [](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat("not a contracted engine: ", what));
  };
  Header h;
  const Header expected;
  if (bytes.size() < Padded(sizeof(h))) return wrong("too short");
  std::memcpy(&h, bytes.data(), sizeof(h));
  if (std::memcmp(h.magic, expected.magic, sizeof(h.magic)) || h.version != expected.version ||
      h.real_bytes != expected.real_bytes) {
    return wrong("another format");
  }
  Contracted out;
  out.grid_ = {size_t(h.nx), size_t(h.ny), h.lx_A, h.ly_A};
  out.energy_eV_ = h.energy_eV;
  out.semiangle_rad_ = h.semiangle_rad;
  out.values_ = size_t(h.values);
  size_t at = Padded(sizeof(h));
  if (h.differences > (bytes.size() - at) / sizeof(DifferenceVector)) return wrong("cut short");
  out.differences_.resize(size_t(h.differences));
  const size_t list = out.differences_.size() * sizeof(DifferenceVector);
  std::memcpy(out.differences_.data(), bytes.data() + at, list);
  at += Padded(list);
  out.Index();
  if (out.first_.back() != h.pairs) return wrong("its beams are others");
  if (at > bytes.size() || bytes.size() - at != 2 * out.values_ * out.stride_ * sizeof(Real)) {
    return wrong("its matrices have another size");
  }
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kLine) return wrong("not aligned");
  out.matrix_ = reinterpret_cast<const Real*>(bytes.data() + at);
  out.owner_ = std::move(owner);
  return out;
}

}  // namespace ronchi::sim
