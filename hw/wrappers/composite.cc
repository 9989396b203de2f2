#include "hw/wrappers/composite.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

class Composite final : public Instrument {
 public:
  explicit Composite(std::vector<std::unique_ptr<Instrument>> parts) : parts_(std::move(parts)) {}

  absl::Status Begin() {
    description_ = column().description();
    description_.id = "composite";
    for (size_t i = 0; i < parts_.size(); ++i) {
      const Description& d = parts_[i]->description();
      absl::StrAppend(&description_.id, i == 0 ? ":" : "+", d.id);
      if (i > 0) Merge(d);
      for (const auto& p : d.properties) RONCHI_RETURN_IF_ERROR(Own(&properties_, p.name, i));
      for (const auto& x : d.detectors) RONCHI_RETURN_IF_ERROR(Own(&detectors_, x.name, i));
      for (const auto& m : d.measurements) RONCHI_RETURN_IF_ERROR(Own(&measurements_, m.what, i));
    }
    FindScanner();
    description_.cannot = Cannot();
    if (Can(description_, "blank")) return absl::OkStatus();
    return absl::InvalidArgumentError("composite: the column must be able to blank");
  }

  const Description& description() const override { return description_; }
  absl::Status BlankNow() override { return column().BlankNow(); }

 private:
  Instrument& column() const { return *parts_[0]; }

  void Merge(const Description& d) {
    description_.simulated &= d.simulated;  // a real beam is one, whatever else is here
    const auto append = [](auto* to, const auto& from) {
      to->insert(to->end(), from.begin(), from.end());
    };
    append(&description_.properties, d.properties);
    append(&description_.detectors, d.detectors);
    append(&description_.measurements, d.measurements);
  }

  // The column, or else the first part that drives the column's scan from outside.
  void FindScanner() {
    const auto scans = [](const auto& part) { return Can(part->description(), "scan"); };
    const auto found = std::find_if(parts_.begin(), parts_.end(), scans);
    if (found == parts_.end() || found == parts_.begin()) return;
    scanner_ = size_t(found - parts_.begin());
    const Description& d = (*found)->description();
    description_.min_dwell_s = d.min_dwell_s;
    description_.max_dwell_s = d.max_dwell_s;
    description_.max_fov_m = d.max_fov_m;
    description_.max_pixels = d.max_pixels;
    description_.flyback_s = d.flyback_s;
    description_.frame_overhead_s = d.frame_overhead_s;
  }

  static absl::Status Own(std::map<std::string, size_t>* owners, const std::string& name,
                          size_t part) {
    if (owners->emplace(name, part).second) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("composite: two parts have '", name, "'"));
  }

  // What goes to the column, the column decides, and of scans the part that scans; what goes to the
  // owner, any part.
  std::vector<std::string> Cannot() const {
    std::vector<std::string> cannot;
    for (const std::string& name : CapabilityNames()) {
      const bool anybodys = name == "read" || name == "set" || name == "set.relative" ||
                            name == "measure" || name == "expose";
      const auto& one = parts_[name.starts_with("scan") ? scanner_ : 0];
      const bool can = std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) {
        return Can(part->description(), name) && (anybodys || part == one);
      });
      if (!can) cannot.push_back(name);
    }
    return cannot;
  }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    return std::visit([&](const auto& verb) { return Do(verb, options); }, command);
  }

  // The column's clock and blanking, whoever answered.
  absl::StatusOr<Reply> FromPart(size_t part, const Command& command,
                                 const ExecuteOptions& options) {
    absl::StatusOr<Reply> reply = parts_[part]->Execute(command, options);
    if (!reply.ok() || part == 0) {
      if (reply.ok()) NoteColumn(*reply);
      return reply;
    }
    reply->time_s = column_time_s_;
    reply->blanked = column_blanked_;
    for (Reading& r : reply->readings) r.time_s = column_time_s_;
    return reply;
  }
  void NoteColumn(const Reply& reply) {
    column_time_s_ = reply.time_s;
    column_blanked_ = reply.blanked;
  }

  absl::StatusOr<Reply> Do(const Read& read, const ExecuteOptions& options) {
    Reply all;
    all.readings.resize(read.properties.size());
    // The column is asked in any case: for its clock and whether it is blanked.
    for (size_t part = 0; part < parts_.size(); ++part) {
      Read mine;
      std::vector<size_t> places;
      for (size_t i = 0; i < read.properties.size(); ++i) {
        if (properties_.at(read.properties[i]) != part) continue;
        mine.properties.push_back(read.properties[i]);
        places.push_back(i);
      }
      if (part > 0 && places.empty()) continue;
      RONCHI_ASSIGN_OR_RETURN(Reply reply, FromPart(part, mine, options));
      if (reply.readings.size() != places.size()) {
        return absl::InternalError(absl::StrCat(parts_[part]->description().id, " read ",
                                                reply.readings.size(), " of ", places.size(),
                                                " properties"));
      }
      for (size_t i = 0; i < places.size(); ++i) {
        all.readings[places[i]] = std::move(reply.readings[i]);
      }
      all.time_s = reply.time_s;
      all.elapsed_s += reply.elapsed_s;
      all.blanked = reply.blanked;
    }
    return all;
  }
  absl::StatusOr<Reply> Do(const Set& set, const ExecuteOptions& options) {
    return FromPart(properties_.at(set.property), set, options);
  }
  absl::StatusOr<Reply> Do(const Measure& measure, const ExecuteOptions& options) {
    absl::StatusOr<Reply> reply = FromPart(measurements_.at(measure.what), measure, options);
    // A corrector's software takes its images without saying what they cost.
    if (reply.ok() && reply->electrons == 0) RONCHI_RETURN_IF_ERROR(AddElectrons(measure, &*reply));
    return reply;
  }
  absl::StatusOr<Reply> Do(const Expose& expose, const ExecuteOptions& options) {
    const size_t part = detectors_.at(expose.camera);
    if (part == 0) return FromPart(part, expose, options);
    RONCHI_RETURN_IF_ERROR(Place(expose, options));
    absl::StatusOr<Reply> reply = FromPart(part, expose, options);
    Expose given = expose;
    if (reply.ok()) given.frames = reply->frames.size();
    if (reply.ok() && reply->electrons == 0) RONCHI_RETURN_IF_ERROR(AddElectrons(given, &*reply));
    return reply;
  }
  // A camera knows nothing of the beam: what the specimen was given, the column's current tells.
  absl::Status AddElectrons(const Command& given, Reply* reply) {
    const Description& d = column().description();
    if (!d.FindProperty("beam.current") || !Can(d, "read")) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const Reply read, FromPart(0, Read{{"beam.current"}}, {}));
    if (read.readings.size() != 1) return absl::InternalError("beam.current was not read");
    const Cost cost = PredictCost(description_, given, read.readings[0].value.si);
    reply->electrons = cost.electrons;
    reply->dose_e_per_m2 = cost.dose_e_per_m2;
    return absl::OkStatus();
  }
  // The probe goes there and stays; blanked, the column refuses.
  absl::Status Place(const Expose& expose, const ExecuteOptions& options) {
    if (Can(column().description(), "park")) {
      return FromPart(0, Park{expose.x_m, expose.y_m, 0}, options).status();
    }
    if (expose.x_m != 0 || expose.y_m != 0) {
      return MakeError({ErrorKind::kCannot,
                        absl::StrCat(column().description().id, " cannot place the probe"),
                        "expose at (0, 0): where the probe stands"});
    }
    return CheckUnblanked(options);
  }
  absl::Status CheckUnblanked(const ExecuteOptions& options) {
    if (!Can(column().description(), "read")) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, FromPart(0, Read{}, options));
    if (!reply.blanked) return absl::OkStatus();
    return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
  }
  absl::StatusOr<Reply> Do(const Scan& scan, const ExecuteOptions& options) {
    for (const std::string& name : scan.detectors) {
      if (detectors_.at(name) == scanner_) continue;
      return MakeError({ErrorKind::kCannot,
                        absl::StrCat(name, " belongs to another part and cannot be scanned with"),
                        "expose it instead"});
    }
    if (scanner_ == 0) return FromPart(0, scan, options);
    RONCHI_RETURN_IF_ERROR(CheckUnblanked(options));
    absl::StatusOr<Reply> reply = FromPart(scanner_, scan, options);
    Scan given = scan;
    if (reply.ok()) given.frames = reply->frames.size() / scan.detectors.size();
    if (reply.ok() && reply->electrons == 0) RONCHI_RETURN_IF_ERROR(AddElectrons(given, &*reply));
    return reply;
  }
  absl::StatusOr<Reply> Do(const Park& park, const ExecuteOptions& options) {
    return FromPart(0, park, options);
  }
  absl::StatusOr<Reply> Do(const Unblank& unblank, const ExecuteOptions& options) {
    for (size_t i = parts_.size(); i-- > 1;) {
      if (!Can(parts_[i]->description(), "unblank")) continue;
      RONCHI_RETURN_IF_ERROR(parts_[i]->Execute(unblank, options).status());
    }
    return FromPart(0, unblank, options);
  }
  // blank, safe, abort: every part, even when one fails; the first failure is told.
  template <class Everywhere>
  absl::StatusOr<Reply> Do(const Everywhere& verb, const ExecuteOptions& options) {
    absl::StatusOr<Reply> first = FromPart(0, verb, options);
    for (size_t i = 1; i < parts_.size(); ++i) {
      if (!Can(parts_[i]->description(), VerbName(verb))) continue;
      const absl::StatusOr<Reply> reply = parts_[i]->Execute(verb, options);
      if (!reply.ok() && first.ok()) {
        first = Annotate(reply.status(), parts_[i]->description().id);
      }
    }
    return first;
  }

  const std::vector<std::unique_ptr<Instrument>> parts_;
  Description description_;
  size_t scanner_ = 0;  // the part that scans
  std::map<std::string, size_t> properties_, detectors_, measurements_;
  double column_time_s_ = 0;
  bool column_blanked_ = true;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeComposite(
    std::vector<std::unique_ptr<Instrument>> parts) {
  if (parts.empty()) return absl::InvalidArgumentError("composite: no parts");
  auto composite = std::make_unique<Composite>(std::move(parts));
  RONCHI_RETURN_IF_ERROR(composite->Begin());
  return std::unique_ptr<Instrument>(std::move(composite));
}

}  // namespace ronchi::hw
