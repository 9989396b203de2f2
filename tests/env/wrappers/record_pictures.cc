#include "env/wrappers/record_pictures.h"

#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/env/wrappers/recorded.h"

namespace ronchi::env {
namespace {

TEST(RecordPictures, WritesASequenceAndAGif) {
  const RecordFolder folder;
  std::vector<float> row(8);
  RecordPictures e(CheapEpisodes(3), {.folder = folder.path, .name = "walk"});
  ASSERT_TRUE(e.ResetInto(1, {}, row).ok());
  for (int t = 0; t < 3; ++t) ASSERT_TRUE(e.StepInto(std::vector<float>{0, 0}, row).ok());
  ASSERT_TRUE(e.Finish().ok());
  EXPECT_EQ(folder.files(), (std::vector<std::string>{
                                "walk-episode-0.gif", "walk-episode-0/step-0000.png",
                                "walk-episode-0/step-0001.png", "walk-episode-0/step-0002.png",
                                "walk-episode-0/step-0003.png"}));
  const std::string gif = *ReadFile(folder.path + "/walk-episode-0.gif");
  EXPECT_EQ(gif.substr(0, 6), "GIF89a");
  EXPECT_EQ(e.written().size(), 2u);
}

TEST(RecordPictures, ARestoredEpisodeHasTheSameGif) {
  const RecordFolder folder;
  std::vector<float> row(8);
  const auto make = [&](const char* name) {
    return std::make_unique<RecordPictures>(
        CheapEpisodes(6), RecordPicturesOptions{.folder = folder.path, .name = name, .png = false});
  };
  auto a = make("a"), b = make("b");
  const std::vector<float> action = {0.5f, 1};
  ASSERT_TRUE(a->ResetInto(1, {}, row).ok());
  for (int t = 0; t < 3; ++t) ASSERT_TRUE(a->StepInto(action, row).ok());
  ASSERT_TRUE(b->Restore(*a->Save()).ok());
  for (int t = 3; t < 6; ++t) {
    ASSERT_TRUE(a->StepInto(action, row).ok());
    ASSERT_TRUE(b->StepInto(action, row).ok());
  }
  const auto x = ReadFile(folder.path + "/a-episode-0.gif");
  const auto y = ReadFile(folder.path + "/b-episode-0.gif");
  ASSERT_TRUE(x.ok() && y.ok());
  EXPECT_EQ(*x, *y);
}

}  // namespace
}  // namespace ronchi::env
