#include "hw/drivers/de_tem/corrector.h"

#include <cmath>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::de_tem {
namespace {

// No lens has one of a metre: a length in nm that was taken for one in m shows here.
constexpr double kMostCoefficient_m = 1;
constexpr double kBegin_s = 1;  // after which what was posted and not begun never will

absl::Status NoSet(const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("no set of aberrations: ", Printable(why)));
}

}  // namespace

absl::StatusOr<Estimate> AberrationsOf(const std::string& text, const std::string& what) {
  Estimate estimate = {.what = what};
  std::array<bool, wire::kHaiderTerms.size()> seen{};
  const std::vector<std::string> parts = absl::StrSplit(text, ';', absl::SkipEmpty());
  for (const std::string& part : parts) {
    const std::pair<std::string, std::string> named = absl::StrSplit(part, absl::MaxSplits('=', 1));
    const size_t index = wire::HaiderIndex(named.first);
    if (index == wire::kHaiderTerms.size()) continue;
    const wire::HaiderTerm& term = wire::kHaiderTerms[index];
    if (std::exchange(seen[index], true)) return NoSet(named.first + " twice");
    const std::vector<std::string> numbers = absl::StrSplit(named.second, ',');
    if (numbers.size() != 2 && !(term.round && numbers.size() == 1)) return NoSet(part);
    for (size_t i = 0; i < wire::PartsOf(term); ++i) {
      double value = 0;
      if (!absl::SimpleAtod(numbers[i], &value) || !(std::fabs(value) < kMostCoefficient_m)) {
        return NoSet(absl::StrCat(part, "; lengths below ", kMostCoefficient_m, " m are expected"));
      }
      estimate.names.push_back(wire::PartName(term, i));
      estimate.values.push_back(Metres(wire::ToKrivanek(term, value)));
    }
  }
  if (estimate.names.empty()) return NoSet("'" + text.substr(0, 60) + "'");
  return estimate;
}

absl::StatusOr<Operation> Corrector::State() const {
  RONCHI_ASSIGN_OR_RETURN(const int state, channel_->Whole("getCorrectorStatus", "intResult"));
  if (state >= 0 && state <= int(Operation::kAbsent)) return Operation(state);
  return channel_->Nonsense("getCorrectorStatus", absl::StrCat("a status of ", state));
}

absl::StatusOr<bool> Corrector::Present() const {
  const auto present = channel_->Whole("getCorrectorPresent", "intResult");
  // Older services know of no corrector.
  if (!present.ok() && ErrorOf(present.status()).kind == ErrorKind::kCannot) return false;
  if (!present.ok()) return present.status();
  return *present == 1;
}

absl::Status Corrector::Post(const std::string& method, const wire::SoapFields& arguments) const {
  RONCHI_ASSIGN_OR_RETURN(const Operation before, State());
  if (before == Operation::kRunning) {
    return MakeError({ErrorKind::kBusy, channel_->name() + ": the corrector is at work",
                      "wait until it is done"});
  }
  const absl::Status posted = channel_->Do(method, arguments);
  const bool refused = !posted.ok() && ErrorOf(posted).effect == Effect::kNone &&
                       ErrorOf(posted).kind == ErrorKind::kHardware;
  if (!refused) return posted;
  const auto why = channel_->Text("getCorrectorError");
  return why.ok() && !why->empty() ? Annotate(posted, Printable(why->substr(0, 200))) : posted;
}

absl::StatusOr<bool> Corrector::Await(const std::string& method, double within_s) const {
  const auto begun = wire::Stream::After(kBegin_s), until = wire::Stream::After(within_s);
  bool seen = false;
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const Operation state, State());
    const auto now = wire::Stream::Clock::now();
    seen |= state == Operation::kRunning;
    // Before it has begun its state is that of what it did before.
    const bool waits = state == Operation::kRunning || (!seen && now < begun);
    if (state == Operation::kDone && !waits) return seen;
    if (!waits) {
      const auto why = channel_->Text("getCorrectorError");
      const std::string said = why.ok() ? Printable(why->substr(0, 300)) : "";
      return MakeError(
          {ErrorKind::kHardware,
           absl::StrCat(channel_->name(), ": ", method, " was posted and is ",
                        std::string(OperationName(state)), said.empty() ? "" : ": " + said),
           "look at the corrector", Effect::kPerhaps});
    }
    if (now >= until) {
      return MakeError(
          {ErrorKind::kTimeout,
           absl::StrFormat("%s: %s is not done after %g s", channel_->name(), method, within_s),
           "wait until the corrector is done, and measure", Effect::kPerhaps});
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(poll_s_));
  }
}

absl::StatusOr<Estimate> Corrector::Measure(const std::string& method,
                                            const wire::SoapFields& arguments,
                                            const std::string& what, double within_s) const {
  RONCHI_ASSIGN_OR_RETURN(const std::string before, channel_->Text("getCorrectorResult"));
  RONCHI_RETURN_IF_ERROR(Post(method, arguments));
  RONCHI_ASSIGN_OR_RETURN(const bool seen, Await(method, within_s));
  RONCHI_ASSIGN_OR_RETURN(const std::string result, channel_->Text("getCorrectorResult"));
  // No two measurements are the same to the ninth digit, but on a simulation without noise, which
  // is seen at work.
  if (!seen && result == before) {
    return channel_->Nonsense(method, "it has the result that was there before: " + result);
  }
  auto estimate = AberrationsOf(result, what);
  if (estimate.ok()) return estimate;
  return channel_->Nonsense(method, std::string(estimate.status().message()));
}

absl::Status Corrector::Correct(const std::string& name, const std::array<double, 2>& value_m,
                                double within_s) const {
  // All that it knows, by name: what is left out counts as 0. The target is 0.
  const wire::SoapFields arguments = {{"name", name},
                                      {"useValue", "1"},
                                      {"valueX", NumberText(value_m[0])},
                                      {"valueY", NumberText(value_m[1])},
                                      {"useTarget", "0"},
                                      {"targetX", "0"},
                                      {"targetY", "0"},
                                      {"select", ""},
                                      {"waitMs", "0"}};
  RONCHI_RETURN_IF_ERROR(Post("correctorCorrectAberration", arguments));
  return Await("correctorCorrectAberration", within_s).status();
}

}  // namespace ronchi::hw::de_tem
