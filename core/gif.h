// Animated GIF in memory, frame by frame. The same frames give the same bytes.
#pragma once

#include <memory>
#include <string>

#include "core/array.h"
#include "core/status.h"

namespace ronchi {

class GifWriter {
 public:
  // Shown for `delay_ms` each (GIF counts in 10 ms; most viewers show less than 20 ms as 100), over
  // and over. InvalidArgument: a size of 0 or above 65535.
  static absl::StatusOr<GifWriter> Create(size_t width, size_t height, int delay_ms);
  GifWriter(GifWriter&&) noexcept;
  GifWriter& operator=(GifWriter&&) noexcept;
  ~GifWriter();

  // [height, width, 3], RGB. Each frame has up to 256 colours of its own; when it has more, the
  // lowest bits of red, green and blue are dropped until they fit, and each remaining colour is the
  // mean of what it stands for. InvalidArgument: another size than the first.
  absl::Status Add(const Array<uint8_t>& frame);
  // The frames so far, for Resume, which goes on to the same bytes.
  const std::string& so_far() const;
  // InvalidArgument: not what so_far() of such a picture gave.
  static absl::StatusOr<GifWriter> Resume(size_t width, size_t height, int delay_ms,
                                          const std::string& so_far);
  // The whole file. Nothing can be added after it.
  absl::StatusOr<std::string> Finish();

 private:
  struct Impl;
  explicit GifWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ronchi
