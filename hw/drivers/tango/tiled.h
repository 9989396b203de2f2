// Arrays of a Tiled server (github.com/bluesky/tiled) by key, over HTTP, and the same from TANGO's
// encoded values: taken as if they were hostile. Of hw/drivers/tango/tango.cc.
#pragma once

#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"
#include "hw/wire/stream.h"
#include "hw/wire/tango.h"

namespace ronchi::hw {

// How the pixels of an array are kept.
struct TiledPixels {
  char kind = 0;  // 'f', 'i', 'u', 'b', as NumPy has them
  size_t bytes = 0;
  bool big = false;
};
// Of Tiled's answer about an array, which must be of the shape that is asked for. Errors as below.
absl::StatusOr<TiledPixels> PixelsFromMetadata(const std::string& text, const std::string& who,
                                               const std::vector<size_t>& shape);

struct TiledSource {
  wire::Address address;
  std::string api_key;  // empty: none is sent
  double within_s = 10;
};

// The array `key`, which must be of the shape that is asked for; leading axes of length 1 may be
// added or missing. Errors: kCommunication, kTimeout (the link), kDataLoss (no such key: the image
// was taken and is not there), kHardware (another shape, a type that is no number, too few or too
// many bytes, a pixel that is no number), with the effect "done".
absl::StatusOr<Array<float>> ArrayFromTiled(const TiledSource& from, const std::string& key,
                                            const std::vector<size_t>& shape);
// {"shape": [8, 8], "dtype": "float32" or "<f4"} and the bytes, little-endian unless it says so.
absl::StatusOr<Array<float>> ArrayFromEncoded(const wire::TangoEncoded& encoded,
                                              const std::string& who,
                                              const std::vector<size_t>& shape);

}  // namespace ronchi::hw
