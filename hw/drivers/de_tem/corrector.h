// The aberration corrector behind a DE-TEM-Channel: what is asked of it is posted, and then its
// state is asked for until it is done or has failed. Of de_tem.cc.
#pragma once

#include <string>

#include "hw/drivers/de_tem/channel.h"
#include "hw/instrument/reply.h"
#include "hw/wire/haider.h"

namespace ronchi::hw::de_tem {

// "C1=-1.2e-08,0;A1=-1.9e-09,-5.6e-09": the aberrations, Krivanek's names and signs, m; what is
// none (We, WD) is passed over. InvalidArgument: another shape, a number that cannot be, none at
// all.
absl::StatusOr<Estimate> AberrationsOf(const std::string& text, const std::string& what);

class Corrector {
 public:
  Corrector(const Channel* channel, double poll_s) : channel_(channel), poll_s_(poll_s) {}

  absl::StatusOr<bool> Present() const;
  absl::StatusOr<std::string> Info() const { return channel_->Text("getCorrectorInfo"); }
  // What it measures by `method`. Never a result that was there before.
  absl::StatusOr<Estimate> Measure(const std::string& method, const wire::SoapFields& arguments,
                                   const std::string& what, double within_s) const;
  // Takes the vector `value_m` out of the aberration `name`, or puts it in.
  absl::Status Correct(const std::string& name, const std::array<double, 2>& value_m,
                       double within_s) const;

 private:
  absl::StatusOr<Operation> State() const;
  absl::Status Post(const std::string& method, const wire::SoapFields& arguments) const;
  // Until it runs no longer; whether it was seen running.
  absl::StatusOr<bool> Await(const std::string& method, double within_s) const;

  const Channel* const channel_;
  const double poll_s_;
};

}  // namespace ronchi::hw::de_tem
