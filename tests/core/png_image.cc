#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/core/decoded_png.h"

namespace ronchi {
namespace {

double Luminance(Rgb c) { return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b; }

// Words stand on a ground of their own where they begin; where they do not fit there are none.
TEST(RenderImage, LabelsStandWhereTheyAreSaidTo) {
  const Array<float> image({60, 40}, 0.5f);
  RenderOptions options{.minimum = 0, .maximum = 1, .upscale = 4};
  const DecodedPng plain = DecodePng(*RenderImage(image, options));
  options.labels = {{.x = 10, .y = 20, .room = 30, .text = "2.5 nm"}};
  const DecodedPng labelled = DecodePng(*RenderImage(image, options));
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
  EXPECT_EQ(DecodePng(*RenderImage(image, options)).rgb, plain.rgb);
  options.labels[0] = {.x = 39, .y = 59, .room = 40, .text = "beyond the edge"};
  EXPECT_TRUE(RenderImage(image, options).ok());
}

TEST(RenderImage, ValuesBecomeGreyLevelsInTheRightPlaces) {
  Array<float> image({2, 3});  // (y, x) or (x, y)
  for (size_t i = 0; i < 6; ++i) image[i] = float(i);
  RenderOptions options;
  options.upscale = 4;
  const DecodedPng rows = DecodePng(*RenderImage(image, options));
  EXPECT_EQ(rows.width, 12u);
  EXPECT_EQ(rows.height, 8u);
  EXPECT_TRUE(SameColour(rows.at(0, 0), {0, 0, 0}));
  EXPECT_TRUE(SameColour(rows.at(11, 0), rows.at(8, 3)));
  EXPECT_NEAR(rows.at(11, 0).r, 255 * 2 / 5., 1);  // rounding to 8 bits
  EXPECT_TRUE(SameColour(rows.at(11, 7), {255, 255, 255}));
  options.first_axis_horizontal = true;
  const DecodedPng columns = DecodePng(*RenderImage(image, options));
  EXPECT_EQ(columns.width, 8u);
  EXPECT_EQ(columns.height, 12u);
  for (size_t y = 0; y < 8; ++y) {
    for (size_t x = 0; x < 12; ++x) EXPECT_TRUE(SameColour(rows.at(x, y), columns.at(y, x)));
  }
}

TEST(RenderImage, MissingValuesAndConstantImages) {
  Array<float> image({2, 2}, 3.0f);
  image[1] = std::numeric_limits<float>::quiet_NaN();
  const DecodedPng out = DecodePng(*RenderImage(image, {.upscale = 1}));
  EXPECT_TRUE(SameColour(out.at(0, 0), {128, 128, 128}));
  EXPECT_TRUE(SameColour(out.at(1, 0), {255, 0, 255}));
  EXPECT_TRUE(RenderImage(Array<float>({2, 2}, NAN), {}).ok());
  image[1] = kNoPicture;
  EXPECT_TRUE(SameColour(DecodePng(*RenderImage(image, {.upscale = 1})).at(1, 0), {24, 28, 34}));
}

// The bar's ink, counted in the picture, times the pixel size is the length that its label names.
TEST(RenderImage, ScaleBarHasTheLengthItSays) {
  const Array<float> image({100, 200}, 0.0f);
  RenderOptions options;
  options.upscale = 3;
  options.pixel_size = 0.13;
  const DecodedPng plain = DecodePng(*RenderImage(image, {.upscale = 3}));
  const DecodedPng out = DecodePng(*RenderImage(image, options));
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
  const DecodedPng out = DecodePng(*RenderImage(image, options));
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
  EXPECT_EQ(DecodePng(*RenderImage(Array<float>({64, 64}), {})).width, 384u);
  EXPECT_EQ(DecodePng(*RenderImage(Array<float>({500, 400}), {})).width, 400u);
  Array<float> stripes({2050, 2050});  // averaged over 3 x 3 blocks: 683 pixels
  for (size_t i = 0; i < stripes.size(); ++i) stripes[i] = float(i % 2050 % 3);
  const DecodedPng out = DecodePng(*RenderImage(stripes, {.minimum = 0, .maximum = 2}));
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
