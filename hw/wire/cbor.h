// CBOR (RFC 8949), item by item, without a copy. What is read is hostile: nothing is believed of a
// length, and nesting is bounded.
#pragma once

#include <string_view>

#include "core/status.h"

namespace ronchi::hw::wire {

struct CborItem {
  enum Kind { kUnsigned, kBytes, kText, kArray, kMap, kTag, kBreak, kOther };
  Kind kind = kOther;
  uint64_t value = 0;      // kUnsigned; the tag's number; how many follow in an array, a map
  bool open = false;       // an array or a map that ends with a kBreak
  std::string_view bytes;  // kBytes, kText: a view of the message
};

class CborReader {
 public:
  explicit CborReader(std::string_view message) : left_(message) {}
  // Errors, of all: InvalidArgument, it is none, or cut.
  absl::StatusOr<CborItem> Next();
  // The next item, which must be of that kind.
  absl::StatusOr<CborItem> Expect(CborItem::Kind kind, const char* what);
  // All that belongs to the item that Next gave last.
  absl::Status SkipRestOf(const CborItem& item);
  bool done() const { return left_.empty(); }

 private:
  absl::Status Skip(const CborItem& item, int depth);
  std::string_view left_;
};

}  // namespace ronchi::hw::wire
