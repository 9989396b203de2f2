// The HDF5 C library, tamed, for core/storage*.cc alone: handles that close themselves, its error
// stack as one Status, and a writer whose first failure sticks so that layouts read as plain lists.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"

namespace ronchi::hdf5 {

// Debian's HDF5 is not thread-safe: every public function of storage.h holds this lock.
std::mutex& Mutex();
// Call first: no error printing, no exit handler (a file that cannot be closed must not hang exit).
void Initialise();
// The error stack of this thread as one line. An errno in it decides the code; it is cleared.
absl::Status LastError(const std::string& file, const std::string& doing);

class Handle {
 public:
  using Closer = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Closer close) : id_(id), close_(close) {}
  Handle(Handle&& o) noexcept : id_(std::exchange(o.id_, -1)), close_(o.close_) {}
  Handle& operator=(Handle&& o) noexcept {
    std::swap(id_, o.id_);
    std::swap(close_, o.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  hid_t Release() { return std::exchange(id_, -1); }

 private:
  hid_t id_ = -1;
  Closer close_ = nullptr;
};

// Variable-length UTF-8, the only string type that every reader takes.
Handle TextType();
// h5py's boolean: an 8-bit enumeration FALSE, TRUE.
Handle BoolType();
// File creation: no time stamps. File access: no locks (they fail on network file systems).
Handle FileCreation();
Handle FileAccess();

class Writer {
 public:
  Writer() = default;
  Writer(hid_t file, std::string name) : file_(file), name_(std::move(name)) {}

  Handle Group(const std::string& path);
  // Chunked; values that are never written read as NaN. `shape` may be empty: a scalar.
  Handle Dataset(const std::string& path, hid_t type, const std::vector<size_t>& shape);
  void Fill(hid_t dataset, hid_t memory_type, const void* values);
  void Slab(hid_t dataset, const std::vector<size_t>& offset, const std::vector<size_t>& count,
            const float* values);
  Handle Text(const std::string& path, const std::string& value);
  Handle Number(const std::string& path, double value);
  Handle Bool(const std::string& path, bool value);
  void SoftLink(const std::string& target, const std::string& path);

  void Attribute(hid_t object, const char* name, const std::string& value);
  void Attribute(hid_t object, const char* name, const char* value);
  void Attribute(hid_t object, const char* name, const std::vector<std::string>& values);
  void Attribute(hid_t object, const char* name, int64_t value);
  void Attribute(hid_t object, const char* name, double value);
  void Attribute(hid_t object, const char* name, bool value);

  // The first failure sticks; every later call does nothing.
  void Check(bool good, const std::string& doing);
  const absl::Status& status() const { return status_; }

 private:
  void RawAttribute(hid_t object, const char* name, hid_t type, hid_t space, const void* value);
  hid_t file_ = -1;
  std::string name_;
  absl::Status status_;
};

}  // namespace ronchi::hdf5
