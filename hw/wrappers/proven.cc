#include "hw/wrappers/proven.h"

#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/image_registration.h"
#include "hw/instrument/capability.h"

namespace ronchi::hw {
namespace {

// What is measured, by name, with its standard deviation.
struct Looked {
  double value = 0, sigma = 0;
};
using Measured = std::map<std::string, Looked>;

constexpr double kSigmas = 4;  // an effect that chance makes once in 16,000 proofs
// A step is to stand out of the error of what measures it.
constexpr double kLeastSteps = 8;

// "optics.C12.a" → "C12.a"; "stage.x" → "x".
std::string NameInGroup(const std::string& property) {
  return property.substr(property.find('.') + 1);
}
std::string Axis(const std::string& property) { return property.substr(property.rfind('.') + 1); }

absl::Status NotProven(const std::string& property, const std::string& what) {
  return MakeError({ErrorKind::kRefused, absl::StrCat(property, " is not proven: ", what),
                    "look at the units, signs and axes of its driver; nothing drives it until then",
                    Effect::kDone});
}

std::string InUnits(double si, Dimension dimension) { return Format({si, dimension}); }

// The effect of one property, looked at again and again.
class Looking {
 public:
  Looking(Instrument* instrument, const Probe& probe) : instrument_(instrument), probe_(probe) {
    if (probe.measurement.empty()) {
      // A periodic image agrees with itself a period further on: no further than a step goes.
      const double pixels = 1.6 * std::fabs(probe.step) / probe.fov_m * double(probe.pixels);
      registration_.emplace(probe.pixels, pixels);
    }
  }

  // Of an image: by how far it has moved against the first one.
  absl::StatusOr<Measured> Look() { return registration_ ? LookAtImage() : LookByMeasure(); }

 private:
  absl::StatusOr<Measured> LookByMeasure() {
    RONCHI_ASSIGN_OR_RETURN(const Reply reply,
                            instrument_->Execute(Measure{.what = probe_.measurement}));
    Measured out;
    for (const Estimate& e : reply.estimates) {
      const size_t n = e.values.size();
      for (size_t i = 0; i < n && i < e.names.size(); ++i) {
        const double variance = e.covariance.size() == n * n ? e.covariance[i * n + i] : 0;
        out[e.names[i]] = {e.values[i].si, std::sqrt(std::max(0.0, variance))};
      }
    }
    return out;
  }

  absl::StatusOr<Measured> LookAtImage() {
    const Scan scan{.fov_x_m = probe_.fov_m,
                    .fov_y_m = probe_.fov_m,
                    .pixels_x = probe_.pixels,
                    .pixels_y = probe_.pixels,
                    .dwell_s = probe_.dwell_s,
                    .detectors = {probe_.detector}};
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, instrument_->Execute(scan));
    if (reply.frames.size() != 1 || reply.ended != Ended::kComplete) {
      return absl::AbortedError("the image of a proof was ended early");
    }
    const auto counts = reply.frames[0].counts.values();
    const double pixel_m = probe_.fov_m / double(probe_.pixels);
    if (!seen_) registration_->SetReference(counts);
    seen_ = true;
    const ImageShift shift = registration_->Find(counts);
    // The stage carries what is seen along; a beam that is shifted sees what lies on the other side
    // come nearer.
    const double sign = probe_.property.starts_with("beam.shift.") ? -1 : 1;
    // A shift is found to a few hundredths of a pixel (tests/core/image_registration.cc); drift and
    // noise of a scan come on top.
    const double sigma_m = 0.1 * pixel_m;
    return Measured{{"x", {sign * shift.columns * pixel_m, sigma_m}},
                    {"y", {sign * shift.rows * pixel_m, sigma_m}}};
  }

  Instrument* const instrument_;
  const Probe& probe_;
  std::optional<ImageRegistration> registration_;
  bool seen_ = false;
};

// What changed between two looks, in steps.
struct Change {
  Looked own;
  std::string other;  // that changed most of the rest
  Looked others;
};
Change ChangeOf(const Measured& before, const Measured& after, const std::string& own,
                double step) {
  Change c;
  for (const auto& [name, a] : after) {
    const auto b = before.find(name);
    if (b == before.end()) continue;
    const Looked e = {(a.value - b->second.value) / step,
                      std::hypot(a.sigma, b->second.sigma) / std::fabs(step)};
    if (name == own) {
      c.own = e;
    } else if (std::fabs(e.value) - kSigmas * e.sigma >
               std::fabs(c.others.value) - kSigmas * c.others.sigma) {
      c.other = name;
      c.others = e;
    }
  }
  return c;
}

bool Within(const Looked& e, double expected, double off) {
  return std::fabs(e.value - expected) <= off + kSigmas * e.sigma;
}

std::string Diagnosis(const Change& c, double off) {
  const double g = c.own.value;
  const std::string so = absl::StrFormat("a step changed it by %.3g of a step", g);
  const auto near = [&](double factor) { return std::fabs(g / factor - 1) <= off; };
  if (!c.other.empty() && !Within(c.others, 0, off)) {
    if (Within(c.own, 0, off)) {
      return absl::StrFormat("%s moved instead, by %.3g of the step: axes are swapped or turned",
                             c.other, c.others.value);
    }
    return absl::StrFormat("%s, and %s by %.3g: axes are turned", so, c.other, c.others.value);
  }
  if (near(-1)) return so + ": its sign is turned";
  constexpr double kDegree = M_PI / 180;
  if (near(1 / kDegree) || near(kDegree)) return so + ": degrees and radians are mistaken";
  for (const double thousands : {1e3, 1e6, 1e9, 1e-3, 1e-6, 1e-9}) {
    if (near(thousands)) return so + ": its unit is another power of ten";
  }
  if (std::fabs(g) <= off) return so + ": it has no effect, or its unit is far too small";
  return so + ": its gain is wrong";
}

absl::StatusOr<double> Where(Instrument* instrument, const std::string& property) {
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, instrument->Execute(Read{{property}}));
  if (reply.readings.size() != 1) return absl::InternalError(property + " was not read");
  return reply.readings[0].value.si;
}

absl::StatusOr<Proof> ProveLooking(Instrument* instrument, const Probe& probe, double off) {
  const Dimension dimension = instrument->description().FindProperty(probe.property)->dimension;
  const std::string own =
      probe.measurement.empty() ? Axis(probe.property) : NameInGroup(probe.property);
  Looking looking(instrument, probe);
  const auto drive = [&](double to) {
    return instrument->Execute(Set{.property = probe.property, .value = {to, dimension}}).status();
  };
  RONCHI_ASSIGN_OR_RETURN(const double stands, Where(instrument, probe.property));
  RONCHI_ASSIGN_OR_RETURN(const Measured first, looking.Look());
  const auto mine = first.find(own);
  if (mine == first.end()) return NotProven(probe.property, "nothing measures " + own);
  if (std::fabs(probe.step) < kLeastSteps * mine->second.sigma) {
    return NotProven(probe.property, absl::StrCat("a step of ", InUnits(probe.step, dimension),
                                                  " does not stand out of what is measured to ",
                                                  InUnits(mine->second.sigma, dimension)));
  }
  RONCHI_RETURN_IF_ERROR(drive(stands));
  RONCHI_ASSIGN_OR_RETURN(const Measured still, looking.Look());
  const Change none = ChangeOf(first, still, own, probe.step);
  // Back to where it stood, also where that was not what it was said to be.
  const auto fail = [&](const std::string& what) {
    const absl::Status back = drive(stands);
    return NotProven(probe.property, back.ok() ? what
                                               : absl::StrCat(what,
                                                              "; and it cannot be set "
                                                              "back"));
  };
  if (!Within(none.own, 0, off)) {
    return fail(absl::StrFormat("set to where it stands it changed by %s: an offset",
                                InUnits(none.own.value * probe.step, dimension)));
  }
  RONCHI_RETURN_IF_ERROR(drive(stands + probe.step));
  // Wherever a look fails, it does not stay a step off.
  const auto look = [&]() -> absl::StatusOr<Measured> {
    absl::StatusOr<Measured> seen = looking.Look();
    if (!seen.ok()) (void)drive(stands);
    return seen;
  };
  RONCHI_ASSIGN_OR_RETURN(const Measured after, look());
  const Change change = ChangeOf(still, after, own, probe.step);
  const auto right = [&](const Change& c) {
    return Within(c.own, 1, off) && (c.other.empty() || Within(c.others, 0, off));
  };
  if (!right(change)) {
    RONCHI_ASSIGN_OR_RETURN(const Measured later, look());
    if (right(ChangeOf(still, later, own, probe.step))) {
      return fail("its effect came late: a set is said to be done before it is");
    }
    return fail(Diagnosis(change, off));
  }
  RONCHI_RETURN_IF_ERROR(drive(stands));
  return Proof{probe.property, change.own.value, change.own.sigma};
}

class Proven final : public Instrument {
 public:
  Proven(std::unique_ptr<Instrument> inner, ProveOptions options)
      : inner_(std::move(inner)), options_(std::move(options)) {}
  const Description& description() const override { return inner_->description(); }
  GroundTruth* ground_truth() override { return inner_->ground_truth(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    if (const auto* set = std::get_if<Set>(&command)) {
      for (const Probe& p : options_.probes) {
        if (p.property == set->property) RONCHI_RETURN_IF_ERROR(Once(p));
      }
    }
    return inner_->Execute(command, options);
  }

  absl::Status Once(const Probe& probe) {
    const auto known = found_.find(probe.property);
    if (known != found_.end()) return known->second;
    const absl::StatusOr<Proof> proof = Prove(inner_.get(), probe, options_.gain_off);
    const bool refused = !proof.ok() && ErrorOf(proof.status()).kind == ErrorKind::kRefused;
    // What failed for another reason, as a link does, is tried again with the next set.
    if (proof.ok() || refused) found_[probe.property] = proof.status();
    if (options_.on_event) {
      options_.on_event(proof.ok()
                            ? absl::StrFormat("%s is proven: its gain is %.3f ± %.3f",
                                              probe.property, proof->gain, proof->uncertainty)
                            : std::string(proof.status().message()));
    }
    return proof.status();
  }

  const std::unique_ptr<Instrument> inner_;
  const ProveOptions options_;
  std::map<std::string, absl::Status> found_;
};

absl::Status CheckProbe(const Description& d, const Probe& p) {
  const PropertyInfo* property = d.FindProperty(p.property);
  if (!property || !property->writable) {
    return absl::NotFoundError(absl::StrCat("prove: '", p.property, "' is no property to drive"));
  }
  const auto wrong = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("prove: ", p.property, ": ", what));
  };
  if (!(std::fabs(p.step) > 0) || !std::isfinite(p.step)) return wrong("a step is needed");
  if (!p.measurement.empty()) {
    if (d.FindMeasurement(p.measurement)) return absl::OkStatus();
    return wrong(absl::StrCat("the instrument does not measure '", p.measurement, "'"));
  }
  const DetectorInfo* detector = d.FindDetector(p.detector);
  if (!detector || detector->kind != DetectorKind::kScanned || !Can(d, "scan")) {
    return wrong(absl::StrCat("it does not scan with a detector '", p.detector, "'"));
  }
  const std::string axis = Axis(p.property);
  if (axis != "x" && axis != "y") return wrong("an image tells of .x and .y alone");
  if (!(p.fov_m > 0) || !(p.dwell_s > 0) || p.pixels < 16) {
    return wrong("a field, a dwell time and 16 pixels a line at least are needed");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Proof> Prove(Instrument* instrument, const Probe& probe, double gain_off) {
  RONCHI_RETURN_IF_ERROR(CheckProbe(instrument->description(), probe));
  RONCHI_ASSIGN_OR_RETURN(const Reply reply, instrument->Execute(Read{}));
  if (!reply.blanked) return ProveLooking(instrument, probe, gain_off);
  RONCHI_RETURN_IF_ERROR(instrument->Execute(Unblank{}).status());
  const absl::StatusOr<Proof> proof = ProveLooking(instrument, probe, gain_off);
  RONCHI_RETURN_IF_ERROR(instrument->Execute(Blank{}).status());
  return proof;
}

absl::StatusOr<std::unique_ptr<Instrument>> MakeProven(std::unique_ptr<Instrument> inner,
                                                       const ProveOptions& options) {
  for (const Probe& p : options.probes) {
    RONCHI_RETURN_IF_ERROR(CheckProbe(inner->description(), p));
  }
  return std::make_unique<Proven>(std::move(inner), options);
}

}  // namespace ronchi::hw
