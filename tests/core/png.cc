#include "core/png.h"

#include <gtest/gtest.h>
#include <png.h>

#include <cmath>
#include <limits>

namespace ronchi {
namespace {

struct Decoded {
  size_t width = 0, height = 0;
  std::vector<uint8_t> rgb;
  Rgb at(size_t x, size_t y) const {
    const uint8_t* p = &rgb[3 * (y * width + x)];
    return {p[0], p[1], p[2]};
  }
};

Decoded Decode(const std::string& bytes) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()));
  image.format = PNG_FORMAT_RGB;
  Decoded out{image.width, image.height, std::vector<uint8_t>(PNG_IMAGE_SIZE(image))};
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, out.rgb.data(), 0, nullptr));
  return out;
}

bool SameColour(Rgb a, Rgb b) { return a == b; }
double Luminance(Rgb c) { return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b; }

TEST(Png, PixelsSurvive) {
  std::vector<uint8_t> pixels(5 * 3 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = uint8_t(i * 5);
  const auto colour = EncodePng(5, 3, 3, pixels);
  ASSERT_TRUE(colour.ok());
  const Decoded out = Decode(*colour);
  EXPECT_EQ(out.width, 5u);
  EXPECT_EQ(out.height, 3u);
  EXPECT_EQ(out.rgb, pixels);
  EXPECT_EQ(*colour, *EncodePng(5, 3, 3, pixels));

  const auto grey = EncodePng(9, 5, 1, pixels);
  ASSERT_TRUE(grey.ok());
  EXPECT_TRUE(SameColour(Decode(*grey).at(2, 1), {pixels[11], pixels[11], pixels[11]}));
}

TEST(Png, RefusesWhatDoesNotFit) {
  const std::vector<uint8_t> pixels(12);
  EXPECT_TRUE(absl::IsInvalidArgument(EncodePng(2, 2, 2, pixels).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(EncodePng(2, 3, 3, pixels).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(EncodePng(0, 3, 3, {}).status()));
}

// Words stand on a ground of their own where they begin; where they do not fit there are none.
TEST(RenderImage, LabelsStandWhereTheyAreSaidTo) {
  const Array<float> image({60, 40}, 0.5f);
  RenderOptions options{.minimum = 0, .maximum = 1, .upscale = 4};
  const Decoded plain = Decode(*RenderImage(image, options));
  options.labels = {{.x = 10, .y = 20, .room = 30, .text = "2.5 nm"}};
  const Decoded labelled = Decode(*RenderImage(image, options));
  size_t first_x = labelled.width, first_y = labelled.height, last_x = 0, changed = 0;
  for (size_t y = 0; y < labelled.height; ++y) {
    for (size_t x = 0; x < labelled.width; ++x) {
      if (SameColour(labelled.at(x, y), plain.at(x, y))) continue;
      first_x = std::min(first_x, x);
      first_y = std::min(first_y, y);
      last_x = std::max(last_x, x);
      ++changed;
    }
  }
  EXPECT_EQ(first_x, 40u);  // four output pixels an image pixel
  EXPECT_EQ(first_y, 80u);
  EXPECT_LT(last_x, 4u * (10 + 30));
  EXPECT_GT(changed, 100u);
  options.labels[0].room = 3;
  EXPECT_EQ(Decode(*RenderImage(image, options)).rgb, plain.rgb);
  options.labels[0] = {.x = 39, .y = 59, .room = 40, .text = "beyond the edge"};
  EXPECT_TRUE(RenderImage(image, options).ok());
}

TEST(RenderImage, ValuesBecomeGreyLevelsInTheRightPlaces) {
  Array<float> image({2, 3});  // (y, x) or (x, y)
  for (size_t i = 0; i < 6; ++i) image[i] = float(i);
  RenderOptions options;
  options.upscale = 4;
  const Decoded rows = Decode(*RenderImage(image, options));
  EXPECT_EQ(rows.width, 12u);
  EXPECT_EQ(rows.height, 8u);
  EXPECT_TRUE(SameColour(rows.at(0, 0), {0, 0, 0}));
  EXPECT_TRUE(SameColour(rows.at(11, 0), rows.at(8, 3)));
  EXPECT_NEAR(rows.at(11, 0).r, 255 * 2 / 5., 1);  // rounding to 8 bits
  EXPECT_TRUE(SameColour(rows.at(11, 7), {255, 255, 255}));
  options.first_axis_horizontal = true;
  const Decoded columns = Decode(*RenderImage(image, options));
  EXPECT_EQ(columns.width, 8u);
  EXPECT_EQ(columns.height, 12u);
  for (size_t y = 0; y < 8; ++y) {
    for (size_t x = 0; x < 12; ++x) EXPECT_TRUE(SameColour(rows.at(x, y), columns.at(y, x)));
  }
}

TEST(RenderImage, MissingValuesAndConstantImages) {
  Array<float> image({2, 2}, 3.0f);
  image[1] = std::numeric_limits<float>::quiet_NaN();
  const Decoded out = Decode(*RenderImage(image, {.upscale = 1}));
  EXPECT_TRUE(SameColour(out.at(0, 0), {128, 128, 128}));
  EXPECT_TRUE(SameColour(out.at(1, 0), {255, 0, 255}));
  EXPECT_TRUE(RenderImage(Array<float>({2, 2}, NAN), {}).ok());
  image[1] = kNoPicture;
  EXPECT_TRUE(SameColour(Decode(*RenderImage(image, {.upscale = 1})).at(1, 0), {24, 28, 34}));
}

// The bar's ink, counted in the picture, times the pixel size is the length that its label names.
TEST(RenderImage, ScaleBarHasTheLengthItSays) {
  const Array<float> image({100, 200}, 0.0f);
  RenderOptions options;
  options.upscale = 3;
  options.pixel_size = 0.13;
  const Decoded plain = Decode(*RenderImage(image, {.upscale = 3}));
  const Decoded out = Decode(*RenderImage(image, options));
  ASSERT_GT(out.height, plain.height);
  size_t longest = 0;
  for (size_t y = plain.height; y < out.height; ++y) {
    size_t run = 0;
    for (size_t x = 0; x < out.width; ++x) {
      run = Luminance(out.at(x, y)) > 200 ? run + 1 : 0;
      longest = std::max(longest, run);
    }
  }
  const double length = NiceLength(0.35 * 200 * 0.13);
  EXPECT_EQ(length, 5);
  EXPECT_NEAR(double(longest) / 3 * 0.13, length, 0.5 / 3 * 0.13 + 1e-9);  // half a pixel
}

TEST(RenderImage, ColourBarShowsBothEndsOfTheMap) {
  const Array<float> image({40, 200}, 0.5f);
  RenderOptions options;
  options.colormap = Colormap::kSequential;
  options.minimum = 0;
  options.maximum = 1;
  options.colour_bar = true;
  options.pixel_size = 1;
  options.upscale = 3;
  const Decoded out = Decode(*RenderImage(image, options));
  bool low = false, high = false;
  for (size_t y = 120; y < out.height; ++y) {
    for (size_t x = 0; x < out.width; ++x) {
      low |= SameColour(out.at(x, y), MapColour(Colormap::kSequential, 0.5 / 64));
      high |= SameColour(out.at(x, y), MapColour(Colormap::kSequential, 63.5 / 64));
    }
  }
  EXPECT_TRUE(low);
  EXPECT_TRUE(high);
}

TEST(RenderImage, AutomaticSizes) {
  EXPECT_EQ(Decode(*RenderImage(Array<float>({64, 64}), {})).width, 384u);
  EXPECT_EQ(Decode(*RenderImage(Array<float>({500, 400}), {})).width, 400u);
  Array<float> stripes({2050, 2050});  // averaged over 3 x 3 blocks: 683 pixels
  for (size_t i = 0; i < stripes.size(); ++i) stripes[i] = float(i % 2050 % 3);
  const Decoded out = Decode(*RenderImage(stripes, {.minimum = 0, .maximum = 2}));
  EXPECT_EQ(out.width, 683u);
  EXPECT_TRUE(SameColour(out.at(5, 5), {128, 128, 128}));
}

TEST(RenderImage, RefusesWhatIsNoImage) {
  EXPECT_TRUE(absl::IsInvalidArgument(RenderImage(Array<float>({2, 2, 2}), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RenderImage(Array<float>({0, 2}), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      RenderImage(Array<float>({2, 2}), {.minimum = 1, .maximum = 0}).status()));
}

// What makes a map honest: lightness rises all the way, evenly to within a factor of two.
TEST(Colormap, LightnessRisesEvenly) {
  const auto lightness = [](double t) {
    return std::cbrt(Luminance(MapColour(Colormap::kSequential, t)) / 255);  // about, before gamma
  };
  const double mean = (lightness(1) - lightness(0)) / 32;
  for (int i = 0; i < 32; ++i) {
    const double step = lightness((i + 1) / 32.0) - lightness(i / 32.0);
    EXPECT_GT(step, 0.4 * mean) << i;
    EXPECT_LT(step, 2.5 * mean) << i;
  }
  for (double d : {0.1, 0.3, 0.5}) {  // both arms are equally far from the pale middle
    EXPECT_NEAR(Luminance(MapColour(Colormap::kDiverging, 0.5 - d)),
                Luminance(MapColour(Colormap::kDiverging, 0.5 + d)), 30);
  }
}

TEST(NiceLength, IsTheLargestOneTwoFive) {
  EXPECT_DOUBLE_EQ(NiceLength(1), 1);
  EXPECT_DOUBLE_EQ(NiceLength(4.99), 2);
  EXPECT_DOUBLE_EQ(NiceLength(0.05), 0.05);
  EXPECT_DOUBLE_EQ(NiceLength(730), 500);
}

}  // namespace
}  // namespace ronchi
