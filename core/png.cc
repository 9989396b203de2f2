#include "core/png.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"

namespace ronchi {
namespace {

uint8_t GammaEncoded(double linear) {
  const double x = std::clamp(linear, 0.0, 1.0);  // IEC 61966-2-1
  const double y = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
  return uint8_t(std::lround(255 * y));
}

// Oklab (Ottosson 2020) in polar form: even steps in lightness look even.
Rgb FromOklch(double lightness, double chroma, double hue_deg) {
  const double hue = hue_deg * std::numbers::pi / 180;
  const double a = chroma * std::cos(hue), b = chroma * std::sin(hue);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {GammaEncoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          GammaEncoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          GammaEncoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

}  // namespace

Rgb MapColour(Colormap colormap, double value) {
  const double t = std::clamp(value, 0.0, 1.0);
  switch (colormap) {
    case Colormap::kGrey: {
      const auto grey = uint8_t(std::lround(255 * t));
      return {grey, grey, grey};
    }
    case Colormap::kSequential:  // chroma bulges in the middle to stay inside sRGB at both ends
      return FromOklch(0.20 + 0.72 * t, 0.07 + 0.05 * std::sin(std::numbers::pi * t) + 0.08 * t,
                       300 - 195 * t);
    case Colormap::kDiverging: {
      const double distance = std::abs(2 * t - 1);
      return FromOklch(0.95 - 0.50 * distance, 0.17 * distance, t < 0.5 ? 258 : 25);
    }
  }
  return {};
}

absl::StatusOr<std::string> EncodePng(size_t width, size_t height, size_t channels,
                                      std::span<const uint8_t> pixels) {
  if (channels != 1 && channels != 3) {
    return absl::InvalidArgumentError(absl::StrCat("png: ", channels, " channels; 1 or 3"));
  }
  if (width == 0 || height == 0 || pixels.size() != width * height * channels) {
    return absl::InvalidArgumentError(absl::StrCat("png: ", pixels.size(), " bytes for ", width,
                                                   " x ", height, " pixels of ", channels));
  }
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = png_uint_32(width);
  image.height = png_uint_32(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr)) {
    return absl::InternalError(absl::StrCat("png: ", image.message));
  }
  bytes.resize(size);
  return bytes;
}

double NiceLength(double limit) {
  const double decade = std::pow(10, std::floor(std::log10(limit)));
  const double lead = limit / decade * (1 + 1e-12);  // round-off must not lose an exact 5
  return decade * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

}  // namespace ronchi
