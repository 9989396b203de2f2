// The project's own sources, for the tests of the house rules.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ronchi::house {

struct Source {
  std::string path;  // from the root: "sim/physics/constants.h"
  std::vector<std::string> lines;
};

inline bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

inline bool IsCode(const std::filesystem::path& path) {
  const std::string extension = path.extension();
  return extension == ".cc" || extension == ".h" || extension == ".in";
}

// Files below these folders of the source tree that `wanted` accepts, by path. A name may also be
// a file's; what does not exist is passed over.
template <class Wanted>
std::vector<Source> ReadTree(const std::vector<std::string>& names, Wanted wanted) {
  const std::filesystem::path root = RONCHI_SOURCE_DIR;
  std::vector<Source> sources;
  const auto read = [&](const std::filesystem::path& path) {
    Source source{path.lexically_relative(root).generic_string(), {}};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) source.lines.push_back(line);
    sources.push_back(std::move(source));
  };
  for (const std::string& name : names) {
    if (std::filesystem::is_regular_file(root / name)) read(root / name);
    if (!std::filesystem::is_directory(root / name)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / name)) {
      if (entry.is_regular_file() && wanted(entry.path())) read(entry.path());
    }
  }
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return a.path < b.path; });
  return sources;
}

}  // namespace ronchi::house
