// A picture as text for terminals with 24-bit colours: the upper half block, its ink the upper and
// its ground the lower of two pixels.
#pragma once

#include <string>

#include "core/array.h"

namespace ronchi {

// [height, width, 3], averaged down (never up) to at most `columns` characters by `rows` lines with
// its proportions kept (a character is twice as high as wide). Lines end in "\n"; colours are reset
// before.
std::string HalfBlocks(const Array<uint8_t>& picture, size_t columns, size_t rows);

struct TerminalSize {
  size_t columns = 80, rows = 24;
};
// Of the terminal on stdout; 80 × 24 where it does not tell.
TerminalSize GetTerminalSize();

// Pictures one over the other, without the cursor; it comes back at the end, whatever the end.
class TerminalScreen {
 public:
  TerminalScreen();
  ~TerminalScreen();
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;
  // Overwrites what was shown before.
  void Show(const std::string& lines);

 private:
  size_t shown_ = 0;  // lines
};

}  // namespace ronchi
