// The state of a simulation as bytes, and back. A part names what changes in it once, in a function
// `void Archive(StateArchive* archive)` that serves both ways:
//   void Archive(StateArchive* a) { a->All(&time_s_, &blanked_, &walk_A_); }
// Numbers keep every bit. The bytes are of this build on this machine (little endian, no fields of
// names): a state is for going on soon, not a file format.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/status.h"

namespace ronchi::hw {

class StateArchive {
 public:
  // Collects what it is shown.
  StateArchive() = default;
  // What was collected, sealed: `of` says what it is the state of.
  std::string Seal(std::string_view of) const;
  // Gives back what a sealed state holds. InvalidArgument: damaged, or the state of something else.
  static absl::StatusOr<StateArchive> Open(std::string_view sealed, std::string_view of);

  bool restoring() const { return restoring_; }
  // After restoring: was there all that was asked for, and nothing besides? InvalidArgument: what
  // was restored is nonsense, although its seal held.
  absl::Status Finish() const;
  // What was collected goes back to where it came from: `archive` as when it was collected.
  template <class Archive>
  void GiveBack(const Archive& archive) {
    restoring_ = true;
    at_ = 0;
    archive(this);
  }

  template <class... T>
  void All(T*... values) {
    ((*this)(values), ...);
  }
  template <class T>
  StateArchive& operator()(T* value) {
    if constexpr (requires { value->Archive(this); }) {
      value->Archive(this);
    } else {
      static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
      Bytes(value, sizeof(T));
    }
    return *this;
  }
  StateArchive& operator()(std::string* text) {
    Resize(text);
    Bytes(text->data(), text->size());
    return *this;
  }
  template <class T>
  StateArchive& operator()(std::vector<T>* values) {
    Resize(values);
    for (T& v : *values) (*this)(&v);
    return *this;
  }
  template <class T, size_t N>
  StateArchive& operator()(std::array<T, N>* values) {
    for (T& v : *values) (*this)(&v);
    return *this;
  }
  template <class A, class B>
  StateArchive& operator()(std::pair<A, B>* pair) {
    return (*this)(&pair->first)(&pair->second);
  }
  template <class K, class V>
  StateArchive& operator()(std::map<K, V>* map) {
    std::vector<std::pair<K, V>> entries(map->begin(), map->end());
    (*this)(&entries);
    if (restoring_) *map = std::map<K, V>(entries.begin(), entries.end());
    return *this;
  }

 private:
  template <class Container>
  void Resize(Container* c) {
    uint64_t size = c->size();
    (*this)(&size);
    if (!restoring_) return;
    // Every item is a byte at least.
    fits_ = fits_ && size <= bytes_.size() - at_;
    c->resize(fits_ ? size_t(size) : 0);
  }
  void Bytes(void* value, size_t size);

  bool restoring_ = false, fits_ = true;
  std::string bytes_;
  size_t at_ = 0;
};

}  // namespace ronchi::hw
