// One device of the microscope: what it answers, checked, over a link that is made anew when it was
// lost. Of hw/drivers/tango/tango.cc.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hw/drivers/tango/tango.h"
#include "hw/instrument/error.h"

namespace ronchi::hw {

// Threads: one at a time.
class TangoPart {
 public:
  TangoPart(TangoOpener open, std::string url, const TangoOptions& options)
      : open_(std::move(open)), url_(std::move(url)), options_(options) {}
  const std::string& url() const { return url_; }

  // `within_s`: 0: that of a word. After an error of the link the next call connects anew; nothing
  // is asked a second time by itself.
  absl::StatusOr<wire::TangoValue> Command(const std::string& command,
                                           const wire::TangoValue& in = {}, double within_s = 0);
  absl::StatusOr<wire::TangoValue> Read(const std::string& attribute);
  absl::Status Write(const std::string& attribute, const wire::TangoValue& value);
  absl::StatusOr<std::set<std::string>> Commands();
  absl::StatusOr<std::vector<wire::TangoAttribute>> Attributes();

  // Of one kind; another is kHardware. Numbers are finite.
  absl::StatusOr<double> Number(const std::string& command);
  absl::StatusOr<std::vector<double>> Numbers(const std::string& command, size_t count);
  absl::StatusOr<double> NumberOf(const std::string& what, const wire::TangoValue& value) const;
  absl::StatusOr<std::vector<double>> NumbersOf(const std::string& what,
                                                const wire::TangoValue& value, size_t count) const;
  // An error of what came as an answer to `what`.
  absl::Status Nonsense(const std::string& what, const std::string& why) const;

 private:
  template <class T, class Ask>
  absl::StatusOr<T> On(double within_s, const Ask& ask);

  const TangoOpener open_;
  const std::string url_;
  const TangoOptions& options_;
  std::unique_ptr<wire::TangoDevice> device_;
};

}  // namespace ronchi::hw
