// main() of a test program of several files (ronchi_tests of cmake/RonchiTargets.cmake):
// --file=<folder>/<name>.cc runs the tests that stand in that file, and no others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace {

// The names of a file's tests as a filter of GoogleTest's; empty if there are none.
std::string TestsOf(const std::string& file) {
  const std::string ending = "/" + file;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  std::string filter;
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo& test = *suite.GetTestInfo(j);
      const std::string path = std::string("/") + test.file();
      if (path.size() < ending.size() ||
          path.compare(path.size() - ending.size(), ending.size(), ending) != 0) {
        continue;
      }
      if (!filter.empty()) filter += ':';
      filter.append(suite.name()).append(".").append(test.name());
    }
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  constexpr char kFile[] = "--file=";
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kFile, std::strlen(kFile)) != 0) {
      std::fprintf(stderr, "%s is no option of this program\n", argv[i]);
      return 2;
    }
    const std::string file = argv[i] + std::strlen(kFile), tests = TestsOf(file);
    if (tests.empty()) {
      std::fprintf(stderr, "%s has no tests\n", file.c_str());
      return 1;
    }
    testing::GTEST_FLAG(filter) = tests;
  }
  return RUN_ALL_TESTS();
}
