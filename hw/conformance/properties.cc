// What every instrument promises of its description, properties and states.
#include "hw/conformance/suite.h"
#include "hw/instrument/description_check.h"

namespace ronchi::hw::conformance {
namespace {

class PropertyChecks final : public Suite {
 public:
  explicit PropertyChecks(Suite suite) : Suite(std::move(suite)) {}

  void RunAll() {
    Try("it describes itself without contradiction", [&] { return Describes(); });
    Try("every property reads finite, in its dimension, with its time", [&] { return Reads(); });
    Try("an unknown property is refused", [&] { return UnknownProperty(); });
    Try("blank, safe and abort are confirmed", [&] { return Blanks(); });
    Try("nothing is exposed while blanked", [&] { return NothingWhileBlanked(); });
    Try("a set is read back within its tolerance", [&] { return SetsInPlace(); });
    Try("a small step is made, and back", [&] { return SmallStep(); });
    Try("a relative set adds", [&] { return RelativeStep(); });
    Try("values out of limits, NaN and infinities are refused and change nothing",
        [&] { return OutOfLimits(); });
    Try("a wrong dimension is refused", [&] { return WrongDimension(); });
    Try("what is read only is refused", [&] { return ReadOnly(); });
    Try("what it cannot do is Unimplemented", [&] { return CannotIsHonest(); });
  }

 private:
  std::string Describes() const { return std::string(CheckDescription(*d_).message()); }

  std::string Reads() {
    Need("read");
    Read all;
    for (const PropertyInfo& p : d_->properties) all.properties.push_back(p.name);
    const auto reply = Do(all);
    if (!reply.ok()) return reply.status().ToString();
    if (reply->readings.size() != all.properties.size()) return "not one reading a property";
    for (size_t i = 0; i < all.properties.size(); ++i) {
      const Reading& r = reply->readings[i];
      const PropertyInfo& p = d_->properties[i];
      const std::string text = absl::StrCat(p.name, " = ", Format(r.value));
      if (r.property != p.name) return absl::StrCat(p.name, " is answered by ", r.property);
      if (r.value.dimension != p.dimension) return text + ": its dimension";
      if (!std::isfinite(r.value.si) || !(r.uncertainty >= 0)) return text + " is not finite";
      // Where it stands may have been left by an operator; a rounding beyond a limit is none.
      if (p.writable &&
          !(r.value.si >= p.min - p.resolution && r.value.si <= p.max + p.resolution)) {
        return text + " is beyond its own limits";
      }
      if (!(std::fabs(r.time_s - reply->time_s) <= reply->elapsed_s + options_.time_tolerance_s)) {
        return absl::StrCat(text, " was read at ", r.time_s, " s, the reply is of ", reply->time_s);
      }
    }
    return "";
  }

  std::string UnknownProperty() {
    Need("read");
    if (auto e = Expect(Do(Read{{"no.such.property"}}), "a read", {Code::kNotFound}); !e.empty()) {
      return e;
    }
    if (!Can(*d_, "set")) return "";
    return Expect(Do(Set{"no.such.property", Number(0)}), "a set", {Code::kNotFound});
  }

  std::string Blanks() {
    for (const Command& c : {Command(Blank{}), Command(Safe{})}) {
      Need(VerbName(c));
      // Of a beam that is off already it would be said whatever a blank does.
      if (options_.may_expose && Can(*d_, "unblank")) {
        if (auto e = Unblanked(); !e.empty()) return e;
      }
      const auto reply = Do(c);
      if (!reply.ok()) return reply.status().ToString();
      if (!reply->blanked) return VerbName(c) + " does not say that it is blanked";
    }
    if (!Can(*d_, "abort")) return "";
    return Do(Abort{}).status().ok() ? "" : "abort fails with nothing to abort";
  }

  std::string NothingWhileBlanked() {
    Need("blank");
    if (!Do(Blank{}).ok()) return "it does not blank";
    const bool scans = Can(*d_, "scan") && HasScanned(), parks = Can(*d_, "park");
    if (!scans && !parks) throw Skip{"it cannot expose"};
    std::string e;
    if (scans) e = Expect(Do(Raster()), "scan", {Code::kFailedPrecondition});
    if (parks && e.empty()) e = Expect(Do(Park{0, 0, 0}), "park", {Code::kFailedPrecondition});
    return e;
  }

  absl::StatusOr<double> At(const PropertyInfo& p) {
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, Do(Read{{p.name}}));
    if (reply.readings.size() != 1) return absl::InternalError("not one reading");
    return reply.readings[0].value.si;
  }

  // For every writable property; `check` returns what is wrong.
  std::string EachWritable(const std::function<std::string(const PropertyInfo&, double at)>& check,
                           bool moved_only = false) {
    Need("set");
    int seen = 0;
    for (const PropertyInfo& p : d_->properties) {
      const auto& movable = options_.may_move;
      if (!p.writable) continue;
      if (moved_only && (!p.choices.empty() ||
                         std::find(movable.begin(), movable.end(), p.group) == movable.end())) {
        continue;
      }
      const auto at = At(p);
      if (!at.ok()) return at.status().ToString();
      ++seen;
      if (const std::string e = check(p, *at); !e.empty()) return p.name + ": " + e;
    }
    if (seen == 0) throw Skip{moved_only ? "nothing that may be moved" : "nothing can be set"};
    return "";
  }

  // Sets, and says what is wrong with the read-back.
  std::string SetTo(const PropertyInfo& p, const Set& set, double target) {
    const auto reply = Do(set);
    if (!reply.ok()) return reply.status().ToString();
    if (reply->readings.size() != 1) return "a set does not read back";
    const double tolerance = p.resolution + 1e-12 * std::fabs(target);
    const double back = reply->readings[0].value.si;
    if (std::fabs(back - target) <= tolerance || p.resolution == 0) return "";
    return absl::StrCat("set to ", target, ", stands at ", back);
  }

  std::string SetsInPlace() {
    return EachWritable(
        [&](const PropertyInfo& p, double at) {
          return SetTo(p, Set{p.name, {at, p.dimension}}, at);
        },
        true);
  }

  static double Step(const PropertyInfo& p, double at) {
    const double step =
        std::min(p.max_step, p.resolution > 0 ? 10 * p.resolution : 1e-3 * (p.max - p.min));
    return at + step <= p.max ? step : -step;
  }
  std::string SmallStep() {
    return EachWritable(
        [&](const PropertyInfo& p, double at) {
          const double to = at + Step(p, at);
          const std::string e = SetTo(p, Set{p.name, {to, p.dimension}}, to);
          const std::string back = SetTo(p, Set{p.name, {at, p.dimension}}, at);
          return e.empty() ? back : e;
        },
        true);
  }
  std::string RelativeStep() {
    Need("set.relative");
    return EachWritable(
        [&](const PropertyInfo& p, double at) {
          const double step = Step(p, at);
          const std::string e = SetTo(p, Set{p.name, {step, p.dimension}, true}, at + step);
          const std::string back = SetTo(p, Set{p.name, {-step, p.dimension}, true}, at);
          return e.empty() ? back : e;
        },
        true);
  }
  std::string OutOfLimits() {
    return EachWritable(
        [&](const PropertyInfo& p, double at) -> std::string {
          std::vector<double> bad = {kNan, kInf, -kInf};
          if (std::isfinite(p.max)) bad.push_back(p.max + std::max(1.0, std::fabs(p.max)));
          if (std::isfinite(p.min)) bad.push_back(p.min - std::max(1.0, std::fabs(p.min)));
          for (double v : bad) {
            const std::string e = Expect(Do(Set{p.name, {v, p.dimension}}), absl::StrCat(v),
                                         {Code::kOutOfRange, Code::kInvalidArgument});
            if (!e.empty()) return e;
          }
          const auto now = At(p);
          return now.ok() && std::fabs(*now - at) <= p.resolution ? "" : "a refused set moved it";
        },
        true);
  }
  std::string WrongDimension() {
    return EachWritable([&](const PropertyInfo& p, double at) {
      const auto other = p.dimension == Dimension::kTime ? Dimension::kAngle : Dimension::kTime;
      return Expect(Do(Set{p.name, {at, other}}), "another dimension", {Code::kInvalidArgument});
    });
  }
  std::string ReadOnly() {
    Need("set");
    for (const PropertyInfo& p : d_->properties) {
      if (p.writable) continue;
      return Expect(Do(Set{p.name, {0, p.dimension}}), p.name, {Code::kPermissionDenied});
    }
    throw Skip{"everything can be set"};
  }

  std::string CannotIsHonest() {
    if (d_->cannot.empty()) throw Skip{"it can do everything"};
    const std::string camera = d_->detectors.empty() ? "camera" : d_->detectors[0].name;
    Scan scan = HasScanned() ? Raster() : Scan{};
    for (const Command& c : std::vector<Command>{Expose{camera, 1}, Measure{"defocus"}, scan,
                                                 Park{}, Unblank{}, Abort{}}) {
      if (Can(*d_, VerbName(c))) continue;
      const std::string e = Expect(Do(c), VerbName(c), {Code::kUnimplemented});
      if (!e.empty()) return e;
    }
    return "";
  }
};

}  // namespace

void CheckProperties(Suite* suite) {
  PropertyChecks checks(std::move(*suite));
  checks.RunAll();
  *suite = std::move(checks);
}

}  // namespace ronchi::hw::conformance
