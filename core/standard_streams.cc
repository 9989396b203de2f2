#include "core/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/files.h"

namespace ronchi {
namespace {

constexpr char kName[] = "standard output";

bool NobodyReads() {
  pollfd fd = {STDOUT_FILENO, POLLOUT, 0};
  return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR);
}

}  // namespace

void OpenStandardStreams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest number that is free: this one.
    (void)!open("/dev/null", O_RDWR);
  }
}

absl::Status FlushStandardOutput() {
  errno = 0;
  const bool failed_before = std::ferror(stdout) != 0;
  const bool fails_now = std::fflush(stdout) != 0;
  if (!failed_before && !fails_now) return absl::OkStatus();
  const int error = errno;
  if (error == EPIPE || NobodyReads()) {
    return absl::CancelledError("standard output: nobody reads it any more");
  }
  if (fails_now && error) return ErrnoStatus(error, kName);
  return absl::DataLossError("standard output: not all of it could be written");
}

}  // namespace ronchi
