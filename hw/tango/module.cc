// The entry of libronchi_tango.so: hw/wire/tango_library.cc.
#include <atomic>

#include "hw/tango/proxy.h"
#include "hw/tango/served.h"

namespace ronchi::hw::tango {
namespace {

std::atomic<bool> g_used = false;  // libtango, by this process

absl::StatusOr<std::unique_ptr<wire::TangoDevice>> Open(const std::string& url, double within_s) {
  g_used = true;
  return OpenProxy(url, within_s);
}

absl::StatusOr<std::unique_ptr<wire::TangoServing>> Serve(
    const std::string& host, int port, std::shared_ptr<wire::TangoOffered> offered) {
  if (g_used.exchange(true)) {
    return absl::FailedPreconditionError(
        "TANGO: this process drives an instrument by TANGO, or serves one, already: libtango does "
        "not serve besides; serve by another protocol, or from a process of its own");
  }
  return ServeOffered(host, port, std::move(offered));
}

}  // namespace
}  // namespace ronchi::hw::tango

extern "C" const ronchi::hw::wire::TangoLibrary* RonchiTangoLibrary() {
  static const ronchi::hw::wire::TangoLibrary kLibrary = {ronchi::hw::tango::Open,
                                                          ronchi::hw::tango::Serve};
  return &kLibrary;
}
