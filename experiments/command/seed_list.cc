#include "experiments/command/seed_list.h"

#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ronchi {

absl::StatusOr<std::vector<uint64_t>> ParseSeedList(const std::string& text) {
  constexpr size_t kMost = 100000;
  const auto refused = [&](const std::string& why) {
    return absl::InvalidArgumentError(
        absl::StrCat("--seeds '", text, "': ", why,
                     "; allowed: whole numbers and ranges, as 1000-1099 or 1,2,5-9"));
  };
  std::vector<uint64_t> seeds;
  std::set<uint64_t> known;
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  for (const std::string& part : parts) {
    const std::vector<std::string> ends = absl::StrSplit(part, '-');
    uint64_t first = 0, last = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends[0], &first) ||
        !absl::SimpleAtoi(ends.back(), &last)) {
      return refused(absl::StrCat("'", part, "' is no seed and no range"));
    }
    if (last < first) return refused(absl::StrCat("'", part, "' goes down"));
    if (last - first >= kMost || seeds.size() + (last - first) >= kMost) {
      return refused(absl::StrCat("more than ", kMost));
    }
    for (uint64_t seed = first;; ++seed) {
      if (!known.insert(seed).second) return refused(absl::StrCat(seed, " is there twice"));
      seeds.push_back(seed);
      if (seed == last) break;
    }
  }
  return seeds;
}

}  // namespace ronchi
