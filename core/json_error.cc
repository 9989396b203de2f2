#include "core/json_error.h"

#include <string_view>

#include "core/printable.h"

namespace ronchi {

std::string JsonError(const std::exception& error) {
  std::string_view what = error.what();
  const size_t end = what.find("] ");
  if (what.starts_with("[json.exception.") && end != what.npos) what.remove_prefix(end + 2);
  return Printable(what);
}

}  // namespace ronchi
