// Numbered pieces of work done on other threads and handed back as they become ready, or in the
// order in which they were given. Nothing is allocated after the beginning. For loops that are
// waited for, core/parallel.h is simpler.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/background.h"

namespace ronchi {

class WorkQueue {
 public:
  // `work(i)` for a piece i < `pieces` is called on one of `threads` (at least 1) other threads; no
  // piece is worked on twice at the same time.
  WorkQueue(size_t pieces, size_t threads, bool ordered, std::function<void(size_t)> work);
  ~WorkQueue();  // what has begun is waited for, the rest is dropped
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // The following from one thread at a time.
  // Given and not yet taken.
  size_t under_way() const { return under_way_; }
  bool IsUnderWay(size_t piece) const { return is_under_way_[piece]; }
  // Pieces that are not under way.
  void Give(std::span<const size_t> pieces);
  // Waits for out.size() pieces, at most under_way().
  void Take(std::span<size_t> out);

 private:
  // First in, first out; room for every piece.
  class Ring {
   public:
    explicit Ring(size_t capacity) : items_(capacity) {}
    size_t size() const { return size_; }
    void Push(size_t item) { items_[(first_ + size_++) % items_.size()] = item; }
    size_t Pop();
    size_t At(size_t i) const { return items_[(first_ + i) % items_.size()]; }

   private:
    std::vector<size_t> items_;
    size_t first_ = 0, size_ = 0;
  };
  void Work(std::span<size_t> block);  // block: room for all pieces that it may take at once
  bool IsReady(size_t count) const;

  const std::function<void(size_t)> work_;
  const size_t thread_count_;
  const bool ordered_;
  size_t under_way_ = 0;               // the owner's
  std::vector<uint8_t> is_under_way_;  // the owner's
  std::mutex mutex_;
  std::condition_variable given_, done_;
  Ring waiting_, handed_back_;    // handed_back_: if ordered, all that are under way, as given
  std::vector<uint8_t> is_done_;  // ordered
  size_t wanted_ = 0;             // the owner waits for so many
  bool stop_ = false;
  std::vector<std::unique_ptr<Background>> threads_;  // last: they end before what they use
};

}  // namespace ronchi
