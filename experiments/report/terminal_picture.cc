#include "experiments/report/terminal_picture.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/png.h"

namespace ronchi {
namespace {

// The mean over the part of the picture that falls on pixel (x, y) of `width` × `height`.
Rgb Mean(const Array<uint8_t>& picture, size_t x, size_t y, size_t width, size_t height) {
  const size_t rows = picture.shape()[0], columns = picture.shape()[1];
  const size_t top = y * rows / height, bottom = std::max(top + 1, (y + 1) * rows / height);
  const size_t left = x * columns / width, right = std::max(left + 1, (x + 1) * columns / width);
  size_t sum[3] = {};
  for (size_t v = top; v < bottom; ++v) {
    for (size_t u = left; u < right; ++u) {
      for (size_t c = 0; c < 3; ++c) sum[c] += picture[3 * (v * columns + u) + c];
    }
  }
  const size_t n = (bottom - top) * (right - left);
  return {uint8_t((sum[0] + n / 2) / n), uint8_t((sum[1] + n / 2) / n),
          uint8_t((sum[2] + n / 2) / n)};
}

}  // namespace

std::string HalfBlocks(const Array<uint8_t>& picture, size_t columns, size_t rows) {
  if (picture.rank() != 3 || picture.shape()[2] != 3 || picture.empty()) return "";
  const double height = double(picture.shape()[0]), width = double(picture.shape()[1]);
  const double scale = std::min({1.0, double(std::max<size_t>(1, columns)) / width,
                                 double(2 * std::max<size_t>(1, rows)) / height});
  const size_t w = std::max<size_t>(1, size_t(width * scale));
  const size_t h = std::max<size_t>(1, size_t(height * scale));
  std::string text;
  for (size_t y = 0; y < h; y += 2) {
    Rgb ink, ground;
    for (size_t x = 0; x < w; ++x) {
      const Rgb upper = Mean(picture, x, y, w, h);
      const Rgb lower = y + 1 < h ? Mean(picture, x, y + 1, w, h) : upper;
      if (x == 0 || !(upper == ink)) {
        absl::StrAppend(&text, "\x1b[38;2;", upper.r, ";", upper.g, ";", upper.b, "m");
      }
      if (x == 0 || !(lower == ground)) {
        absl::StrAppend(&text, "\x1b[48;2;", lower.r, ";", lower.g, ";", lower.b, "m");
      }
      ink = upper;
      ground = lower;
      text += "▀";
    }
    text += "\x1b[0m\n";
  }
  return text;
}

TerminalSize GetTerminalSize() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

TerminalScreen::TerminalScreen() { std::fputs("\x1b[?25l", stdout); }

TerminalScreen::~TerminalScreen() {
  std::fputs("\x1b[0m\x1b[?25h", stdout);
  std::fflush(stdout);
}

void TerminalScreen::Show(const std::string& lines) {
  if (shown_ > 0) std::printf("\x1b[%zuA\r\x1b[J", shown_);
  std::fputs(lines.c_str(), stdout);
  std::fflush(stdout);
  shown_ = size_t(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace ronchi
