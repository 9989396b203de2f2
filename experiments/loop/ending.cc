#include "experiments/loop/ending.h"

#include <array>

#include "absl/strings/match.h"
#include "hw/instrument/error.h"

namespace ronchi {
namespace {

struct Row {
  Ending ending;
  const char* name;
  int exit_status;
};
constexpr std::array<Row, 4> kRows = {{{Ending::kDone, "done", 0},
                                       {Ending::kEarly, "early", 3},
                                       {Ending::kInterrupted, "interrupted", 130},
                                       {Ending::kFault, "fault", 1}}};

}  // namespace

std::string_view EndingName(Ending ending) { return kRows[size_t(ending)].name; }

std::optional<Ending> EndingFromName(std::string_view name) {
  for (const Row& row : kRows) {
    if (name == row.name) return row.ending;
  }
  return std::nullopt;
}

int ExitStatus(Ending ending) { return kRows[size_t(ending)].exit_status; }

Ending EndingOf(const absl::Status& error) {
  if (error.ok()) return Ending::kDone;
  const bool refused = absl::StrContains(error.message(), "refused by the guard") ||
                       hw::ErrorOf(error).kind == hw::ErrorKind::kRefused;
  return refused && !hw::MayHaveHappened(error) ? Ending::kEarly : Ending::kFault;
}

}  // namespace ronchi
