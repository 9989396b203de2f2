// TANGO as Ronchi sees it: devices with commands and attributes, on both sides, without a header of
// libtango's. What speaks to libtango is a module of its own, libronchi_tango.so (hw/tango/), built
// and loaded when it is first needed (hw/wire/tango_library.cc).
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/status.h"

namespace ronchi::hw::wire {

struct TangoEncoded {
  std::string format, bytes;
  bool operator==(const TangoEncoded&) const = default;
};
// Of TANGO's types: integers of any size are int64_t, and floats are double.
using TangoValue =
    std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<int64_t>,
                 std::vector<double>, std::vector<std::string>, TangoEncoded>;
std::string TangoKindOf(const TangoValue& value);  // "nothing", "a text", "3 numbers"

struct TangoAttribute {
  std::string name, unit;
  bool writable = false;
  // Of its config; what it does not state is without end.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

// One error of the stack that a device answers with.
struct TangoFault {
  std::string reason, desc, origin;
};
enum class TangoLink {
  kFine,       // the device itself says so
  kUnreached,  // nothing was sent
  kLost,       // what was sent may have been done
  kLate        // no answer in time; likewise
};
// The stack as one line, innermost first. By its reasons: kCannot (no such command or attribute),
// kNoSuchName (no such device), kOutOfLimits, kReadOnly, kImpossibleNow, kBadCommand (the types do
// not fit), which did nothing; else kHardware. What a device of Ronchi's says is the same error
// again. kCommunication and kTimeout are of the link. `what`: "10.0.0.7:9094/a/b/c: get_fov".
absl::Status TangoFailed(const std::string& what, const std::vector<TangoFault>& stack,
                         TangoLink link);
// For a device of Ronchi's: the same, as a stack of one.
TangoFault TangoFaultOf(const absl::Status& status);

// Somebody's device. An instance is used by one thread at a time; two instances of one device do
// not wait for each other, as far as its server lets them.
class TangoDevice {
 public:
  virtual ~TangoDevice() = default;
  // `in` becomes what the device says that the command takes. Errors: as TangoFailed.
  virtual absl::StatusOr<TangoValue> Command(const std::string& command, const TangoValue& in,
                                             double within_s) = 0;
  virtual absl::StatusOr<TangoValue> Read(const std::string& attribute, double within_s) = 0;
  virtual absl::Status Write(const std::string& attribute, const TangoValue& value,
                             double within_s) = 0;
  virtual absl::StatusOr<std::vector<std::string>> Commands(double within_s) = 0;
  virtual absl::StatusOr<std::vector<TangoAttribute>> Attributes(double within_s) = 0;
};

// A device of Ronchi's, as it is offered to others.
enum class TangoType { kVoid, kBool, kLong, kLong64, kDouble, kText, kDoubles, kTexts, kEncoded };
struct TangoOffer {
  struct Command {
    std::string name;
    TangoType in = TangoType::kVoid, out = TangoType::kVoid;
  };
  struct Attribute {
    TangoAttribute config;
    TangoType type = TangoType::kDouble;
    size_t most = 1;  // elements, of kDoubles
  };
  std::string kind;  // its class: "ElectronMicroscope"
  std::string name;  // "asyncroscopy/scan/default"
  std::vector<Command> commands;
  std::vector<Attribute> attributes;
};
// Threads: any, several at a time.
class TangoOffered {
 public:
  virtual ~TangoOffered() = default;
  virtual std::vector<TangoOffer> Devices() const = 0;
  virtual absl::StatusOr<TangoValue> Command(const std::string& device, const std::string& command,
                                             const TangoValue& in) = 0;
  virtual absl::StatusOr<TangoValue> Read(const std::string& device,
                                          const std::string& attribute) = 0;
  virtual absl::Status Write(const std::string& device, const std::string& attribute,
                             const TangoValue& value) = 0;
};

class TangoServing {
 public:
  virtual ~TangoServing() = default;  // answers no more, and waits for what is being answered
};

struct TangoLibrary {
  // "tango://host:port/a/b/c", with "#dbase=no" where there is no database.
  absl::StatusOr<std::unique_ptr<TangoDevice>> (*open)(const std::string& url, double within_s);
  // Without a database. libtango serves once in a process, and takes its clients' connections away
  // when it begins: so FailedPrecondition where either has been asked for before.
  absl::StatusOr<std::unique_ptr<TangoServing>> (*serve)(const std::string& host, int port,
                                                         std::shared_ptr<TangoOffered> offered);
};
// NotFound: the module is not built and cannot be, or libtango is not installed.
absl::StatusOr<const TangoLibrary*> LoadTangoLibrary();
// In place of where the build puts it, for programs that lie elsewhere, as tests do. At start-up.
void UseTangoModule(const std::string& path);

}  // namespace ronchi::hw::wire
