// What the JSON library found wrong, for people: without the library's own name of the error.
#pragma once

#include <exception>
#include <string>

namespace ronchi {

// "[json.exception.out_of_range.403] key 'a' not found" is "key 'a' not found", on one line of
// printable characters (core/printable.h): the text may quote a file.
std::string JsonError(const std::exception& error);

}  // namespace ronchi
