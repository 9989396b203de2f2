#include "python/python_status.h"

#include <nanobind/stl/string.h>

#include "hw/instrument/error.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;

std::string MessageOf(const absl::Status& status, const std::string& strip) {
  std::string message(status.message());
  const std::string prefix = strip + ":1: ";
  if (!strip.empty() && message.compare(0, prefix.size(), prefix) == 0) {
    message.erase(0, prefix.size());
  }
  return message;
}

[[noreturn]] void RaiseInstrumentError(const absl::Status& status) {
  const hw::Error error = hw::ErrorOf(status);
  const std::string kind(hw::KindName(error.kind)), effect(hw::EffectName(*error.effect));
  const nb::object type = nb::module_::import_("ronchi.errors").attr("InstrumentError");
  const nb::object value =
      type(error.cause, error.remedy, kind, effect, hw::IsRetryable(error.kind));
  PyErr_SetObject(type.ptr(), value.ptr());
  throw nb::python_error();
}

}  // namespace

void Raise(const absl::Status& status, const std::string& strip) {
  if (status.ok()) return;
  if (hw::HasError(status)) RaiseInstrumentError(status);
  const std::string message = MessageOf(status, strip);
  PyObject* type = PyExc_RuntimeError;
  nb::object order;
  if (absl::IsUnimplemented(status)) {
    type = PyExc_NotImplementedError;
  } else if (IsBadInput(status)) {
    type = PyExc_ValueError;
  } else if (absl::IsFailedPrecondition(status)) {
    order = nb::module_::import_("ronchi.errors").attr("OrderError");
    type = order.ptr();
  }
  PyErr_SetString(type, message.c_str());
  throw nb::python_error();
}

}  // namespace ronchi::python
