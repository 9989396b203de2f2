// What is wrong with a document, finding by finding, as one absl::Status: its message is the first
// finding, so that whoever knows nothing of lists still shows one clear line.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi {

class ErrorList {
 public:
  // Adds every finding of `status` that is not in the list yet; an OK status has none.
  void Add(const absl::Status& status);
  bool ok() const { return lines_.empty(); }
  // OK without findings; else the code of the first.
  absl::Status status() const;

 private:
  absl::StatusCode code_ = absl::StatusCode::kOk;
  std::vector<std::string> lines_;
};

// Every finding of a list's status, also after Annotate; the message alone of any other. Each is
// one line. Empty when the status is OK.
std::vector<std::string> AllErrors(const absl::Status& status);

}  // namespace ronchi
