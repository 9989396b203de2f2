// Images as temscript sends them: {"width", "height", "type": "INT16" …, "endianness": "LITTLE" or
// "BIG", "encoding": "BASE64", "data"}.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "core/array.h"

namespace ronchi::hw::wire {

// [height, width]. InvalidArgument: it is none, or has another shape than `height` × `width`.
// Integers of 32 bits and more, and doubles, lose what a float does not hold.
absl::StatusOr<Array<float>> ImageFromTemscript(const nlohmann::json& image, size_t height,
                                                size_t width);
// As FLOAT32: to the bit. `counts`: [height, width].
nlohmann::json ImageToTemscript(const Array<float>& counts);

}  // namespace ronchi::hw::wire
