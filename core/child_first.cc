#include "core/child_first.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>

namespace ronchi {
namespace {

size_t AddressSpaceBytes() {
  unsigned long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return size_t(pages) * size_t(sysconf(_SC_PAGESIZE));
}

void LimitThisProcess(const ChildLimits& limits) {
  for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU}) {
    std::signal(signal, SIG_DFL);
  }
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (const size_t now = AddressSpaceBytes(); now > 0) {
    const rlimit memory = {now + limits.memory_bytes, now + limits.memory_bytes};
    setrlimit(RLIMIT_AS, &memory);
  }
  const rlim_t seconds = rlim_t(std::ceil(limits.cpu_s));
  const rlimit cpu = {seconds, seconds + 1};
  setrlimit(RLIMIT_CPU, &cpu);
}

void WriteAll(int fd, const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    at += n;
    size -= size_t(n);
  }
}

[[noreturn]] void BeTheChild(const std::function<absl::Status()>& work, const ChildLimits& limits,
                             int answer) {
  LimitThisProcess(limits);
  absl::Status status;
  try {
    status = work();
  } catch (const std::bad_alloc&) {
    std::raise(SIGKILL);
  }
  const int32_t code = int32_t(status.raw_code());
  WriteAll(answer, &code, sizeof code);
  WriteAll(answer, status.message().data(), status.message().size());
  _exit(0);
}

std::string ReadToEnd(int fd) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return all;
    all.append(buffer, size_t(n));
  }
}

}  // namespace

ChildLimits LimitsOfReading(const std::string& path) {
  std::error_code ec;
  const uintmax_t size = std::filesystem::file_size(path, ec);
  ChildLimits limits;
  if (ec) return limits;
  limits.memory_bytes += 4 * size_t(size);
  limits.cpu_s += 10e-9 * double(size);
  return limits;
}

absl::Status TryInAChild(const std::function<absl::Status()>& work, const std::string& damaged,
                         const ChildLimits& limits) {
  int answer[2];
  if (pipe(answer) != 0) return absl::OkStatus();
  const pid_t child = fork();
  if (child == 0) {
    close(answer[0]);
    BeTheChild(work, limits, answer[1]);
  }
  close(answer[1]);
  const std::string said = child > 0 ? ReadToEnd(answer[0]) : "";
  close(answer[0]);
  if (child < 0) return absl::OkStatus();
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGINT || signal == SIGTERM) return absl::OkStatus();
    return absl::InvalidArgumentError(damaged);
  }
  int32_t code = 0;
  if (said.size() < sizeof code) return absl::InvalidArgumentError(damaged);
  std::memcpy(&code, said.data(), sizeof code);
  return absl::Status(absl::StatusCode(code), said.substr(sizeof code));
}

}  // namespace ronchi
