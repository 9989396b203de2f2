// What a run of a workflow has done, as it does it: one checksummed JSON line an entry, in
// <folder>/journal.jsonl. A line is whole or it is not there: after a SIGKILL the run is known up
// to the command that was in flight. Beside it state/*.f32, the latest images that expressions
// refer to, and images.f32, those that `save` keeps (float32, little-endian).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/descriptor.h"
#include "core/status.h"
#include "hw/workflow/value.h"
#include "nlohmann/json.hpp"

namespace ronchi::hw::workflow {

class Journal {
 public:
  // AlreadyExists: there is one. ResourceExhausted: the disk is full.
  static absl::StatusOr<std::unique_ptr<Journal>> Create(const std::string& folder);
  // Of a run that ended early, for appending; a last line that is torn is cut off. NotFound: no
  // journal. InvalidArgument: damaged, with file and line. FailedPrecondition: a process has it.
  // Any other error: it cannot be locked here.
  static absl::StatusOr<std::unique_ptr<Journal>> Reopen(const std::string& folder);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  absl::Status Append(const nlohmann::json& entry);
  // What was there when it was opened again.
  const std::vector<nlohmann::json>& entries() const { return entries_; }

  // A value as JSON. Of an image: where its pixels are; the latest of this name are kept in state/,
  // or added to images.f32 when it is to be saved.
  absl::StatusOr<nlohmann::json> Keep(const std::string& name, const Value& value);
  absl::StatusOr<nlohmann::json> Save(const Value& value);
  // InvalidArgument: not one. An image's pixels are read by LoadImages.
  static absl::StatusOr<Value> ValueFrom(const nlohmann::json& json);
  // NotFound, InvalidArgument: the pixels are not there, or not those.
  static absl::StatusOr<std::shared_ptr<const Images>> LoadImages(const std::string& folder,
                                                                  const nlohmann::json& json);

 private:
  Journal() = default;
  std::string folder_;
  Descriptor file_, images_;
  size_t images_floats_ = 0;
  // Which of its two files holds the latest image of a name: a kill between the pixels and the
  // entry that names them must leave the image before it whole.
  std::map<std::string, int> slots_;
  std::vector<nlohmann::json> entries_;
};

// The entries of a journal, whoever writes it. Errors as of Reopen; a torn last line is left out.
absl::StatusOr<std::vector<nlohmann::json>> ReadJournal(const std::string& folder);
// Those of the whole lines behind byte `offset`, which moves behind them.
absl::StatusOr<std::vector<nlohmann::json>> ReadJournalFrom(const std::string& folder,
                                                            size_t* offset);

}  // namespace ronchi::hw::workflow
