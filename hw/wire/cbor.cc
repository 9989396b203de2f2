#include "hw/wire/cbor.h"

#include <cbor.h>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::wire {
namespace {

constexpr int kDeepest = 32;

CborItem& Of(void* context) { return *static_cast<CborItem*>(context); }
std::string_view View(cbor_data data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}
template <class T>
void Unsigned(void* c, T value) {
  Of(c) = {.kind = CborItem::kUnsigned, .value = value};
}

cbor_callbacks MakeCallbacks() {
  cbor_callbacks k = cbor_empty_callbacks;
  k.uint8 = Unsigned<uint8_t>;
  k.uint16 = Unsigned<uint16_t>;
  k.uint32 = Unsigned<uint32_t>;
  k.uint64 = Unsigned<uint64_t>;
  k.byte_string = [](void* c, cbor_data data, size_t size) {
    Of(c) = {.kind = CborItem::kBytes, .bytes = View(data, size)};
  };
  k.string = [](void* c, cbor_data data, size_t size) {
    Of(c) = {.kind = CborItem::kText, .bytes = View(data, size)};
  };
  // Strings in pieces: their pieces follow, and a break.
  k.byte_string_start = [](void* c) { Of(c) = {.kind = CborItem::kArray, .open = true}; };
  k.string_start = k.byte_string_start;
  k.array_start = [](void* c, size_t n) { Of(c) = {.kind = CborItem::kArray, .value = n}; };
  k.indef_array_start = k.byte_string_start;
  k.map_start = [](void* c, size_t n) { Of(c) = {.kind = CborItem::kMap, .value = n}; };
  k.indef_map_start = [](void* c) { Of(c) = {.kind = CborItem::kMap, .open = true}; };
  k.tag = [](void* c, uint64_t number) { Of(c) = {.kind = CborItem::kTag, .value = number}; };
  k.indef_break = [](void* c) { Of(c) = {.kind = CborItem::kBreak}; };
  return k;
}

}  // namespace

absl::StatusOr<CborItem> CborReader::Next() {
  static const cbor_callbacks kCallbacks = MakeCallbacks();
  CborItem item;
  const auto* bytes = reinterpret_cast<cbor_data>(left_.data());
  const cbor_decoder_result r = cbor_stream_decode(bytes, left_.size(), &kCallbacks, &item);
  if (r.status != CBOR_DECODER_FINISHED || r.read == 0 || r.read > left_.size()) {
    return absl::InvalidArgumentError(r.status == CBOR_DECODER_ERROR ? "no CBOR"
                                                                     : "CBOR that is cut");
  }
  left_.remove_prefix(r.read);
  return item;
}

absl::StatusOr<CborItem> CborReader::Expect(CborItem::Kind kind, const char* what) {
  RONCHI_ASSIGN_OR_RETURN(const CborItem item, Next());
  if (item.kind == kind) return item;
  return absl::InvalidArgumentError(absl::StrCat("its ", what, " is of another type"));
}

absl::Status CborReader::SkipRestOf(const CborItem& item) { return Skip(item, 0); }

absl::Status CborReader::Skip(const CborItem& item, int depth) {
  if (depth > kDeepest) return absl::InvalidArgumentError("nested too deeply");
  const bool many = item.kind == CborItem::kArray || item.kind == CborItem::kMap;
  if (item.kind == CborItem::kBreak) return absl::InvalidArgumentError("CBOR that ends nothing");
  if (!many && item.kind != CborItem::kTag) return absl::OkStatus();
  const uint64_t per_entry = item.kind == CborItem::kMap ? 2 : 1;
  for (uint64_t entry = 0; item.open || item.kind == CborItem::kTag || entry < item.value;
       ++entry) {
    for (uint64_t i = 0; i < per_entry; ++i) {
      RONCHI_ASSIGN_OR_RETURN(const CborItem inner, Next());
      if (item.open && i == 0 && inner.kind == CborItem::kBreak) return absl::OkStatus();
      RONCHI_RETURN_IF_ERROR(Skip(inner, depth + 1));
    }
    if (item.kind == CborItem::kTag) break;  // it is of one item
  }
  return absl::OkStatus();
}

}  // namespace ronchi::hw::wire
