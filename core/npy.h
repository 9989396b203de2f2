// Arrays of numbers in NumPy's file format (.npy, versions 1 to 3: NEP 1), as other programs write
// frames.
#pragma once

#include <string>
#include <string_view>

#include "core/array.h"
#include "core/status.h"

namespace ronchi {

// Integers of 1 to 8 bytes, bool, and floats of 4 and 8 bytes, of either byte order, in C or
// Fortran order. NotFound: no such file. InvalidArgument: no such array, or another length than its
// header says; one line that names the file.
absl::StatusOr<Array<double>> ReadNpy(const std::string& path);
// The same from bytes; `name` stands in errors.
absl::StatusOr<Array<double>> ParseNpy(std::string_view bytes, const std::string& name);

}  // namespace ronchi
