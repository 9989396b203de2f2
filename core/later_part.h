// Parts of the build that most people never need are not built with the program, but when they are
// first asked for.
#pragma once

#include <string>

#include "core/status.h"

namespace ronchi {

std::string ProgramFolder();  // where the running program lies
std::string BuildFolder();    // that it is from, if it is from one

struct LaterPart {
  std::string target;  // of the build
  std::string file;    // that it makes
  std::string what;    // "what trains networks"
  std::string cost;    // "some 15 s of a processor"
};

// Makes the part in this build's folder unless its file is there; other builds of the same clone
// wait meanwhile. NotFound: it is not there, and cannot be made.
absl::Status BuildLaterPart(const std::string& build, const LaterPart& part);

}  // namespace ronchi
