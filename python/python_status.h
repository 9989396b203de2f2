// Status → Python exceptions, in one place:
//   an instrument's error (hw/instrument/error.h)          ronchi.InstrumentError, a RuntimeError
//   bad input (core/status.h), "one clear line" ValueError
//   Unimplemented                               NotImplementedError
//   FailedPrecondition: not in this order       ronchi.errors.OrderError, a RuntimeError
//   anything else                               RuntimeError
// The interpreter's lock must be held.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "core/status.h"

namespace ronchi::python {

// Throws unless `status` is OK. `strip`: the name that a text config went by; "<strip>:1: ", which
// tells nobody anything, is taken off the message.
void Raise(const absl::Status& status, const std::string& strip = "");

template <class T>
T ValueOrRaise(absl::StatusOr<T> result, const std::string& strip = "") {
  Raise(result.status(), strip);
  return std::move(*result);
}

}  // namespace ronchi::python
