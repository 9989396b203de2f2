// Animated GIF: read back by the library, pixel by pixel.
#include "core/gif.h"

#include <gif_lib.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/random.h"

namespace ronchi {
namespace {

struct Reading {
  const std::string* bytes;
  size_t at = 0;
};
int Read(GifFileType* file, GifByteType* to, int size) {
  auto* r = static_cast<Reading*>(file->UserData);
  const size_t n = std::min(size_t(size), r->bytes->size() - r->at);
  std::memcpy(to, r->bytes->data() + r->at, n);
  r->at += n;
  return int(n);
}

struct Decoded {
  std::vector<Array<uint8_t>> frames;
  std::vector<int> delays_ms;
};
Decoded Decode(const std::string& bytes) {
  Reading reading{&bytes};
  int error = 0;
  GifFileType* file = DGifOpen(&reading, Read, &error);
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(DGifSlurp(file), GIF_OK);
  Decoded out;
  for (int i = 0; i < file->ImageCount; ++i) {
    const SavedImage& image = file->SavedImages[i];
    Array<uint8_t> frame({size_t(file->SHeight), size_t(file->SWidth), 3});
    for (size_t k = 0; k < frame.size() / 3; ++k) {
      const GifColorType c = image.ImageDesc.ColorMap->Colors[image.RasterBits[k]];
      frame[3 * k] = c.Red, frame[3 * k + 1] = c.Green, frame[3 * k + 2] = c.Blue;
    }
    out.frames.push_back(std::move(frame));
    GraphicsControlBlock control;
    EXPECT_EQ(DGifSavedExtensionToGCB(file, i, &control), GIF_OK);
    out.delays_ms.push_back(control.DelayTime * 10);
  }
  DGifCloseFile(file, &error);
  return out;
}

Array<uint8_t> Noise(size_t height, size_t width, uint64_t seed, uint64_t levels) {
  RandomStream stream({.seed = seed, .name = "gif"});
  Array<uint8_t> frame({height, width, 3});
  for (uint8_t& v : frame) v = uint8_t(stream.Below(levels) * 255 / (levels - 1));
  return frame;
}

TEST(Gif, UpTo256ColoursSurviveExactly) {
  std::vector<Array<uint8_t>> frames;
  for (uint64_t i = 0; i < 4; ++i) frames.push_back(Noise(13, 17, i, i + 2));  // ≤ 125 colours
  Array<uint8_t> flat({13, 17, 3}, 9);
  frames.push_back(flat);
  auto gif = *GifWriter::Create(17, 13, 80);
  for (const auto& frame : frames) ASSERT_TRUE(gif.Add(frame).ok());
  const std::string bytes = *gif.Finish();
  const Decoded read = Decode(bytes);
  EXPECT_EQ(read.frames, frames);
  EXPECT_EQ(read.delays_ms, std::vector<int>(5, 80));
  EXPECT_NE(bytes.find("NETSCAPE2.0"), std::string::npos);
}

// 256 greys and a coloured mark: one bit is dropped, so that nothing is off by more than 1. All
// colours at once: six bits, 64 levels apart, and means at most 63 off.
TEST(Gif, MoreColoursAreRoundedAsLittleAsNeeded) {
  Array<uint8_t> grey({16, 32, 3});
  for (size_t k = 0; k < 512; ++k)
    grey[3 * k] = grey[3 * k + 1] = grey[3 * k + 2] = uint8_t(k % 256);
  grey[0] = 200;
  auto a = *GifWriter::Create(32, 16, 100);
  ASSERT_TRUE(a.Add(grey).ok());
  const Array<uint8_t> back = Decode(*a.Finish()).frames.at(0);
  for (size_t i = 0; i < grey.size(); ++i) EXPECT_LE(std::abs(int(back[i]) - int(grey[i])), 1);
  const Array<uint8_t> wild = Noise(64, 64, 1, 256);
  auto b = *GifWriter::Create(64, 64, 100);
  ASSERT_TRUE(b.Add(wild).ok());
  const Array<uint8_t> rough = Decode(*b.Finish()).frames.at(0);
  for (size_t i = 0; i < wild.size(); ++i) EXPECT_LE(std::abs(int(rough[i]) - int(wild[i])), 63);
}

TEST(Gif, GoesOnAfterResume) {
  auto whole = *GifWriter::Create(9, 7, 50);
  auto half = *GifWriter::Create(9, 7, 50);
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(whole.Add(Noise(7, 9, i, 3)).ok());
    ASSERT_TRUE(half.Add(Noise(7, 9, i, 3)).ok());
  }
  auto rest = *GifWriter::Resume(9, 7, 50, half.so_far());
  for (uint64_t i = 3; i < 6; ++i) {
    ASSERT_TRUE(whole.Add(Noise(7, 9, i, 3)).ok());
    ASSERT_TRUE(rest.Add(Noise(7, 9, i, 3)).ok());
  }
  EXPECT_EQ(*rest.Finish(), *whole.Finish());
  EXPECT_TRUE(absl::IsInvalidArgument(GifWriter::Resume(9, 8, 50, half.so_far()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GifWriter::Resume(9, 7, 50, "").status()));
}

TEST(Gif, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(absl::IsInvalidArgument(GifWriter::Create(0, 4, 10).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GifWriter::Create(4, 70000, 10).status()));
  auto gif = *GifWriter::Create(4, 5, 10);
  EXPECT_TRUE(absl::IsInvalidArgument(gif.Add(Array<uint8_t>({4, 5, 3}))));
  EXPECT_TRUE(absl::IsInvalidArgument(gif.Add(Array<uint8_t>({5, 4, 1}))));
  EXPECT_TRUE(gif.Add(Array<uint8_t>({5, 4, 3})).ok());
}  // not finished: nothing leaks

}  // namespace
}  // namespace ronchi
