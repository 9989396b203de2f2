#include "hw/twin/atom_twin.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/cost.h"
#include "hw/scan_path.h"
#include "hw/twin/atom_column.h"
#include "hw/validate.h"

namespace ronchi::hw {
namespace {

constexpr double kCorrectorResolution_m = 1e-11;
constexpr double kOwnField_m = 2e-9;  // of a measurement that asks for none
const char* const kAtomNames[] = {"silicon", "neighbour1", "neighbour2", "neighbour3"};

PropertyInfo Fixed(const char* name, Dimension dimension, double max, const char* meaning,
                   const char* unit, PropertyGroup group) {
  return {.name = name,
          .dimension = dimension,
          .min = 0,
          .max = max,
          .max_step = 0,
          .meaning = meaning,
          .unit = unit,
          .group = group};
}

Description Describe(const AtomTwinOptions& o) {
  using Group = PropertyGroup;
  Description d;
  d.id = "atoms:" + o.name;
  d.model = absl::StrCat("simulated STEM over silicon in graphene, ", o.energy_eV / 1e3, " kV");
  d.simulated = true;
  d.properties = {
      {.name = "optics.C10",
       .dimension = Dimension::kLength,
       .min = -o.corrector_limit_m,
       .max = o.corrector_limit_m,
       .max_step = 2 * o.corrector_limit_m,
       .writable = true,
       .meaning = "widens the beam",
       .unit = "nm",
       .resolution = kCorrectorResolution_m,
       .group = Group::kOptics},
      Fixed("beam.energy", Dimension::kVoltage, 3e6, "acceleration", "kV", Group::kHighTension),
      Fixed("beam.semiangle", Dimension::kAngle, 1, "of convergence", "mrad", Group::kBeam),
      Fixed("beam.current", Dimension::kCurrent, 1e-6, "measured", "pA", Group::kBeam),
      Fixed("scan.count", Dimension::kNone, 1e18, "scans so far", "", Group::kScan)};
  d.min_dwell_s = 1e-7;
  d.max_dwell_s = 1;
  d.detectors = {{.name = "haadf",
                  .inner_rad = o.haadf_inner_rad,
                  .outer_rad = o.haadf_outer_rad,
                  .dark_counts = o.dark_counts,
                  .min_dwell_s = d.min_dwell_s,
                  .max_dwell_s = d.max_dwell_s}};
  d.max_fov_m = 2e-8;
  d.cannot = {"expose", "scan.camera"};
  const double image_s = o.prior.ranges().at("image_s").high;
  d.measurements = {
      {.what = "atoms", .time_s = image_s, .beam_on_s = image_s, .fov_m = kOwnField_m}};
  d.read_s = 1e-3;
  return d;
}

class AtomTwin final : public Instrument, public GroundTruth {
 public:
  AtomTwin(AtomColumn column, uint64_t seed)
      : column_(std::move(column)), description_(Describe(column_.options())) {
    for (const char* atom : kAtomNames) {
      for (const char* axis : {".x", ".y"}) atom_names_.push_back(absl::StrCat(atom, axis));
    }
    Randomise(seed, 0, 0);
  }

  const Description& description() const override { return description_; }
  GroundTruth* ground_truth() override { return this; }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    const double start = column_.time_s;
    absl::StatusOr<Reply> reply(absl::in_place);
    running_ = &options;
    RONCHI_RETURN_IF_ERROR(
        std::visit([&](const auto& verb) { return Do(verb, &*reply); }, command));
    reply->time_s = column_.time_s;
    reply->elapsed_s = column_.time_s - start;
    reply->blanked = column_.blanked;
    for (Reading& reading : reply->readings) reading.time_s = column_.time_s;
    return reply;
  }

  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) override {
    column_.Randomise(seed, environment, episode);
  }
  void Pass(double seconds) override { column_.Advance(seconds); }
  std::map<std::string, double> Hidden() const override { return column_.AllHidden(); }
  double NoiseFreeContrast() const override { return column_.Contrast(); }
  double BestContrast() const override {
    AtomColumn focused = column_;
    focused.SetC10(0);
    return focused.Contrast();
  }
  absl::StatusOr<std::string> Save() const override { return column_.Save(); }
  absl::Status Restore(const std::string& saved) override { return column_.Restore(saved); }

 private:
  absl::Status Do(const Read& read, Reply* reply) {
    for (const std::string& name : read.properties) {
      reply->readings.push_back(ReadOne(*description_.FindProperty(name)));
    }
    column_.Advance(description_.read_s);
    return absl::OkStatus();
  }

  Reading ReadOne(const PropertyInfo& p) {
    const AtomTwinOptions& o = column_.options();
    double value = 0, uncertainty = p.resolution;
    if (p.name == "optics.C10") value = column_.c10_m();
    if (p.name == "beam.energy") value = o.energy_eV;
    if (p.name == "beam.semiangle") value = o.semiangle_rad;
    if (p.name == "scan.count") value = column_.scans;
    if (p.name == "beam.current") {
      // A screen reads to 2 %.
      uncertainty = 0.02 * column_.Current_A();
      value = column_.Current_A() + uncertainty * column_.Stream("atom.screen").Normal();
    }
    return {p.name, {value, p.dimension}, uncertainty};
  }

  absl::Status Do(const Set& set, Reply* reply) {  // optics.C10: there is no other
    const PropertyInfo& p = *description_.FindProperty(set.property);
    const double target = set.value.si + (set.relative ? column_.c10_m() : 0);
    RONCHI_RETURN_IF_ERROR(CheckTarget(p, target));
    const double stands = std::round(target / p.resolution) * p.resolution;
    column_.SetC10(stands);
    reply->readings.push_back({set.property, {stands, p.dimension}, p.resolution});
    return CheckReadBack(p, set, target, stands);
  }

  absl::Status CheckBeam() const {
    if (!column_.blanked) return absl::OkStatus();
    return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
  }
  double ElectronsPerSecond() const { return column_.Current_A() / kElementaryCharge_C; }

  absl::Status Do(const Scan& scan, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    const double end_s = column_.time_s + running_->timeout_s;
    for (size_t f = 0; f < scan.frames && reply->ended == Ended::kComplete; ++f) {
      AcquireFrame(scan, f, end_s, reply);
    }
    ++column_.scans;
    return absl::OkStatus();
  }

  // Line by line: the sheet moves on and the atom may hop between lines.
  void AcquireFrame(const Scan& s, size_t frame, double end_s, Reply* reply) {
    const auto [lines, samples] = ScanShape(s);
    const auto positions = ScanPositions(s);
    const double line_s = s.dwell_s * double(samples);
    const Rectangle r = ScanFootprint(s);
    const Vector2 centre_A = {(r.x_m + r.width_m / 2) * kAngstromPerMetre,
                              (r.y_m + r.height_m / 2) * kAngstromPerMetre};
    const double side_A = std::sqrt(ScanField_m2(s)) * kAngstromPerMetre;
    Array<float> counts({lines, samples}, std::nanf(""));
    RandomStream random = column_.Stream("atom.counts");
    size_t done = 0;
    for (; done < lines; ++done) {
      if (running_->cancelled()) reply->ended = Ended::kCancelled;
      if (column_.time_s + line_s > end_s) reply->ended = Ended::kTimeout;
      if (reply->ended != Ended::kComplete) break;
      const std::span<float> line(counts.data() + done * samples, samples);
      Count({positions.data() + done * samples, samples}, s.dwell_s, &random, line);
      column_.Sweep(centre_A, side_A, line_s);
      for (size_t d = 0; running_->on_line && d < s.detectors.size(); ++d) {
        running_->on_line({frame, done, d, column_.time_s, line});
      }
    }
    for (const std::string& name : s.detectors) reply->frames.push_back({name, counts});
    const double electrons = ElectronsPerSecond() * line_s * double(lines);
    if (done == 0) return;
    reply->electrons += electrons * double(done) / double(lines);
    // A frame that was begun counts in full where it was scanned.
    reply->dose_e_per_m2 += electrons / ScanArea_m2(s, ProbeSize_m(description_));
  }

  void Count(std::span<const std::array<double, 2>> positions_m, double dwell_s,
             RandomStream* random, std::span<float> counts) const {
    const AtomTwinOptions& o = column_.options();
    const double electrons = ElectronsPerSecond() * dwell_s;
    for (size_t i = 0; i < counts.size(); ++i) {
      const double fraction = column_.Fraction(
          {positions_m[i][0] * kAngstromPerMetre, positions_m[i][1] * kAngstromPerMetre});
      const double seen = double(random->Poisson(electrons * std::min(1.0, fraction)));
      counts[i] = float(o.counts_per_electron * seen + o.dark_counts);
    }
  }

  absl::Status Do(const Park& park, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    const double duration_s = std::min(park.duration_s, running_->timeout_s);
    if (duration_s < park.duration_s) reply->ended = Ended::kTimeout;
    const Cost cost =
        PredictCost(description_, Park{park.x_m, park.y_m, duration_s}, column_.Current_A());
    reply->electrons = cost.electrons;
    reply->dose_e_per_m2 = cost.dose_e_per_m2;
    column_.Dwell({park.x_m * kAngstromPerMetre, park.y_m * kAngstromPerMetre}, duration_s);
    return absl::OkStatus();
  }

  // An image is taken and looked at: what it shows is the state at half its time.
  absl::Status Do(const Measure& measure, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    const double fov_m = measure.fov_m > 0 ? measure.fov_m : kOwnField_m;
    const double fov_A = fov_m * kAngstromPerMetre;
    const double time_s = std::min(column_.image_s(), running_->timeout_s);
    const Vector2 centre_A = {measure.center_x_m * kAngstromPerMetre,
                              measure.center_y_m * kAngstromPerMetre};
    column_.Sweep(centre_A, fov_A, time_s / 2);
    if (time_s < column_.image_s()) {
      reply->ended = Ended::kTimeout;  // half an image: nothing is found
    } else {
      Find(measure, fov_A, reply);
      if (column_.options().image_pixels > 0) AddImage(measure, fov_m, reply);
    }
    column_.Sweep(centre_A, fov_A, time_s / 2);
    ++column_.scans;
    reply->electrons = ElectronsPerSecond() * time_s;
    reply->dose_e_per_m2 = reply->electrons / (fov_m * fov_m);
    return absl::OkStatus();
  }

  void Find(const Measure& measure, double fov_A, Reply* reply) {
    const auto atoms = column_.Atoms_A();
    const double x = atoms[0][0] - measure.center_x_m * kAngstromPerMetre;
    const double y = atoms[0][1] - measure.center_y_m * kAngstromPerMetre;
    if (!(std::fabs(x) <= fov_A / 2 && std::fabs(y) <= fov_A / 2)) return;
    constexpr size_t kNumbers = 8;
    const double sigma_A = column_.aligner_sigma_A();
    std::array<double, kNumbers> error_A{};
    if (sigma_A > 0) {
      RandomStream random = column_.Stream("atom.aligner");
      for (double& e : error_A) e = sigma_A * random.Normal();
    }
    Estimate& found = reply->estimates.emplace_back();
    found.what = measure.what;
    found.names = atom_names_;
    found.values.reserve(kNumbers);
    for (size_t i = 0; i < kNumbers; ++i) {
      found.values.push_back(Metres((atoms[i / 2][i % 2] + error_A[i]) * kMetresPerAngstrom));
    }
    found.covariance.assign(kNumbers * kNumbers, 0);
    const double sigma_m = sigma_A * kMetresPerAngstrom;
    for (size_t i = 0; i < kNumbers; ++i) found.covariance[i * (kNumbers + 1)] = sigma_m * sigma_m;
  }

  void AddImage(const Measure& measure, double fov_m, Reply* reply) {
    const size_t n = size_t(column_.options().image_pixels);
    const Scan scan{.center_x_m = measure.center_x_m,
                    .center_y_m = measure.center_y_m,
                    .fov_x_m = fov_m,
                    .fov_y_m = fov_m,
                    .pixels_x = n,
                    .pixels_y = n};
    const auto positions = ScanPositions(scan);
    Array<float> counts({n, n});
    RandomStream random = column_.Stream("atom.counts");
    Count(positions, column_.image_s() / double(n * n), &random, {counts.data(), counts.size()});
    reply->frames.push_back({"haadf", std::move(counts)});
  }

  absl::Status Do(const Expose&, Reply*) {
    return absl::InternalError("expose");  // CheckCommand has refused it
  }
  absl::Status Do(const Blank&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Unblank&, Reply*) { return SetBlank(false); }
  absl::Status Do(const Safe&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Abort&, Reply*) { return absl::OkStatus(); }
  absl::Status SetBlank(bool blanked) {
    column_.blanked = blanked;
    return absl::OkStatus();
  }

  AtomColumn column_;
  const Description description_;
  std::vector<std::string> atom_names_;
  const ExecuteOptions* running_ = nullptr;  // of the command that runs
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeAtomTwin(const AtomTwinOptions& options,
                                                         uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(AtomColumn column, AtomColumn::Create(options));
  return WithFaults(std::make_unique<AtomTwin>(std::move(column), seed), options.faults, seed);
}

}  // namespace ronchi::hw
