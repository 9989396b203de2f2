#include "core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/printable.h"

namespace ronchi {
namespace {
Progress::Style g_style = Progress::Style::kAuto;
Progress::Style Resolved() {
  if (g_style != Progress::Style::kAuto) return g_style;
  return isatty(STDERR_FILENO) ? Progress::Style::kBar : Progress::Style::kLines;
}
}  // namespace

void Progress::SetStyle(Style style) { g_style = style; }

void Progress::Say(const std::string& line) {
  if (g_style != Style::kOff) std::fprintf(stderr, "%s\n", PrintableLines(line).c_str());
}

Progress::Progress(std::string label, size_t total)
    : label_(std::move(label)),
      total_(std::max<size_t>(1, total)),
      start_(std::chrono::steady_clock::now()),
      last_(start_ - std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (drawn_ && Resolved() == Style::kBar) std::fprintf(stderr, "\n");
}

void Progress::Tick(size_t items, const std::string& note) {
  const size_t done = done_ += items;
  const Style style = Resolved();
  if (style == Style::kOff) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (style == Style::kLines) {
    const size_t tenth = done * 10 / total_;
    if (tenth > lines_) {
      lines_ = tenth;
      std::fprintf(stderr, "%s: %zu of %zu%s%s\n", label_.c_str(), done, total_,
                   note.empty() ? "" : "  ", note.c_str());
    }
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (done < total_ && now - last_ < std::chrono::milliseconds(80)) return;
  last_ = now;
  Draw(std::min(done, total_), note);
}

void Progress::Draw(size_t done, const std::string& note) {
  constexpr int kWidth = 24;
  const int filled = int(done * kWidth / total_);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "·";
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double left = done > 0 ? elapsed * double(total_ - done) / double(done) : 0;
  const std::string tail =
      note + std::string(note.size() < last_note_ ? last_note_ - note.size() : 0, ' ');
  last_note_ = note.size();
  std::fprintf(stderr, "\r%-14s %s %zu/%zu  %.0f s left  %s", label_.c_str(), bar.c_str(), done,
               total_, left, tail.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace ronchi
