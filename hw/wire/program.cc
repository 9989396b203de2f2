#include "hw/wire/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/printable.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::wire {
namespace {

// How the new process differs from this one.
class SpawnRules {
 public:
  SpawnRules(int socket, const std::string& folder) {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_adddup2(&files_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files_, socket, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&files_, folder.c_str());
    sigset_t none, standard;
    sigemptyset(&none);
    sigfillset(&standard);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &standard);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnRules() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnRules(const SpawnRules&) = delete;
  SpawnRules& operator=(const SpawnRules&) = delete;
  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

// For people, in a line.
std::string NameOf(const std::vector<std::string>& command) {
  constexpr size_t kLongest = 100;
  const std::string name = absl::StrJoin(command, " ");
  if (name.size() <= kLongest) return Printable(name);
  return Printable(name.substr(0, kLongest)) + " …";
}

class Program final : public Endpoint {
 public:
  Program(const ProgramOptions& options, pid_t pid, Descriptor socket)
      : name_(NameOf(options.command)),
        end_s_(options.end_s),
        pid_(pid),
        socket_(std::move(socket)) {}
  ~Program() override {
    socket_ = Descriptor();
    if (Ended(end_s_)) return;
    kill(-pid_, SIGTERM);  // all of its group
    if (Ended(1)) return;
    kill(-pid_, SIGKILL);
    (void)Ended(1);
  }

  const std::string& name() const override { return name_; }
  bool many() const override { return false; }
  absl::StatusOr<std::unique_ptr<Connection>> Connect(double within_s) override {
    if (!socket_.is_open()) {
      const std::string fate = Fate();
      // Trying again would not bring back the state that it had.
      return MakeError(
          {ErrorKind::kHardware,
           absl::StrCat(name_, ": the link to the program is lost", fate.empty() ? "" : ": ", fate,
                        "; whether the beam is blanked is not known"),
           "look at the instrument; it is not started a second time"});
    }
    return std::make_unique<Connection>(Stream(std::move(socket_)));
  }
  std::string Fate() override {
    if (!Ended(0.2)) return "";  // its end is seen a little later than its silence
    if (WIFSIGNALED(*status_)) return absl::StrCat("it was killed by signal ", WTERMSIG(*status_));
    return absl::StrCat("it ended with status ", WEXITSTATUS(*status_));
  }

 private:
  bool Ended(double within_s) {
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::duration<double>(within_s);
    while (!status_) {
      int status = 0;
      const pid_t got = waitpid(pid_, &status, WNOHANG);
      if (got == pid_ || (got < 0 && errno == ECHILD)) {
        status_ = status;
      } else if (Clock::now() >= until) {
        return false;
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }
    return true;
  }

  const std::string name_;
  const double end_s_;
  const pid_t pid_;
  Descriptor socket_;  // until it is given out
  std::optional<int> status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Endpoint>> StartProgram(const ProgramOptions& options) {
  if (options.command.empty()) return absl::InvalidArgumentError("a program is needed");
  std::error_code ec;
  if (!options.folder.empty() && !std::filesystem::is_directory(options.folder, ec)) {
    return absl::NotFoundError(absl::StrCat(options.folder, ": no such folder"));
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::UnavailableError(absl::StrCat("no pair of sockets: ", std::strerror(errno)));
  }
  Descriptor ours(ends[0]);
  const Descriptor theirs(ends[1]);
  std::vector<char*> argv;
  for (const std::string& word : options.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const SpawnRules rules(theirs.value(), options.folder);
  pid_t pid = 0;
  const int failed =
      posix_spawnp(&pid, argv[0], rules.files(), rules.attributes(), argv.data(), environ);
  if (failed != 0) {
    return absl::NotFoundError(
        absl::StrCat("cannot start '", options.command[0], "': ", std::strerror(failed)));
  }
  return std::make_unique<Program>(options, pid, std::move(ours));
}

}  // namespace ronchi::hw::wire
