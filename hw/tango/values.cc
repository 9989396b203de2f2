#include "hw/tango/values.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::hw::tango {
namespace {

using wire::TangoValue;

// What a device may send at once: an image of 8192 × 8192 floats.
constexpr size_t kMostElements = size_t{1} << 26;
constexpr size_t kMostBytes = size_t{1} << 28;

absl::Status DoesNotFit(const TangoValue& value, const std::string& type) {
  return absl::InvalidArgumentError(
      absl::StrCat(wire::TangoKindOf(value), " does not fit the type ", type));
}
std::string TypeName(long type) {
  return type >= 0 && type < Tango::DATA_TYPE_UNKNOWN ? Tango::CmdArgTypeName[type]
                                                      : absl::StrCat("number ", type);
}

std::optional<double> NumberIn(const TangoValue& value) {
  if (const auto* d = std::get_if<double>(&value)) return *d;
  if (const auto* i = std::get_if<int64_t>(&value)) return double(*i);
  return std::nullopt;
}
std::optional<int64_t> IntegerIn(const TangoValue& value) {
  if (const auto* i = std::get_if<int64_t>(&value)) return *i;
  const auto* d = std::get_if<double>(&value);
  if (d && *d == std::floor(*d) && std::fabs(*d) < 9e15) return int64_t(*d);
  return std::nullopt;
}
std::optional<std::vector<double>> NumbersIn(const TangoValue& value) {
  if (const auto* v = std::get_if<std::vector<double>>(&value)) return *v;
  if (const auto* v = std::get_if<std::vector<int64_t>>(&value)) {
    return std::vector<double>(v->begin(), v->end());
  }
  return std::nullopt;
}

template <class T>
bool PutInteger(const TangoValue& in, Tango::DeviceData* out) {
  const auto i = IntegerIn(in);
  if (!i || int64_t(T(*i)) != *i) return false;
  *out << T(*i);
  return true;
}
template <class T>
bool PutNumbers(const TangoValue& in, Tango::DeviceData* out) {
  const auto numbers = NumbersIn(in);
  if (!numbers) return false;
  std::vector<T> all;
  for (const double d : *numbers) {
    all.push_back(T(d));
    if (std::is_integral_v<T> && double(all.back()) != d) return false;
  }
  *out << all;
  return true;
}

bool PutArray(const TangoValue& in, long type, Tango::DeviceData* out) {
  switch (type) {
    case Tango::DEVVAR_DOUBLEARRAY:
      return PutNumbers<Tango::DevDouble>(in, out);
    case Tango::DEVVAR_FLOATARRAY:
      return PutNumbers<Tango::DevFloat>(in, out);
    case Tango::DEVVAR_LONGARRAY:
      return PutNumbers<Tango::DevLong>(in, out);
    case Tango::DEVVAR_LONG64ARRAY:
      return PutNumbers<Tango::DevLong64>(in, out);
    case Tango::DEVVAR_STRINGARRAY:
      if (const auto* v = std::get_if<std::vector<std::string>>(&in)) {
        std::vector<std::string> all = *v;
        *out << all;
        return true;
      }
      return false;
    default:
      return false;
  }
}

template <class T>
absl::StatusOr<TangoValue> TakeScalar(Tango::DeviceData* data) {
  T value{};
  if (!(*data >> value)) return absl::InvalidArgumentError("an answer without a value");
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) return TangoValue(value);
  if constexpr (std::is_floating_point_v<T>) return TangoValue(double(value));
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
    return TangoValue(int64_t(value));
}
template <class Sequence, class To>
absl::StatusOr<TangoValue> TakeSequence(Tango::DeviceData* data) {
  const Sequence* value = nullptr;
  if (!(*data >> value) || !value) return absl::InvalidArgumentError("an answer without a value");
  if (value->length() > kMostElements) {
    return absl::InvalidArgumentError(absl::StrCat(value->length(), " elements are too many"));
  }
  std::vector<To> all;
  for (size_t i = 0; i < value->length(); ++i) all.push_back(To((*value)[CORBA::ULong(i)]));
  return TangoValue(std::move(all));
}

template <class T, class To>
absl::StatusOr<TangoValue> TakeElements(Tango::DeviceAttribute* data) {
  std::vector<T> all;
  if (!(*data >> all)) return absl::InvalidArgumentError("an attribute without a value");
  const size_t read = size_t(std::max(0L, data->get_nb_read()));
  if (all.size() > kMostElements) {
    return absl::InvalidArgumentError(absl::StrCat(all.size(), " elements are too many"));
  }
  all.resize(std::min(read, all.size()));  // what was written to it follows
  const bool scalar = data->get_data_format() == Tango::SCALAR;
  if (!scalar) return TangoValue(std::vector<To>(all.begin(), all.end()));
  if (all.size() != 1) return absl::InvalidArgumentError("an attribute without a value");
  if constexpr (std::is_same_v<T, bool>) return TangoValue(bool(all[0]));
  if constexpr (!std::is_same_v<T, bool>) return TangoValue(To(all[0]));
}

}  // namespace

absl::StatusOr<Tango::DeviceData> ToDeviceData(const TangoValue& in, long type) {
  Tango::DeviceData out;
  bool fits = false;
  const auto number = NumberIn(in);
  switch (type) {
    case Tango::DEV_VOID:
      fits = std::holds_alternative<std::monostate>(in);
      break;
    case Tango::DEV_BOOLEAN:
      if (const auto* b = std::get_if<bool>(&in)) out << *b, fits = true;
      break;
    case Tango::DEV_SHORT:
      fits = PutInteger<Tango::DevShort>(in, &out);
      break;
    case Tango::DEV_LONG:
      fits = PutInteger<Tango::DevLong>(in, &out);
      break;
    case Tango::DEV_LONG64:
      fits = PutInteger<Tango::DevLong64>(in, &out);
      break;
    case Tango::DEV_USHORT:
      fits = PutInteger<Tango::DevUShort>(in, &out);
      break;
    case Tango::DEV_ULONG:
      fits = PutInteger<Tango::DevULong>(in, &out);
      break;
    case Tango::DEV_ULONG64:
      fits = PutInteger<Tango::DevULong64>(in, &out);
      break;
    case Tango::DEV_FLOAT:
      if (number) out << Tango::DevFloat(*number), fits = true;
      break;
    case Tango::DEV_DOUBLE:
      if (number) out << Tango::DevDouble(*number), fits = true;
      break;
    case Tango::DEV_STRING:
      if (const auto* s = std::get_if<std::string>(&in)) out << s->c_str(), fits = true;
      break;
    default:
      fits = PutArray(in, type, &out);
  }
  if (!fits) return DoesNotFit(in, TypeName(type));
  return out;
}

absl::StatusOr<TangoValue> FromDeviceData(Tango::DeviceData* data, long type) {
  switch (type) {
    case Tango::DEV_VOID:
      return TangoValue();
    case Tango::DEV_BOOLEAN:
      return TakeScalar<bool>(data);
    case Tango::DEV_SHORT:
      return TakeScalar<Tango::DevShort>(data);
    case Tango::DEV_LONG:
      return TakeScalar<Tango::DevLong>(data);
    case Tango::DEV_LONG64:
      return TakeScalar<Tango::DevLong64>(data);
    case Tango::DEV_USHORT:
      return TakeScalar<Tango::DevUShort>(data);
    case Tango::DEV_ULONG:
      return TakeScalar<Tango::DevULong>(data);
    case Tango::DEV_FLOAT:
      return TakeScalar<Tango::DevFloat>(data);
    case Tango::DEV_DOUBLE:
      return TakeScalar<Tango::DevDouble>(data);
    case Tango::DEV_STRING:
    case Tango::CONST_DEV_STRING:
      return TakeScalar<std::string>(data);
    case Tango::DEVVAR_SHORTARRAY:
      return TakeSequence<Tango::DevVarShortArray, int64_t>(data);
    case Tango::DEVVAR_LONGARRAY:
      return TakeSequence<Tango::DevVarLongArray, int64_t>(data);
    case Tango::DEVVAR_LONG64ARRAY:
      return TakeSequence<Tango::DevVarLong64Array, int64_t>(data);
    case Tango::DEVVAR_FLOATARRAY:
      return TakeSequence<Tango::DevVarFloatArray, double>(data);
    case Tango::DEVVAR_DOUBLEARRAY:
      return TakeSequence<Tango::DevVarDoubleArray, double>(data);
    case Tango::DEVVAR_STRINGARRAY:
      return TakeSequence<Tango::DevVarStringArray, std::string>(data);
    case Tango::DEV_ENCODED: {
      const Tango::DevEncoded* encoded = nullptr;
      if (!(*data >> encoded) || !encoded || encoded->encoded_data.length() > kMostBytes) {
        return absl::InvalidArgumentError("no encoded value, or too large a one");
      }
      const auto& bytes = encoded->encoded_data;
      return TangoValue(wire::TangoEncoded{
          std::string(encoded->encoded_format.in()),
          std::string(reinterpret_cast<const char*>(bytes.get_buffer()), bytes.length())});
    }
    default:
      return absl::InvalidArgumentError("an answer of the type " + TypeName(type));
  }
}

absl::StatusOr<Tango::DeviceAttribute> ToAttribute(const std::string& name, const TangoValue& in,
                                                   long type, bool scalar) {
  Tango::DeviceAttribute out;
  out.set_name(name.c_str());
  const auto number = NumberIn(in);
  const auto integer = IntegerIn(in);
  const auto numbers = NumbersIn(in);
  const auto fitting = [&](auto sample) -> bool {
    using T = decltype(sample);
    if (scalar && std::is_floating_point_v<T> && number) return out << T(*number), true;
    if (scalar && std::is_integral_v<T> && integer && int64_t(T(*integer)) == *integer) {
      return out << T(*integer), true;
    }
    if (scalar || !numbers) return false;
    std::vector<T> all;
    for (const double d : *numbers) all.push_back(T(d));
    return out << all, true;
  };
  bool fits = false;
  if (type == Tango::DEV_DOUBLE) fits = fitting(Tango::DevDouble());
  if (type == Tango::DEV_FLOAT) fits = fitting(Tango::DevFloat());
  if (type == Tango::DEV_SHORT) fits = fitting(Tango::DevShort());
  if (type == Tango::DEV_LONG) fits = fitting(Tango::DevLong());
  if (type == Tango::DEV_LONG64) fits = fitting(Tango::DevLong64());
  if (type == Tango::DEV_USHORT) fits = fitting(Tango::DevUShort());
  if (type == Tango::DEV_ULONG) fits = fitting(Tango::DevULong());
  if (const auto* b = std::get_if<bool>(&in); b && type == Tango::DEV_BOOLEAN && scalar) {
    out << *b;
    fits = true;
  }
  if (const auto* s = std::get_if<std::string>(&in); s && type == Tango::DEV_STRING && scalar) {
    std::string text = *s;
    out << text;
    fits = true;
  }
  if (!fits) return DoesNotFit(in, TypeName(type));
  return out;
}

absl::StatusOr<TangoValue> FromAttribute(Tango::DeviceAttribute* data) {
  if (data->has_failed()) throw Tango::DevFailed(data->get_err_stack());
  if (data->get_quality() == Tango::ATTR_INVALID) {
    return absl::InvalidArgumentError("its quality is INVALID");
  }
  switch (data->get_type()) {
    case Tango::DEV_BOOLEAN:
      return TakeElements<bool, int64_t>(data);
    case Tango::DEV_SHORT:
      return TakeElements<Tango::DevShort, int64_t>(data);
    case Tango::DEV_LONG:
      return TakeElements<Tango::DevLong, int64_t>(data);
    case Tango::DEV_LONG64:
      return TakeElements<Tango::DevLong64, int64_t>(data);
    case Tango::DEV_UCHAR:
      return TakeElements<Tango::DevUChar, int64_t>(data);
    case Tango::DEV_USHORT:
      return TakeElements<Tango::DevUShort, int64_t>(data);
    case Tango::DEV_ULONG:
      return TakeElements<Tango::DevULong, int64_t>(data);
    case Tango::DEV_FLOAT:
      return TakeElements<Tango::DevFloat, double>(data);
    case Tango::DEV_DOUBLE:
      return TakeElements<Tango::DevDouble, double>(data);
    case Tango::DEV_STRING:
      return TakeElements<std::string, std::string>(data);
    default:
      return absl::InvalidArgumentError("an attribute of the type " + TypeName(data->get_type()));
  }
}

}  // namespace ronchi::hw::tango
