// Short episodes, and a folder for what is written of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/cheap_environment.h"

namespace ronchi::env {

struct RecordFolder {
  RecordFolder() { std::filesystem::remove_all(path); }
  ~RecordFolder() { std::filesystem::remove_all(path); }
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

inline std::unique_ptr<Environment> CheapEpisodes(int steps) {
  return *testing_support::CheapFactory({.max_episode_steps = steps, .end_probability = 0})(0);
}

}  // namespace ronchi::env
