#include "core/work_queue.h"

#include <algorithm>
#include <chrono>

#include "core/status.h"

namespace ronchi {
namespace {

// What a thread takes at once: a lock and a wake-up cost a few microseconds.
constexpr double kBlock_s = 30e-6;

}  // namespace

size_t WorkQueue::Ring::Pop() {
  const size_t item = items_[first_];
  first_ = (first_ + 1) % items_.size();
  --size_;
  return item;
}

WorkQueue::WorkQueue(size_t pieces, size_t threads, bool ordered, std::function<void(size_t)> work)
    : work_(std::move(work)),
      thread_count_(std::max<size_t>(1, threads)),
      ordered_(ordered),
      is_under_way_(pieces),
      waiting_(pieces),
      handed_back_(pieces),
      is_done_(pieces) {
  for (size_t i = 0; i < thread_count_; ++i) {
    // Made here, as a thread may begin long after the first pieces are given.
    threads_.push_back(std::make_unique<Background>(
        [this, block = std::vector<size_t>(pieces)]() mutable { Work(block); }));
  }
}

WorkQueue::~WorkQueue() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  given_.notify_all();
  threads_.clear();
}

void WorkQueue::Give(std::span<const size_t> pieces) {
  {
    const std::lock_guard lock(mutex_);
    for (const size_t piece : pieces) {
      RONCHI_CHECK(!is_under_way_[piece]);
      is_under_way_[piece] = 1;
      waiting_.Push(piece);
      if (ordered_) {
        is_done_[piece] = 0;
        handed_back_.Push(piece);
      }
    }
  }
  under_way_ += pieces.size();
  if (pieces.size() == 1) {
    given_.notify_one();
  } else {
    given_.notify_all();
  }
}

bool WorkQueue::IsReady(size_t count) const {
  if (handed_back_.size() < count) return false;
  if (!ordered_) return true;
  for (size_t i = 0; i < count; ++i) {
    if (!is_done_[handed_back_.At(i)]) return false;
  }
  return true;
}

void WorkQueue::Take(std::span<size_t> out) {
  RONCHI_CHECK(out.size() <= under_way_);
  std::unique_lock lock(mutex_);
  wanted_ = out.size();
  done_.wait(lock, [&] { return IsReady(out.size()); });
  wanted_ = 0;
  for (size_t& piece : out) {
    piece = handed_back_.Pop();
    is_under_way_[piece] = 0;
  }
  under_way_ -= out.size();
}

void WorkQueue::Work(std::span<size_t> block) {
  double cost_s = kBlock_s;  // of a piece, smoothed: one at a time until it is known
  std::unique_lock lock(mutex_);
  while (true) {
    given_.wait(lock, [this] { return stop_ || waiting_.size() > 0; });
    if (stop_) return;
    const size_t share = std::max<size_t>(1, waiting_.size() / (2 * thread_count_));
    const size_t n = std::clamp<size_t>(size_t(kBlock_s / cost_s), 1, share);
    for (size_t i = 0; i < n; ++i) block[i] = waiting_.Pop();
    lock.unlock();
    const auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < n; ++i) work_(block[i]);
    const double took_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    cost_s += 0.2 * (std::max(1e-9, took_s / double(n)) - cost_s);
    lock.lock();
    for (size_t i = 0; i < n; ++i) {
      if (ordered_) {
        is_done_[block[i]] = 1;
      } else {
        handed_back_.Push(block[i]);
      }
    }
    if (wanted_ > 0 && IsReady(wanted_)) done_.notify_one();
  }
}

}  // namespace ronchi
