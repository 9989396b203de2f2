// What is known of the numbers nobody can read off an instrument: a range for each, by name. The
// twin draws its hidden state from a Prior; a belief narrows it.
#pragma once

#include <map>
#include <string>

#include "core/random.h"
#include "core/status.h"

namespace ronchi::theory {

struct Range {
  double low = 0, high = 0;  // uniform between; equal: known
};

class Prior {
 public:
  Prior() = default;
  explicit Prior(std::map<std::string, Range> ranges) : ranges_(std::move(ranges)) {}
  const std::map<std::string, Range>& ranges() const { return ranges_; }
  // One number a name; each name has a stream of its own, so that a new name does not change the
  // draws of the others.
  std::map<std::string, double> Draw(uint64_t seed, uint64_t environment, uint64_t episode) const;

 private:
  std::map<std::string, Range> ranges_;
};

}  // namespace ronchi::theory
