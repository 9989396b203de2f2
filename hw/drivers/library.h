// A driver in a shared library of its own, which Ronchi loads when a config asks for it:
//   absl::StatusOr<std::unique_ptr<ronchi::hw::Instrument>> Open(const ronchi::Config& options,
//                                                                uint64_t seed);
//   RONCHI_DRIVER(Open)
// examples/driver/library is one to copy. C++ has no binary interface that holds from one compiler
// or version to the next, so a library carries what it was compiled with, as plain numbers that are
// looked at before anything of it is called.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/config.h"
#include "core/config.h"
#include "hw/instrument/instrument.h"

namespace ronchi::hw {

inline constexpr uint32_t kDriverVersion = 1;  // of the instrument's interface; raised by hand

// What must be the same on both sides; the first says how to read the rest, and never moves.
inline constexpr std::array<uint32_t, 12> kDriverAbi = {kDriverVersion,
                                                        __GNUC__,
#ifdef __clang_major__
                                                        __clang_major__,
#else
                                                        0,
#endif
                                                        __cplusplus / 100,
                                                        _GLIBCXX_USE_CXX11_ABI,
                                                        ABSL_LTS_RELEASE_VERSION,
                                                        sizeof(Description),
                                                        sizeof(PropertyInfo),
                                                        sizeof(Command),
                                                        sizeof(Reply),
                                                        sizeof(ExecuteOptions),
                                                        sizeof(Config)};

struct DriverEntry {
  std::array<uint32_t, 12> abi;
  absl::StatusOr<std::unique_ptr<Instrument>> (*open)(const Config& options, uint64_t seed);
};

// InvalidArgument: the file is no library, exports no driver, or was built for another Ronchi;
// NotFound: no such file. A library stays loaded until the program ends.
absl::StatusOr<const DriverEntry*> LoadDriver(const std::string& path);

}  // namespace ronchi::hw

// Once in a library, outside of namespaces.
#define RONCHI_DRIVER(open)                                                                      \
  extern "C" __attribute__((visibility("default"))) const ronchi::hw::DriverEntry ronchi_driver; \
  const ronchi::hw::DriverEntry ronchi_driver = {ronchi::hw::kDriverAbi, &(open)};
