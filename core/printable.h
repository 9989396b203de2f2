// Text of others for a terminal: documents, instruments and file names may hold escape sequences
// that move the cursor, recolour, hide or retitle. They are shown, not obeyed.
#pragma once

#include <string>
#include <string_view>

namespace ronchi {

// On one line: control characters (C0 with line ends and tabs, DEL, C1) as \n, \t, \x1b, \u009b;
// characters that turn the direction of writing or end a line (U+200E, U+200F, U+2028 … U+202E,
// U+2066 … U+2069) as \u202e; bytes that are no UTF-8 as \xff. All else as it is.
std::string Printable(std::string_view text);
// The same with line ends and tabs left in place: of texts that are made of lines.
std::string PrintableLines(std::string_view text);

}  // namespace ronchi
