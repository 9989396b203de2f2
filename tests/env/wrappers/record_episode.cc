#include "env/wrappers/record_episode.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/files.h"
#include "core/storage.h"
#include "env/wrappers/record_pictures.h"
#include "tests/env/wrappers/recorded.h"

namespace ronchi::env {
namespace {

TEST(RecordEpisode, WritesWhatWasSeenAndDone) {
  const RecordFolder folder;
  std::vector<std::vector<float>> rows;
  std::vector<double> rewards, walked;
  {
    RecordEpisode e(CheapEpisodes(4),
                    {.folder = folder.path + "/deep", .name = "walk", .every = 2});
    std::vector<float> row(8);
    for (int episode = 0; episode < 3; ++episode) {  // 0 and 2 are written, 2 not to its end
      ASSERT_TRUE(
          e.ResetInto(episode == 0 ? std::optional<uint64_t>(1) : std::nullopt, {}, row).ok());
      if (episode == 0) rows.push_back(row), walked.push_back(e.info()[1]);
      for (int t = 0; t < (episode == 2 ? 2 : 4); ++t) {
        const auto outcome = e.StepInto(std::vector<float>{0.25f * float(t), 1}, row);
        ASSERT_TRUE(outcome.ok());
        if (episode > 0) continue;
        rows.push_back(row);
        rewards.push_back(outcome->reward);
        walked.push_back(e.info()[1]);
      }
    }
  }
  EXPECT_EQ(folder.files(),
            (std::vector<std::string>{"deep/walk-episode-0.hdf5", "deep/walk-episode-2.hdf5"}));
  const auto file = DataFileReader::Open(folder.path + "/deep/walk-episode-0.hdf5");
  ASSERT_TRUE(file.ok()) << file.status();
  const Array<float> picture = *file->ReadFloat("/root/picture/data");
  const Array<float> position = *file->ReadFloat("/root/position/data");
  EXPECT_EQ(picture.shape(), (std::vector<size_t>{5, 2, 3}));
  EXPECT_EQ(position.shape(), (std::vector<size_t>{5, 2}));
  for (size_t t = 0; t < 5; ++t) {
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(picture[t * 6 + i], rows[t][i]);
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(position[t * 2 + i], rows[t][6 + i]);
  }
  const Array<double> actions = *file->ReadDouble("/episode/actions");
  EXPECT_EQ(actions.shape(), (std::vector<size_t>{4, 2}));
  EXPECT_EQ(actions(3, 0), 0.75);
  EXPECT_EQ(file->ReadDouble("/episode/rewards")->values().size(), 4u);
  EXPECT_TRUE(std::ranges::equal(file->ReadDouble("/episode/rewards")->values(), rewards));
  EXPECT_TRUE(std::ranges::equal(file->ReadDouble("/episode/info/walked")->values(), walked));
  EXPECT_EQ(*file->ReadText("/episode/ended"), "truncated");
  EXPECT_EQ(*file->ReadText("/episode/environment"), "Cheap-v0");
  EXPECT_EQ(file->ReadSignal("position")->units, "nm");
  const auto cut = DataFileReader::Open(folder.path + "/deep/walk-episode-2.hdf5");
  EXPECT_EQ(*cut->ReadText("/episode/ended"), "unfinished");
  EXPECT_EQ(cut->ReadFloat("/root/position/data")->shape()[0], 3u);
}

TEST(RecordEpisode, ARestoredEpisodeIsWrittenWhole) {
  const RecordFolder folder;
  std::vector<float> row(8);
  std::string saved;
  const auto make = [&](const char* name) {
    return std::make_unique<RecordEpisode>(
        CheapEpisodes(6), RecordEpisodeOptions{.folder = folder.path, .name = name});
  };
  const auto go = [&](RecordEpisode& e, int from, int to) {
    for (int t = from; t < to; ++t) {
      ASSERT_TRUE(e.StepInto(std::vector<float>{0.1f * float(t), 1}, row).ok());
    }
  };
  auto a = make("a");
  ASSERT_TRUE(a->ResetInto(1, {}, row).ok());
  go(*a, 0, 3);
  auto b = make("b");
  ASSERT_TRUE(b->Restore(*a->Save()).ok());
  go(*a, 3, 6);
  go(*b, 3, 6);
  const auto x = DataFileReader::Open(folder.path + "/a-episode-0.hdf5");
  const auto y = DataFileReader::Open(folder.path + "/b-episode-0.hdf5");
  ASSERT_TRUE(x.ok() && y.ok());
  for (const char* path : {"/root/picture/data", "/episode/actions", "/episode/rewards"}) {
    EXPECT_EQ(*x->ReadDouble(path), *y->ReadDouble(path)) << path;
  }
}

TEST(RecordEpisode, WhatCannotBeWrittenIsToldAndNoStepIsLost) {
  const RecordFolder folder;
  std::filesystem::create_directories(folder.path);
  std::ofstream(folder.path + "/taken") << "a file";
  std::vector<float> row(8);
  RecordEpisode e(CheapEpisodes(2), {.folder = folder.path + "/taken/below"});
  RecordPictures p(CheapEpisodes(2), {.folder = folder.path + "/taken/below"});
  for (Environment* any : {static_cast<Environment*>(&e), static_cast<Environment*>(&p)}) {
    ASSERT_TRUE(any->ResetInto(1, {}, row).ok());
    for (int t = 0; t < 2; ++t) ASSERT_TRUE(any->StepInto(std::vector<float>{0, 0}, row).ok());
    EXPECT_FALSE(any->ResetInto(1, {}, row).ok());
  }
  EXPECT_TRUE(e.Finish().ok());  // told once
}

}  // namespace
}  // namespace ronchi::env
