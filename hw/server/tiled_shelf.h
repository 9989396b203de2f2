// The latest images of an instrument, by key, for whoever fetches them over HTTP as from a Tiled
// server (github.com/bluesky/tiled): GET /api/v1/metadata/KEY, /api/v1/array/full/KEY.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "core/array.h"
#include "hw/server/session.h"

namespace ronchi::hw {

struct TiledShelfOptions {
  size_t most_images = 256;
  size_t most_bytes = 256 << 20;  // beyond either the oldest goes, but never the latest
};

// Threads: any.
class TiledShelf {
 public:
  explicit TiledShelf(const TiledShelfOptions& options = {});
  // The key, which no other image has had, also of a server that ran before.
  std::string Put(Array<float> image);
  std::shared_ptr<const Array<float>> Find(const std::string& key) const;  // null: there is none
  std::shared_ptr<const Array<float>> latest() const;

 private:
  const TiledShelfOptions options_;
  const std::string stem_;
  mutable std::mutex mutex_;
  uint64_t put_ = 0;
  size_t bytes_ = 0;
  std::deque<std::pair<std::string, std::shared_ptr<const Array<float>>>> images_;
};

Protocol TiledProtocol(std::shared_ptr<const TiledShelf> shelf);

}  // namespace ronchi::hw
