#include "core/nearest.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ronchi {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

std::string NearestName(std::string_view written, const std::vector<std::string>& names) {
  const auto nearest = std::min_element(
      names.begin(), names.end(), [written](const std::string& a, const std::string& b) {
        return EditDistance(a, written) < EditDistance(b, written);
      });
  const size_t most = std::max<size_t>(2, written.size() / 2);
  if (written.empty() || nearest == names.end()) return "";
  return EditDistance(*nearest, written) <= most ? *nearest : "";
}

std::string AllowedNames(std::string_view written, const std::vector<std::string>& names) {
  const std::string nearest = NearestName(written, names);
  const std::string question =
      nearest.empty() ? "" : absl::StrCat("did you mean '", nearest, "'? ");
  return absl::StrCat(question, "allowed: ", absl::StrJoin(names, ", "));
}

}  // namespace ronchi
