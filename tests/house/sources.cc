// Files and functions stay short, and nothing in the repository belongs to one machine or is left
// undone.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "tests/house/function_lengths.h"
#include "tests/house/tree.h"

namespace ronchi::house {
namespace {

constexpr size_t kLongestFile = 400, kLongestFunction = 60;  // lines

const std::vector<std::string> kCode = {"core",  "sim",    "theory",      "hw",
                                        "env",   "agents", "experiments", "python",
                                        "tests", "bench",  "examples"};

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

// The JSON library's errors begin with a name of its own; core/json_error.h tells the rest.
TEST(Sources, ErrorsOfTheJsonLibraryAreToldWithoutItsNames) {
  static const std::regex kCaught("catch \\(const (nlohmann::)?json::[a-z_]+& e\\)");
  size_t caught = 0;
  for (const Source& source : ReadTree({"core", "hw", "env", "agents", "experiments"}, IsCode)) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      if (!std::regex_search(source.lines[i], kCaught)) continue;
      ++caught;
      for (size_t j = i; j < std::min(i + 4, source.lines.size()); ++j) {
        EXPECT_EQ(source.lines[j].find(".what()"), std::string::npos)
            << source.path << ":" << j + 1;
      }
    }
  }
  EXPECT_GT(caught, 10u);  // else they were not found
}

// `X().begin(), X().end()` are the ends of two objects when the function X returns a container by
// value.
std::vector<std::string> EndsOfTwoObjects(const std::vector<Source>& sources) {
  static const std::regex kByValue("^ *std::(vector|string|map|set|array)(<.*>)? (\\w+)\\(");
  static const std::regex kEnds("(?:^|[^\\w.>])((\\w+)\\([^()]*\\))\\.c?begin\\(\\), \\1\\.c?end");
  std::set<std::string> by_value;
  std::smatch m;
  for (const Source& source : sources) {
    for (const std::string& line : source.lines) {
      if (line.find("std::") > 4) continue;
      if (std::regex_search(line, m, kByValue)) by_value.insert(m[3]);
    }
  }
  std::vector<std::string> found;
  for (const Source& source : sources) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      const std::string& line = source.lines[i];
      if (line.find("begin(), ") == std::string::npos) continue;
      if (!std::regex_search(line, m, kEnds) || !by_value.contains(m[2])) continue;
      found.push_back(source.path + ":" + std::to_string(i + 1) + ": " + line);
    }
  }
  return found;
}

TEST(Sources, BothEndsOfARangeAreOfOneObject) {
  const std::string ends = "().begin(), ";
  const std::vector<Source> example = {
      {"a.h", {"std::vector<std::string> Names();", "std::span<const int> Numbers();"}},
      {"a.cc", {"f(Names" + ends + "Names().end());", "f(Numbers" + ends + "Numbers().end());"}}};
  EXPECT_EQ(EndsOfTwoObjects(example), std::vector<std::string>{"a.cc:1: " + example[1].lines[0]});
  EXPECT_EQ(EndsOfTwoObjects(ReadTree(kCode, IsCode)), std::vector<std::string>{});
}

TEST(Sources, FilesAreShort) {
  for (const Source& source : ReadTree(kCode, IsCode)) {
    EXPECT_LE(source.lines.size(), kLongestFile) << source.path;
  }
}

TEST(Sources, FunctionsAreMeasured) {
  const std::string text = R"(
namespace a {
struct Point { double x = 0; };
// void Comment() {
const Point kTable[] = {
    {1},
};
int Short() { return '{'; }
template <class T>
std::vector<T> Long(const T& a,
                    std::map<int, T> b = {}) const {
  const char* text = "}";
  for (const T& x : b) {
    Use([&](int i) {
      return i;
    });
  }
  static const std::vector<Point> kPoints = {
      Point{
          1},
      {2},
  };
  return {
      1};
}
class C {
 public:
  explicit C(int i) : i_(i) {
    ++i_;
  }
  bool operator==(const C& o) const {
    return true;
  }
};
}  // namespace a
)";
  Source source{"a.cc", {}};
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) source.lines.push_back(line);
  std::vector<std::string> found;
  for (const Function& f : FunctionsOf(source)) {
    found.push_back(std::to_string(f.line) + ": " + f.head + ": " + std::to_string(f.lines));
  }
  // 17 lines, of which 4 more in the table and 1 in what is returned.
  EXPECT_EQ(found, (std::vector<std::string>{"8: int Short(: 1",
                                             "9: template <class T> std::vector<T> Long(: 12",
                                             "28: explicit C(: 3", "31: bool operator==(: 3"}));
}

TEST(Sources, FunctionsAreShort) {
  size_t count = 0;
  for (const Source& source : ReadTree(kCode, IsCode)) {
    for (const Function& f : FunctionsOf(source)) {
      ++count;
      EXPECT_LE(f.lines, kLongestFunction) << source.path << ":" << f.line << ": " << f.head;
    }
  }
  EXPECT_GT(count, 5000u);  // else they were not found
}

}  // namespace
}  // namespace ronchi::house
