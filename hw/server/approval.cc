#include "hw/server/approval.h"

#include <chrono>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/hash.h"

namespace ronchi::hw {
namespace {

// Not to be foretold by who makes calls, so that no text of theirs can hold the code of one to
// come.
std::string CodeFor(const std::string& call, uint64_t number) {
  static std::random_device entropy;
  const Hash128 hash = HashOf(absl::StrCat(call, "\n", number, "\n", entropy(), entropy()));
  return absl::StrCat(absl::Hex(uint32_t(hash.low) & 0xffffff, absl::kZeroPad6));
}

}  // namespace

bool ApprovalDesk::Ask(const std::string& call) {
  std::string code;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_ || !show_ || words_.size() >= kMostWaiting) return false;
    do {
      code = CodeFor(call, ++asked_);
    } while (words_.contains(code));
    words_[code] = 0;
  }
  show_(call, code);
  std::unique_lock<std::mutex> lock(mutex_);
  heard_.wait_for(lock, std::chrono::duration<double>(wait_s_),
                  [&] { return closed_ || words_[code] != 0; });
  const bool approved = !closed_ && words_[code] == 1;
  words_.erase(code);
  return approved;
}

bool ApprovalDesk::Hear(const std::string& line) {
  const std::string word(absl::StripAsciiWhitespace(line));
  const bool yes = absl::StartsWith(word, "yes "), no = absl::StartsWith(word, "no ");
  if (!yes && !no) return false;
  const std::string code(absl::StripAsciiWhitespace(word.substr(yes ? 4 : 3)));
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto call = words_.find(code);
  if (call == words_.end() || call->second != 0) return false;
  call->second = yes ? 1 : -1;
  heard_.notify_all();
  return true;
}

void ApprovalDesk::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  heard_.notify_all();
}

size_t ApprovalDesk::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return words_.size();
}

}  // namespace ronchi::hw
