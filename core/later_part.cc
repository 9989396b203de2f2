#include "core/later_part.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

// cmake's words go to stderr: stdout is for results.
void Build(const fs::path& build, const std::string& target) {
  const std::string lock = build.parent_path() / ".lock", folder = build;
  const char* const words[] = {"flock",        lock.c_str(), "cmake",        "--build",
                               folder.c_str(), "--target",   target.c_str(), nullptr};
  posix_spawn_file_actions_t to_stderr;
  posix_spawn_file_actions_init(&to_stderr);
  posix_spawn_file_actions_adddup2(&to_stderr, STDERR_FILENO, STDOUT_FILENO);
  pid_t child;
  if (posix_spawnp(&child, words[0], &to_stderr, nullptr, const_cast<char**>(words), environ) ==
      0) {
    waitpid(child, nullptr, 0);  // whatever came of it, the file is there or not
  }
  posix_spawn_file_actions_destroy(&to_stderr);
}

}  // namespace

std::string ProgramFolder() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path();
}

std::string BuildFolder() { return fs::path(ProgramFolder()).parent_path(); }

absl::Status BuildLaterPart(const std::string& build, const LaterPart& part) {
  std::error_code ec;
  if (fs::exists(part.file, ec)) return absl::OkStatus();
  if (fs::exists(build + "/build.ninja", ec)) {
    std::fprintf(stderr, "ronchi: building %s, once: %s\n", part.what.c_str(), part.cost.c_str());
    Build(build, part.target);
  }
  if (fs::exists(part.file, ec)) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(part.file, ": not built; it is the target ", part.target, " of Ronchi's build"));
}

}  // namespace ronchi
