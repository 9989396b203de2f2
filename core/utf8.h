// Is a text UTF-8? Files that we write promise it (JSON, HDF5, HTML), so what goes into them is
// looked at where it comes in.
#pragma once

#include <cstddef>
#include <string_view>

namespace ronchi {

// Where the first byte stands that is no part of valid UTF-8 (RFC 3629: no overlong forms, no
// surrogates, up to U+10FFFF); npos: all of it is.
size_t FindInvalidUtf8(std::string_view text);

}  // namespace ronchi
