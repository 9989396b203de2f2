#include "env/versions.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ronchi::env {
namespace {

// "DriftLock-v1" is version 1 of "DriftLock"; what has none has version -1.
struct Version {
  std::string name;
  int number = -1;
};

Version Split(const std::string& id) {
  const size_t at = id.rfind("-v");
  int number = 0;
  if (at == std::string::npos || !absl::SimpleAtoi(id.substr(at + 2), &number)) return {id};
  return {id.substr(0, at), number};
}

}  // namespace

std::string LaterVersion(const std::string& asked, std::span<const std::string> ids) {
  const Version older = Split(asked);
  if (older.number < 0) return "";
  for (const std::string& id : ids) {
    const Version version = Split(id);
    if (version.name == older.name && version.number > older.number) return id;
  }
  return "";
}

std::string OlderVersionLine(const std::string& older, const std::string& now) {
  return absl::StrCat("'", older, "' is now '", now,
                      "', another task by its physics: use that id, and make anew what was trained "
                      "or recorded with the older one (docs/environments.md#versions)");
}

void ReadId(ConfigReader* reader, const std::string& id) {
  std::string asked = id;
  reader->Text("id", &asked);
  if (asked == id) return;  // also where it is no text, which Text has told
  const std::string ids[] = {id};
  reader->Fail("id", LaterVersion(asked, ids).empty()
                         ? absl::StrCat("'", asked, "' is not allowed; allowed: ", id)
                         : OlderVersionLine(asked, id));
}

}  // namespace ronchi::env
