#include "env/wrappers/stateful.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

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
  const json saved = json::from_cbor(bytes, true, false);
  if (!saved.is_object() || saved.value("wrapper", "") != kind()) {
    return absl::InvalidArgumentError(absl::StrCat("this is no saved ", kind()));
  }
  try {
    const auto& inside = saved.at("inside").get_binary();
    RONCHI_RETURN_IF_ERROR(inner().Restore(std::string(inside.begin(), inside.end())));
    return RestoreOwn(saved.at("own"));
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("saved ", kind(), ": ", e.what()));
  }
}

}  // namespace ronchi::env
