#include "experiments/loop/events.h"

#include <algorithm>

namespace ronchi {

EventBus::Subscription::~Subscription() {
  if (bus_) bus_->Remove(id_);
}

EventBus::Subscription EventBus::Subscribe(Subscriber subscriber) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  subscribers_.emplace_back(++next_, std::move(subscriber));
  return Subscription(this, next_);
}

void EventBus::Remove(int id) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  std::erase_if(subscribers_, [id](const auto& one) { return one.first == id; });
}

absl::Status EventBus::Publish(const Event& event) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  absl::Status first;
  const auto subscribers = subscribers_;  // one may come or go meanwhile
  for (const auto& [id, subscriber] : subscribers) {
    const absl::Status status = subscriber(event);
    if (first.ok()) first = status;
  }
  return first;
}

}  // namespace ronchi
