#include "hw/drivers/tango/part.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/printable.h"

namespace ronchi::hw {

using wire::TangoValue;

template <class T, class Ask>
absl::StatusOr<T> TangoPart::On(double within_s, const Ask& ask) {
  if (!device_) {
    RONCHI_ASSIGN_OR_RETURN(device_, open_(url_, options_.connect_s));
  }
  absl::StatusOr<T> answer = ask(device_.get(), within_s > 0 ? within_s : options_.answer_s);
  if (answer.ok()) return answer;
  const ErrorKind kind = ErrorOf(answer.status()).kind;
  // What is still on its way on this link would answer the next question.
  if (kind == ErrorKind::kCommunication || kind == ErrorKind::kTimeout) device_.reset();
  return answer;
}

absl::StatusOr<TangoValue> TangoPart::Command(const std::string& command, const TangoValue& in,
                                              double within_s) {
  return On<TangoValue>(within_s, [&](wire::TangoDevice* device, double s) {
    return device->Command(command, in, s);
  });
}
absl::StatusOr<TangoValue> TangoPart::Read(const std::string& attribute) {
  return On<TangoValue>(
      0, [&](wire::TangoDevice* device, double s) { return device->Read(attribute, s); });
}
absl::Status TangoPart::Write(const std::string& attribute, const TangoValue& value) {
  return On<bool>(0,
                  [&](wire::TangoDevice* device, double s) -> absl::StatusOr<bool> {
                    RONCHI_RETURN_IF_ERROR(device->Write(attribute, value, s));
                    return true;
                  })
      .status();
}
absl::StatusOr<std::set<std::string>> TangoPart::Commands() {
  using Names = std::vector<std::string>;
  RONCHI_ASSIGN_OR_RETURN(const Names names, On<Names>(0, [](wire::TangoDevice* d, double s) {
                            return d->Commands(s);
                          }));
  return std::set<std::string>(names.begin(), names.end());
}
absl::StatusOr<std::vector<wire::TangoAttribute>> TangoPart::Attributes() {
  using All = std::vector<wire::TangoAttribute>;
  return On<All>(0, [](wire::TangoDevice* d, double s) { return d->Attributes(s); });
}

absl::Status TangoPart::Nonsense(const std::string& what, const std::string& why) const {
  return MakeError({ErrorKind::kHardware, absl::StrCat(url_, ": ", what, ": ", Printable(why)),
                    "look at the device's own server"});
}

absl::StatusOr<double> TangoPart::NumberOf(const std::string& what, const TangoValue& value) const {
  double number = std::nan("");
  if (const auto* d = std::get_if<double>(&value)) number = *d;
  if (const auto* i = std::get_if<int64_t>(&value)) number = double(*i);
  if (std::isfinite(number)) return number;
  return Nonsense(what, "no finite number, but " + wire::TangoKindOf(value));
}

absl::StatusOr<std::vector<double>> TangoPart::NumbersOf(const std::string& what,
                                                         const TangoValue& value,
                                                         size_t count) const {
  std::vector<double> numbers;
  if (const auto* v = std::get_if<std::vector<double>>(&value)) numbers = *v;
  if (const auto* v = std::get_if<std::vector<int64_t>>(&value)) {
    numbers.assign(v->begin(), v->end());
  }
  bool good = numbers.size() == count;
  for (const double d : numbers) good &= std::isfinite(d);
  if (good) return numbers;
  return Nonsense(what,
                  absl::StrCat("not ", count, " finite numbers, but ", wire::TangoKindOf(value)));
}

absl::StatusOr<double> TangoPart::Number(const std::string& command) {
  RONCHI_ASSIGN_OR_RETURN(const TangoValue value, Command(command));
  return NumberOf(command, value);
}
absl::StatusOr<std::vector<double>> TangoPart::Numbers(const std::string& command, size_t count) {
  RONCHI_ASSIGN_OR_RETURN(const TangoValue value, Command(command));
  return NumbersOf(command, value, count);
}

}  // namespace ronchi::hw
