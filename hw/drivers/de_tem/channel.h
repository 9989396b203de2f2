// Direct Electron's DE-TEM-Channel as typed questions: gSOAP's RPC over HTTP, a connection for
// each. Arguments are named as the service names them: one that is misnamed is taken for 0, and
// answered with success. Errors are of hw/instrument/error.h. Threads: any; each question stands
// alone.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hw/wire/soap.h"
#include "hw/wire/stream.h"

namespace ronchi::hw::de_tem {

// States of an operation, and of the corrector.
enum class Operation { kIdle, kRunning, kDone, kFailed, kAborted, kTimeout, kAbsent };
std::string_view OperationName(Operation state);

// As the service reads them, in twelve digits: it has nine.
std::string NumberText(double value);

class Channel {
 public:
  Channel(wire::Address address, double answer_s)
      : address_(std::move(address)), answer_s_(answer_s) {}

  const std::string& name() const { return address_.name; }
  // The fields of the answer.
  absl::StatusOr<std::map<std::string, std::string>> Call(
      const std::string& method, const wire::SoapFields& arguments = {}) const;
  // Of one field of the answer; numbers are finite.
  absl::StatusOr<double> Number(const std::string& method, const std::string& field) const;
  absl::StatusOr<int> Whole(const std::string& method, const std::string& field,
                            const wire::SoapFields& arguments = {}) const;
  absl::StatusOr<std::string> Text(const std::string& method) const;  // of the field "r"
  // A method that sets or begins something. kHardware with effect none: it says that it has not.
  absl::Status Do(const std::string& method, const wire::SoapFields& arguments) const;
  // Many at one moment: a text for each key, empty for one that it does not know.
  absl::StatusOr<std::vector<std::string>> Batch(const std::vector<std::string>& keys) const;
  // Its value, and how its last operation stands.
  absl::StatusOr<std::pair<std::string, Operation>> Property(const std::string& key) const;

  absl::Status Nonsense(const std::string& what, const std::string& why) const;

 private:
  const wire::Address address_;
  const double answer_s_;
};

}  // namespace ronchi::hw::de_tem
