// The name that somebody may have meant who wrote another one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ronchi {

// Letters to be inserted, deleted or replaced (Levenshtein 1966).
size_t EditDistance(std::string_view a, std::string_view b);

// The name at the least such distance, the first of equals; empty when it would take more than two
// letters and more than half of them.
std::string NearestName(std::string_view written, const std::vector<std::string>& names);

// "did you mean 'contracted'? allowed: multislice, contracted", without the question where no name
// is near: what an error says after "…;".
std::string AllowedNames(std::string_view written, const std::vector<std::string>& names);

}  // namespace ronchi
