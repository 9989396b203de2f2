// The characters of a text as UTF-8. Files that we write promise it (JSON, HDF5, HTML), so what
// goes into them is looked at where it comes in.
#pragma once

#include <cstddef>
#include <string_view>

namespace ronchi {

struct Utf8Character {
  size_t bytes = 0;  // 0: none begins there
  char32_t code = 0;
};
// The character that the text begins with (RFC 3629: no overlong forms, no surrogates, up to
// U+10FFFF); of an empty text, none.
Utf8Character FirstUtf8(std::string_view text);

// Where the first byte stands that is no part of valid UTF-8; npos: all of it is.
size_t FindInvalidUtf8(std::string_view text);

}  // namespace ronchi
