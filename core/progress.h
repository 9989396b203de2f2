// Progress of long work on stderr: a bar on a terminal, a plain line every tenth elsewhere,
// nothing when switched off. Safe to call from several threads.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

namespace ronchi {

class Progress {
 public:
  enum class Style { kAuto, kBar, kLines, kOff };
  // Set once by the command line (kOff under --json or -q).
  static void SetStyle(Style style);
  // A line of its own, e.g. that something is waited for. Nothing when switched off.
  static void Say(const std::string& line);

  Progress(std::string label, size_t total);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `note` stands behind the bar, e.g. the best value so far.
  void Tick(size_t items = 1, const std::string& note = "");

 private:
  void Draw(size_t done, const std::string& note);
  const std::string label_;
  const size_t total_;
  std::atomic<size_t> done_ = 0;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point start_, last_;
  size_t lines_ = 0;
  size_t last_note_ = 0;
  bool drawn_ = false;
};

}  // namespace ronchi
