// Pictures as libpng reads them.
#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <string>
#include <vector>

#include "core/png.h"

namespace ronchi {

struct DecodedPng {
  size_t width = 0, height = 0;
  std::vector<uint8_t> rgb;
  Rgb at(size_t x, size_t y) const {
    const uint8_t* p = &rgb[3 * (y * width + x)];
    return {p[0], p[1], p[2]};
  }
};

inline DecodedPng DecodePng(const std::string& bytes) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()));
  image.format = PNG_FORMAT_RGB;
  DecodedPng out{image.width, image.height, std::vector<uint8_t>(PNG_IMAGE_SIZE(image))};
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, out.rgb.data(), 0, nullptr));
  return out;
}

inline bool SameColour(Rgb a, Rgb b) { return a == b; }

}  // namespace ronchi
