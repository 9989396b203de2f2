// Runs the built `ronchi` program as a user does: in a folder of its own, both outputs captured.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace ronchi::testing_support {

// A folder that is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ronchi-test-XXXXXX").string();
    if (!mkdtemp(name.data())) ADD_FAILURE() << "cannot make " << name;
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void WriteAll(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Every file and folder below `folder`, relative to it, sorted.
inline std::vector<std::string> Contents(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    names.push_back(std::filesystem::relative(entry.path(), folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Finished {
  int status = -1;  // exit status; 128 + n: killed by signal n
  std::string out, err;
  double seconds = 0;                   // from the signal, if one was sent, else from the start
  double peak_bytes = 0;                // of resident memory
  double cpu_seconds = 0;               // of all its threads
  double cpu_seconds_after_signal = 0;  // likewise; all of it when no signal was sent
  // Lines on stderr but for warnings, which come on lines of their own.
  size_t ErrorLines() const {
    size_t lines = 0;
    for (size_t at = 0; at < err.size();) {
      const size_t end = std::min(err.find('\n', at), err.size());
      if (err.compare(at, 16, "ronchi: warning:") != 0) ++lines;
      at = end + 1;
    }
    return lines;
  }
};

// A program at work.
class Command {
 public:
  // In `folder`, with RONCHI_CACHE inside the build folder, so that FFT plans are made once.
  Command(const std::vector<std::string>& words, const std::filesystem::path& folder)
      : start_(std::chrono::steady_clock::now()) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      Redirect("/dev/null", STDIN_FILENO, O_RDONLY);
      Redirect(streams_ / "out", STDOUT_FILENO, O_CREAT | O_WRONLY | O_TRUNC);
      Redirect(streams_ / "err", STDERR_FILENO, O_CREAT | O_WRONLY | O_TRUNC);
      setenv("RONCHI_CACHE", RONCHI_BINARY_DIR "/test-cache", 0);
      if (chdir(folder.c_str()) == 0) execvp(argv[0], argv.data());
      _exit(127);
    }
  }

  // What it has printed so far.
  std::string OutputSoFar() const { return ReadAll(streams_ / "out"); }
  // What it has said on stderr so far.
  std::string ErrorsSoFar() const { return ReadAll(streams_ / "err"); }
  // Waits (at most a minute) until stderr holds `text`: it is in the middle of that work.
  bool WaitFor(const std::string& text) const {
    for (int i = 0; i < 6000; ++i) {
      if (ErrorsSoFar().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  // Processor time that it has used so far, all threads together, to a hundredth of a second.
  // Unlike the clock's, it does not pass faster on a busy machine. -1 once it has ended.
  double CpuSeconds() const {
    const std::string stat = ReadAll("/proc/" + std::to_string(pid_) + "/stat");
    // Behind the name in brackets: state, eleven numbers, user and system time (proc(5)).
    std::istringstream rest(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::string state, word;
    double user = 0, system = 0;
    rest >> state;
    for (int i = 0; i < 10; ++i) rest >> word;
    rest >> user >> system;
    return !rest || state == "Z" ? -1 : (user + system) / double(sysconf(_SC_CLK_TCK));
  }
  // Waits until it has used so much. False: it ended before.
  bool WaitForCpu(double seconds) const {
    for (double used = CpuSeconds(); used >= 0; used = CpuSeconds()) {
      if (used >= seconds) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }
  void Signal(int number) {
    start_ = std::chrono::steady_clock::now();
    cpu_at_signal_ = std::max(0.0, CpuSeconds());
    kill(pid_, number);
  }
  Finished Wait() {
    int status = 0;
    rusage usage = {};
    wait4(pid_, &status, 0, &usage);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    const auto seconds = [](const timeval& t) {
      return double(t.tv_sec) + 1e-6 * double(t.tv_usec);
    };
    const double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            ReadAll(streams_ / "out"),
            ErrorsSoFar(),
            took.count(),
            double(usage.ru_maxrss) * 1024,
            cpu,
            cpu - cpu_at_signal_};
  }

 private:
  static void Redirect(const std::string& path, int to, int flags) {
    const int fd = open(path.c_str(), flags, 0644);
    if (fd >= 0) dup2(fd, to);
  }
  TemporaryFolder streams_;
  std::chrono::steady_clock::time_point start_;
  pid_t pid_ = -1;
  double cpu_at_signal_ = 0;
};

inline const std::string& RonchiProgram() {
  static const std::string program = RONCHI_BINARY_DIR "/experiments/ronchi";
  return program;
}

inline Finished RunCommand(const std::vector<std::string>& words,
                           const std::filesystem::path& folder) {
  return Command(words, folder).Wait();
}

// `ronchi <words>` in `folder`, to its end.
inline Finished Ronchi(std::vector<std::string> words, const std::filesystem::path& folder) {
  words.insert(words.begin(), RonchiProgram());
  return RunCommand(words, folder);
}

}  // namespace ronchi::testing_support
