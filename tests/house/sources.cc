// Files stay short, and nothing in the repository belongs to one machine or is left undone.
#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <regex>
#include <set>

#include "tests/house/tree.h"

namespace ronchi::house {
namespace {

constexpr size_t kLongFile = 400;     // above: named in the output, ask why
constexpr size_t kTooLongFile = 600;  // above: fails

std::vector<std::string> Everything() {
  // clang-format off
  return {"core", "sim", "theory", "hw", "env", "agents", "experiments", "tests", "bench", "docs",
          "cmake", "scripts", "python", ".ci", "ronchi", "CMakeLists.txt", "CMakePresets.json",
          "README.md", "CHANGELOG.md", "CONTRIBUTING.md"};
  // clang-format on
}

bool IsText(const std::filesystem::path& path) {
  static const std::set<std::string> kExtensions = {".cc", ".h",  ".in",  ".cmake", ".txt",  ".sh",
                                                    ".py", ".md", ".yml", ".yaml",  ".toml", ""};
  return kExtensions.contains(path.extension().string());
}

// What a line should not hold. The words are put together here so that this file passes itself.
std::optional<std::string> Leftover(const std::string& line) {
  static const std::regex kUnfinished(std::string("\\b(TO") + "DO|FIX" + "ME|XX" + "X)\\b");
  static const std::regex kMachinePath(
      "(^|[\\s\"'=:(<])/(home|Users|work|mnt|tmp)/[A-Za-z0-9_.-]+");
  if (std::regex_search(line, kUnfinished)) return "is left undone";
  if (std::regex_search(line, kMachinePath)) return "names a path of one machine";
  return std::nullopt;
}

TEST(Sources, LeftoversOfEveryKindAreFound) {
  const std::string slash = "/";
  const std::string bad[] = {
      std::string("// TO") + "DO(me): later", std::string("x = 1;  // FIX") + "ME",
      "path = \"" + slash + "home/me/data\"", "see " + slash + "work/main/a.txt",
      "-I" + std::string(" ") + slash + "tmp/build"};
  for (const std::string& line : bad) EXPECT_TRUE(Leftover(line)) << line;
  const std::string good[] = {"#include \"core/files.h\"", "ratio a/tmp", "https://host/home/x",
                              "the todo list", "build/release/experiments/ronchi"};
  for (const std::string& line : good) EXPECT_FALSE(Leftover(line)) << line;
}

TEST(Sources, NothingIsLeftOver) {
  const auto sources = ReadTree(Everything(), IsText);
  ASSERT_GT(sources.size(), 30u) << "found no sources below " << RONCHI_SOURCE_DIR;
  for (const Source& source : sources) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      const auto leftover = Leftover(source.lines[i]);
      EXPECT_FALSE(leftover) << source.path << ":" << i + 1 << ": " << *leftover << ": "
                             << source.lines[i];
    }
  }
}

TEST(Sources, FilesAreShort) {
  for (const Source& source :
       ReadTree({"core", "sim", "theory", "hw", "env", "agents", "experiments"}, IsCode)) {
    const size_t lines = source.lines.size();
    EXPECT_LE(lines, kTooLongFile) << source.path;
    if (lines > kLongFile) std::cout << "long: " << source.path << ": " << lines << " lines\n";
  }
}

}  // namespace
}  // namespace ronchi::house
