#include "env/wrappers/stateful.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"
#include "core/nesting.h"

namespace ronchi::env {

using nlohmann::json;

absl::StatusOr<std::string> Stateful::Save() const {
  RONCHI_ASSIGN_OR_RETURN(const std::string inside, inner().Save());
  const json saved = {{"wrapper", kind()},
                      {"own", SaveOwn()},
                      {"inside", json::binary({inside.begin(), inside.end()})}};
  const std::vector<uint8_t> bytes = json::to_cbor(saved);
  return std::string(bytes.begin(), bytes.end());
}

absl::Status Stateful::Restore(const std::string& bytes) {
  const auto take_over = [this](const std::string& from) -> absl::Status {
    const absl::StatusOr<json> read = ReadCbor(from);
    if (!read.ok()) {
      return Annotate(read.status(), absl::StrCat("this is no saved ", kind()));
    }
    try {
      if (!read->is_object() || read->value("wrapper", "") != kind()) {
        return absl::InvalidArgumentError(absl::StrCat("this is no saved ", kind()));
      }
      const auto& inside = read->at("inside").get_binary();
      RONCHI_RETURN_IF_ERROR(inner().Restore(std::string(inside.begin(), inside.end())));
      return RestoreOwn(read->at("own"));
    } catch (const json::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat("saved ", kind(), ": ", JsonError(e)));
    }
  };
  const absl::StatusOr<std::string> before = Save();  // none before the first episode
  const absl::Status status = take_over(bytes);
  if (!status.ok() && before.ok()) RONCHI_CHECK(take_over(*before).ok());
  return status;
}

}  // namespace ronchi::env
