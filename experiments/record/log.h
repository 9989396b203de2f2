// What -v shows: lines on stderr that say what is going on. Silent unless switched on.
#pragma once

#include <string>

namespace ronchi {

void SetVerbose(bool verbose);  // once, at start-up
void Log(const std::string& line);

}  // namespace ronchi
