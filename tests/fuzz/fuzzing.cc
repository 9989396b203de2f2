#include "tests/fuzz/fuzzing.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>

#include "absl/strings/str_cat.h"

// Under the address sanitizer: a file must not make us ask for more than this at once.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=2048:allocator_may_return_null=0:detect_leaks=1";
}

namespace ronchi::testing_support {
namespace fs = std::filesystem;

std::string FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Misbehaviour(const FuzzTarget& target, const std::string& bytes, bool* refused) {
  try {
    const absl::Status status = target.read(bytes);
    *refused = !status.ok();
    if (status.ok()) return "";
    if (status.message().empty()) return "refused without a word";
    return "";
  } catch (const std::bad_alloc&) {
    return "asks for all the memory";
  } catch (const std::exception& e) {
    return absl::StrCat("throws: ", e.what());
  }
}

std::vector<std::string> FilesBelow(const std::string& folder, const std::string& extension,
                                    size_t most_bytes) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(RONCHI_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == extension && entry.file_size() <= most_bytes) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  for (const fs::path& path : paths) files.push_back(FileBytes(path));
  return files;
}

}  // namespace ronchi::testing_support
