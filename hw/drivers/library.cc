#include "hw/drivers/library.h"

#include <dlfcn.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/printable.h"

namespace ronchi::hw {
namespace {

constexpr const char* kNames[] = {"driver interface", "GCC",    "Clang",          "C++",
                                  "C++11 ABI",        "Abseil", "Description",    "PropertyInfo",
                                  "Command",          "Reply",  "ExecuteOptions", "Config"};

}  // namespace

absl::StatusOr<const DriverEntry*> LoadDriver(const std::string& path) {
  std::error_code ec;
  // dlopen looks for a bare name where libraries are.
  const std::string file = std::filesystem::absolute(path, ec).string();
  if (!std::filesystem::is_regular_file(file, ec)) {
    return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    return absl::InvalidArgumentError(absl::StrCat("no driver: ", Printable(dlerror())));
  }
  const auto* entry = static_cast<const DriverEntry*>(dlsym(library, "ronchi_driver"));
  if (!entry) {
    dlclose(library);
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": exports no ronchi_driver; RONCHI_DRIVER(Open) in it does"));
  }
  for (size_t i = 0; i < kDriverAbi.size(); ++i) {
    const uint32_t has = entry->abi[i], needs = kDriverAbi[i];
    if (has == needs) continue;
    dlclose(library);
    return absl::InvalidArgumentError(absl::StrCat(path, ": built for another Ronchi (", kNames[i],
                                                   " ", has, ", here ", needs,
                                                   "); compile it against this one"));
  }
  return entry;
}

}  // namespace ronchi::hw
