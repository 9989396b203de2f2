#include <dlfcn.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/later_part.h"
#include "hw/wire/tango.h"

namespace ronchi::hw::wire {
namespace {
namespace fs = std::filesystem;

constexpr char kTangoModule[] = "libronchi_tango.so";

std::string g_tango_module;

// Beside the library that this code is part of (Python's); else where the build puts it.
fs::path TangoModulePath() {
  if (!g_tango_module.empty()) return g_tango_module;
  std::error_code ec;
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&LoadTangoLibrary), &self) && self.dli_fname) {
    const fs::path beside = fs::path(self.dli_fname).parent_path() / kTangoModule;
    if (fs::exists(beside, ec)) return beside;
  }
  return fs::path(BuildFolder()) / "hw" / "tango" / kTangoModule;
}

absl::StatusOr<const TangoLibrary*> LoadTango() {
  const fs::path module = TangoModulePath();
  const absl::Status built = BuildLaterPart(BuildFolder(), {.target = "ronchi_tango",
                                                            .file = module,
                                                            .what = "what speaks TANGO",
                                                            .cost = "some 20 s of a processor"});
  if (!built.ok()) return Annotate(built, "TANGO");
  void* handle = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return absl::NotFoundError(absl::StrCat("TANGO: ", dlerror()));
  using Entry = const TangoLibrary* (*)();
  auto entry = reinterpret_cast<Entry>(dlsym(handle, "RonchiTangoLibrary"));
  if (!entry) return absl::NotFoundError(absl::StrCat(module.string(), ": not a module of Ronchi"));
  return entry();
}

}  // namespace

void UseTangoModule(const std::string& path) { g_tango_module = path; }

absl::StatusOr<const TangoLibrary*> LoadTangoLibrary() {
  static const absl::StatusOr<const TangoLibrary*> library = LoadTango();
  return library;
}

}  // namespace ronchi::hw::wire
