// The tools of the conformance suite; only its own sources include it.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hw/conformance/conformance.h"
#include "hw/instrument/capability.h"

namespace ronchi::hw::conformance {

struct Skip {
  std::string why;
};

// A check returns what is wrong, "" for nothing, or throws Skip; nothing escapes Try.
class Suite {
 public:
  Suite(Instrument* instrument, const ConformanceOptions& options)
      : instrument_(instrument), d_(&instrument->description()), options_(options) {}
  std::vector<ConformanceCheck>& checks() { return checks_; }

 protected:
  void Try(const std::string& name, const std::function<std::string()>& check) {
    ConformanceCheck result{name, Outcome::kPass, ""};
    try {
      result.reason = check();
      if (!result.reason.empty()) result.outcome = Outcome::kFail;
    } catch (const Skip& skip) {
      result = {name, Outcome::kSkip, skip.why};
    }
    checks_.push_back(result);
    (void)Do(Blank{});
  }

  // Everything goes through here, so that clock and errors are looked at every time.
  absl::StatusOr<Reply> Do(const Command& command, const ExecuteOptions& options = {}) {
    absl::StatusOr<Reply> reply = instrument_->Execute(command, options);
    if (reply.ok()) {
      if (!(reply->time_s >= clock_s_)) {
        clock_fault_ = absl::StrCat("after ", VerbName(command), " it read ", reply->time_s,
                                    " s, before ", clock_s_, " s");
      }
      if (std::isfinite(reply->time_s)) clock_s_ = reply->time_s;
    } else if (const Error e = ErrorOf(reply.status()); e.cause.empty() || e.remedy.empty()) {
      error_fault_ = absl::StrCat(VerbName(command), ": ", reply.status().ToString());
    }
    return reply;
  }

  void Need(std::string_view capability) const {
    if (!Can(*d_, capability)) throw Skip{absl::StrCat("it cannot ", std::string(capability))};
  }
  void NeedBeam() {
    if (!options_.may_expose) throw Skip{"no exposure was allowed"};
    Need("unblank");
  }
  std::string Unblanked() {
    NeedBeam();
    const auto reply = Do(Unblank{});
    if (!reply.ok()) return reply.status().ToString();
    return reply->blanked ? "unblank says that it is blanked" : "";
  }
  static std::string Expect(const absl::StatusOr<Reply>& reply, std::string_view what,
                            std::initializer_list<absl::StatusCode> codes) {
    if (reply.ok()) return absl::StrCat(std::string(what), " was accepted");
    if (std::find(codes.begin(), codes.end(), reply.status().code()) != codes.end()) return "";
    return absl::StrCat(std::string(what), " gave ", reply.status().ToString());
  }
  using Code = absl::StatusCode;

  bool HasScanned() const {
    return std::any_of(d_->detectors.begin(), d_->detectors.end(),
                       [](const DetectorInfo& x) { return x.kind == DetectorKind::kScanned; });
  }
  // With every scanned detector. Skips what it cannot.
  Scan Raster() const {
    Need("scan");
    Scan s;
    for (const DetectorInfo& x : d_->detectors) {
      if (x.kind == DetectorKind::kScanned) s.detectors.push_back(x.name);
    }
    if (s.detectors.empty()) throw Skip{"no scanned detector"};
    s.fov_x_m = s.fov_y_m = std::min(options_.fov_m, d_->max_fov_m);
    s.pixels_x = std::min(options_.pixels, d_->max_pixels);
    // Not square, where it can be, so that one that mistakes x for y shows.
    s.pixels_y = Can(*d_, "scan.rectangle") ? std::max<size_t>(1, s.pixels_x / 2) : s.pixels_x;
    s.dwell_s = std::clamp(options_.dwell_s, d_->min_dwell_s, d_->max_dwell_s);
    s.frames = 2;
    return s;
  }
  Instrument* instrument_;
  const Description* d_;
  ConformanceOptions options_;
  std::vector<ConformanceCheck> checks_;
  double clock_s_ = -kInf;
  std::string clock_fault_, error_fault_;
};

// Each goes on where the one before has left the instrument and its clock.
void CheckProperties(Suite* suite);
void CheckExposures(Suite* suite);

}  // namespace ronchi::hw::conformance
