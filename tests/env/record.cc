// What the recording wrappers write: HDF5 episodes read back number by number, pictures and GIFs,
// and errors that are told without losing a step.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/files.h"
#include "core/storage.h"
#include "env/wrappers/record_episode.h"
#include "env/wrappers/record_pictures.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::env {
namespace {

using testing_support::CheapFactory;

struct Folder {
  Folder() { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  const std::string path = testing::TempDir() + "ronchi_record_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name();
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) {
        names.push_back(entry.path().lexically_relative(path).generic_string());
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

std::unique_ptr<Environment> Cheap(int steps) {
  return *CheapFactory({.max_episode_steps = steps, .end_probability = 0})(0);
}

TEST(RecordEpisode, WritesWhatWasSeenAndDone) {
  const Folder folder;
  std::vector<std::vector<float>> rows;
  std::vector<double> rewards, walked;
  {
    RecordEpisode e(Cheap(4), {.folder = folder.path + "/deep", .name = "walk", .every = 2});
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
  const Folder folder;
  std::vector<float> row(8);
  std::string saved;
  const auto make = [&](const char* name) {
    return std::make_unique<RecordEpisode>(
        Cheap(6), RecordEpisodeOptions{.folder = folder.path, .name = name});
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

TEST(RecordPictures, WritesASequenceAndAGif) {
  const Folder folder;
  std::vector<float> row(8);
  RecordPictures e(Cheap(3), {.folder = folder.path, .name = "walk"});
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
  const Folder folder;
  std::vector<float> row(8);
  const auto make = [&](const char* name) {
    return std::make_unique<RecordPictures>(
        Cheap(6), RecordPicturesOptions{.folder = folder.path, .name = name, .png = false});
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

TEST(Record, WhatCannotBeWrittenIsToldAndNoStepIsLost) {
  const Folder folder;
  std::filesystem::create_directories(folder.path);
  std::ofstream(folder.path + "/taken") << "a file";
  std::vector<float> row(8);
  RecordEpisode e(Cheap(2), {.folder = folder.path + "/taken/below"});
  RecordPictures p(Cheap(2), {.folder = folder.path + "/taken/below"});
  for (Environment* any : {static_cast<Environment*>(&e), static_cast<Environment*>(&p)}) {
    ASSERT_TRUE(any->ResetInto(1, {}, row).ok());
    for (int t = 0; t < 2; ++t) ASSERT_TRUE(any->StepInto(std::vector<float>{0, 0}, row).ok());
    EXPECT_FALSE(any->ResetInto(1, {}, row).ok());
  }
  EXPECT_TRUE(e.Finish().ok());  // told once
}

}  // namespace
}  // namespace ronchi::env
