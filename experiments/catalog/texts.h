// Lists of texts in a config.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace ronchi {

// The list of texts below `key`; `standard` where there is none.
std::vector<std::string> ReadTexts(ConfigReader* reader, const std::string& key,
                                   const std::vector<std::string>& standard);

}  // namespace ronchi
