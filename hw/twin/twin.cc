#include "hw/twin/twin.h"

#include <nlopt.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "hw/cost.h"
#include "hw/dose_ledger.h"
#include "hw/scan_path.h"
#include "hw/twin/image_model.h"
#include "hw/validate.h"

namespace ronchi::hw {
namespace {

constexpr std::array<const char*, 3> kOptics = {"optics.C10", "optics.C12.a", "optics.C12.b"};
constexpr double kNm_A = kAngstromPerNanometre;

class Twin final : public Instrument, public GroundTruth {
 public:
  Twin(TwinOptions options, std::shared_ptr<const sim::ImageModel> images, uint64_t seed)
      : options_(std::move(options)), images_(std::move(images)) {
    Describe();
    Randomise(seed, 0, 0);
  }

  const Description& description() const override { return description_; }
  GroundTruth* ground_truth() override { return this; }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    const double start = time_s_;
    Reply reply;
    running_ = &options;
    RONCHI_RETURN_IF_ERROR(std::visit([&](const auto& verb) { return Do(verb, &reply); }, command));
    reply.time_s = time_s_;
    reply.elapsed_s = time_s_ - start;
    reply.blanked = blanked_;
    for (Reading& reading : reply.readings) reading.time_s = time_s_;
    return reply;
  }

  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) override {
    seed_ = seed;
    environment_ = environment;
    episode_ = episode;
    hidden_ = options_.prior.Draw(seed, environment, episode);
    walk_ = {};
    commanded_m_ = {};
    time_s_ = 0;
    ticks_ = frames_ = 0;
    scans_ = 0;
    blanked_ = true;
    ledger_.Clear();
  }

  void Pass(double seconds) override { Advance(seconds); }

  std::map<std::string, double> Hidden() const override {
    std::map<std::string, double> all = hidden_;
    const sim::Aberrations now = Optics();
    all["total_C10_nm"] = now.a_A[sim::kC10] / kNm_A;
    all["total_C12a_nm"] = now.a_A[sim::kC12] / kNm_A;
    all["total_C12b_nm"] = now.b_A[sim::kC12] / kNm_A;
    return all;
  }

  double NoiseFreeContrast() const override { return Contrast(Optics()); }

  double BestContrast() const override {
    // Nelder–Mead over the three writable coefficients, from zero: the contrast has its main peak
    // within a few nm of there, moved by C30, C21 and C23.
    struct Problem {
      const Twin* twin;
      sim::Aberrations optics;
    } problem{this, Optics()};
    auto negative = [](unsigned, const double* x, double*, void* data) {
      auto* p = static_cast<Problem*>(data);
      sim::Aberrations a = p->optics;
      a.a_A[sim::kC10] = x[0];
      a.a_A[sim::kC12] = x[1];
      a.b_A[sim::kC12] = x[2];
      return -p->twin->Contrast(a);
    };
    nlopt_opt opt = nlopt_create(NLOPT_LN_NELDERMEAD, 3);
    nlopt_set_min_objective(opt, negative, &problem);
    nlopt_set_initial_step1(opt, 5.0);
    nlopt_set_xtol_abs1(opt, 0.01);
    nlopt_set_maxeval(opt, 500);
    double x[3] = {0, 0, 0}, best = 0;
    nlopt_optimize(opt, x, &best);
    nlopt_destroy(opt);
    return -best;
  }

 private:
  double H(const char* name) const { return hidden_.at(name); }

  void Describe() {
    Description& d = description_;
    d.id = "twin:" + options_.name;
    d.model = absl::StrCat("simulated STEM, ", options_.energy_eV / 1e3, " kV, ",
                           options_.semiangle_rad * 1e3, " mrad");
    d.simulated = true;
    const double limit = options_.corrector_limit_m;
    for (const char* name : kOptics) {
      d.properties.push_back({.name = name,
                              .dimension = Dimension::kLength,
                              .min = -limit,
                              .max = limit,
                              .max_step = 2 * limit,
                              .writable = true,
                              .meaning = "commanded coefficient; the column's own comes on top",
                              .unit = "nm",
                              .resolution = options_.corrector_resolution_m,
                              .settling_s = options_.settle_s,
                              .group = PropertyGroup::kOptics});
    }
    const auto fixed = [&](const char* name, Dimension dimension, double max, const char* meaning,
                           const char* unit, PropertyGroup group) {
      d.properties.push_back({.name = name,
                              .dimension = dimension,
                              .min = 0,
                              .max = max,
                              .max_step = 0,
                              .meaning = meaning,
                              .unit = unit,
                              .group = group});
    };
    using Group = PropertyGroup;
    fixed("beam.energy", Dimension::kVoltage, 3e6, "acceleration", "kV", Group::kHighTension);
    fixed("beam.semiangle", Dimension::kAngle, 1, "of convergence", "mrad", Group::kBeam);
    fixed("beam.current", Dimension::kCurrent, 1e-6, "measured", "pA", Group::kBeam);
    fixed("scan.count", Dimension::kNone, 1e18, "scans so far", "", Group::kScan);
    fixed("dose.max", Dimension::kDose, 1e40, "largest dose on any square nanometre", "e/A^2",
          Group::kBeam);
    d.detectors.push_back({.name = "haadf",
                           .inner_rad = options_.haadf_inner_rad,
                           .outer_rad = options_.haadf_outer_rad,
                           .saturation_counts = 65535,
                           .min_dwell_s = 1e-7,
                           .max_dwell_s = 1});
    d.min_dwell_s = 1e-7;
    d.max_dwell_s = 1;
    d.max_fov_m = 1e-6;
    d.cannot = {"expose", "measure", "scan.camera"};
    d.read_s = 1e-3;
    d.blank_s = 1e-4;
    d.flyback_s = options_.flyback_s;
    d.frame_overhead_s = options_.frame_overhead_s;
  }

  // What the beam goes through: hidden + drifted + gain · commanded, in Å.
  sim::Aberrations Optics() const {
    const double gain = H("corrector_gain_ratio");
    sim::Aberrations a;
    const std::array<double, 3> own = {H("C10_nm"), H("C12a_nm"), H("C12b_nm")};
    std::array<double, 3> total;
    for (size_t i = 0; i < 3; ++i) {
      total[i] = own[i] * kNm_A + walk_[i] + gain * commanded_m_[i] * kAngstromPerMetre;
    }
    a.a_A[sim::kC10] = total[0];
    a.a_A[sim::kC12] = total[1];
    a.b_A[sim::kC12] = total[2];
    a.a_A[sim::kC21] = H("C21a_nm") * kNm_A;
    a.b_A[sim::kC21] = H("C21b_nm") * kNm_A;
    a.a_A[sim::kC23] = H("C23a_nm") * kNm_A;
    a.b_A[sim::kC23] = H("C23b_nm") * kNm_A;
    a.a_A[sim::kC30] = H("C30_um") * 1e4;
    return a;
  }

  double Contrast(const sim::Aberrations& a) const {
    return images_->MakeHarmonics(a, H("source_fwhm_A")).Contrast();
  }

  double Current_A() const { return options_.nominal_current_A * H("current_ratio"); }

  // Time passes: random walks of the optics (Å) and of the specimen (Å).
  void Advance(double seconds) {
    if (seconds <= 0) return;
    RandomStream random({.seed = seed_,
                         .name = "twin.walk",
                         .environment = environment_,
                         .episode = episode_,
                         .step = ticks_++});
    const double root = std::sqrt(seconds);
    walk_[0] += H("C10_walk_nm") * kNm_A * root * random.Normal();
    walk_[1] += H("C12_walk_nm") * kNm_A * root * random.Normal();
    walk_[2] += H("C12_walk_nm") * kNm_A * root * random.Normal();
    walk_[3] += H("stage_walk_A") * root * random.Normal();
    walk_[4] += H("stage_walk_A") * root * random.Normal();
    time_s_ += seconds;
  }

  std::array<double, 2> SpecimenShift_A(double time_s) const {
    return {H("shift_x_A") + walk_[3] + H("drift_x_A_per_s") * time_s,
            H("shift_y_A") + walk_[4] + H("drift_y_A_per_s") * time_s};
  }

  absl::Status Do(const Read& read, Reply* reply) {
    for (const std::string& name : read.properties) {
      RONCHI_ASSIGN_OR_RETURN(const Reading reading, ReadOne(name));
      reply->readings.push_back(reading);
    }
    Advance(description_.read_s);
    return absl::OkStatus();
  }

  absl::StatusOr<Reading> ReadOne(const std::string& name) {
    for (size_t i = 0; i < kOptics.size(); ++i) {
      if (name == kOptics[i]) {
        return Reading{name, Metres(commanded_m_[i]), options_.corrector_resolution_m};
      }
    }
    if (name == "beam.energy") return Reading{name, Volts(options_.energy_eV), 0};
    if (name == "beam.semiangle") return Reading{name, Radians(options_.semiangle_rad), 0};
    if (name == "scan.count") return Reading{name, Number(scans_), 0};
    if (name == "dose.max") return Reading{name, {ledger_.Largest(), Dimension::kDose}, 0};
    if (name == "beam.current") {
      // A screen reads to 2 %.
      RandomStream random({.seed = seed_,
                           .name = "twin.screen",
                           .environment = environment_,
                           .episode = episode_,
                           .step = ticks_});
      const double sigma = 0.02 * Current_A();
      return Reading{name, Amperes(Current_A() + sigma * random.Normal()), sigma};
    }
    return absl::InternalError(name + " is described, but not read");
  }

  absl::Status Do(const Set& set, Reply* reply) {
    const PropertyInfo* info = description_.FindProperty(set.property);
    size_t i = 0;
    while (set.property != kOptics[i]) ++i;
    const double target = set.value.si + (set.relative ? commanded_m_[i] : 0);
    RONCHI_RETURN_IF_ERROR(CheckTarget(*info, target));
    const double step = options_.corrector_resolution_m;
    commanded_m_[i] = step > 0 ? std::round(target / step) * step : target;
    const double allowed =
        std::min(set.timeout_s > 0 ? set.timeout_s : running_->timeout_s, running_->timeout_s);
    Advance(std::min(allowed, options_.settle_s));
    if (allowed < options_.settle_s) {
      return MakeError({ErrorKind::kTimeout,
                        absl::StrCat(set.property, " has not settled after ", allowed, " s"),
                        absl::StrCat("it takes ", options_.settle_s, " s; read it before going on"),
                        Effect::kDone});
    }
    reply->readings.push_back({set.property, Metres(commanded_m_[i]), step});
    return CheckReadBack(*info, set, target, commanded_m_[i]);
  }

  absl::Status CheckBeam() const {
    if (!blanked_) return absl::OkStatus();
    return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank first"});
  }

  absl::Status Do(const Scan& scan, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    for (const TwinEvent& event : options_.events) {
      if (event.at_scan != scans_) continue;
      for (const auto& [name, value] : event.add) hidden_[name] += value;
    }
    const double end_s = time_s_ + running_->timeout_s;
    size_t lines = 0;
    for (size_t f = 0; f < scan.frames && reply->ended == Ended::kComplete; ++f) {
      Advance(options_.frame_overhead_s);
      lines += AcquireFrame(scan, f, end_s, reply);
    }
    ++scans_;
    const auto [in_frame, samples] = ScanShape(scan);
    const double per_line = Current_A() / kElementaryCharge_C * scan.dwell_s * double(samples);
    reply->electrons = per_line * double(lines);
    // A frame that was begun counts in full where it was scanned.
    reply->dose_e_per_m2 =
        per_line * double((lines + in_frame - 1) / in_frame * in_frame) / ScanArea_m2(scan);
    for (const Rectangle& r : PredictCost(description_, scan, Current_A()).where) {
      ledger_.Add(r.x_m, r.y_m, r.width_m, r.height_m, reply->dose_e_per_m2);
    }
    return absl::OkStatus();
  }

  // Rows as the engine draws them. A raster's lines run along x, moved by the drift from line to
  // line; of any other pattern each sample is a row of its own.
  sim::LinearRaster Rows(const Scan& s, double line_s) const {
    if (s.pattern == ScanPattern::kRaster && s.rotation_rad == 0) {
      sim::LinearRaster raster{{}, s.fov_x_m / double(s.pixels_x) * kAngstromPerMetre, s.pixels_x};
      for (size_t l = 0; l < s.pixels_y; ++l) {
        const auto shift = SpecimenShift_A(time_s_ + line_s * double(l));
        const double y = s.center_y_m + (double(l) / double(s.pixels_y) - 0.5) * s.fov_y_m;
        raster.starts_A.push_back({(s.center_x_m - s.fov_x_m / 2) * kAngstromPerMetre + shift[0],
                                   y * kAngstromPerMetre + shift[1]});
      }
      return raster;
    }
    sim::LinearRaster raster{{}, 0, 1};
    const auto [lines, samples] = ScanShape(s);
    const auto at = ScanPositions(s);
    for (size_t i = 0; i < at.size(); ++i) {
      const double time_s =
          time_s_ + line_s * double(i / samples) + s.dwell_s * double(i % samples);
      const auto shift = SpecimenShift_A(time_s);
      raster.starts_A.push_back(
          {at[i][0] * kAngstromPerMetre + shift[0], at[i][1] * kAngstromPerMetre + shift[1]});
    }
    return raster;
  }

  // Computes a frame and hands it out line by line; returns the lines until it was ended.
  size_t AcquireFrame(const Scan& s, size_t frame, double end_s, Reply* reply) {
    const auto [lines, samples] = ScanShape(s);
    const double line_s =
        s.dwell_s * double(samples) + (s.pattern == ScanPattern::kRaster ? options_.flyback_s : 0);
    Array<float> counts = Counts(s, line_s, lines, samples);
    size_t done = 0;
    for (; done < lines; ++done) {
      const double line_end_s = time_s_ + line_s * double(done + 1);
      if (running_->cancelled()) reply->ended = Ended::kCancelled;
      if (line_end_s > end_s) reply->ended = Ended::kTimeout;
      if (reply->ended != Ended::kComplete) break;
      for (size_t d = 0; running_->on_line && d < s.detectors.size(); ++d) {
        running_->on_line({frame, done, d, line_end_s, {counts.data() + done * samples, samples}});
      }
    }
    std::fill(counts.data() + done * samples, counts.data() + counts.size(), std::nanf(""));
    Advance(line_s * double(done));
    for (const std::string& name : s.detectors) reply->frames.push_back({name, counts});
    return done;
  }

  Array<float> Counts(const Scan& s, double line_s, size_t lines, size_t samples) {
    std::vector<double> fraction(lines * samples);
    images_->MakeHarmonics(Optics(), H("source_fwhm_A")).ComputeImage(Rows(s, line_s), fraction);

    RandomStream random({.seed = seed_,
                         .name = "twin.counts",
                         .environment = environment_,
                         .episode = episode_,
                         .step = frames_++});
    const double current = Current_A() * (1 + H("current_noise") * random.Normal());
    const double electrons = std::max(0.0, current) * s.dwell_s / kElementaryCharge_C;
    const double gain = options_.counts_per_electron * H("gain_ratio");
    const double dark = options_.dark_counts + H("dark_error_counts"),
                 readout = H("readout_counts");
    const double saturation = description_.detectors[0].saturation_counts;
    Array<float> counts({lines, samples});
    for (size_t i = 0; i < fraction.size(); ++i) {
      const double n = double(random.Poisson(electrons * std::max(0.0, fraction[i])));
      counts[i] = float(std::min(saturation, gain * n + dark + readout * random.Normal()));
    }
    return counts;
  }

  absl::Status Do(const Park& park, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckBeam());
    const double duration_s = std::min(park.duration_s, running_->timeout_s);
    if (duration_s < park.duration_s) reply->ended = Ended::kTimeout;
    Advance(duration_s);
    reply->electrons = Current_A() / kElementaryCharge_C * duration_s;
    reply->dose_e_per_m2 = reply->electrons / 1e-20;  // all of it within about 1 Å²
    ledger_.Add(park.x_m, park.y_m, 0, 0, reply->dose_e_per_m2);
    return absl::OkStatus();
  }

  // CheckCommand has refused these by now.
  absl::Status Do(const Expose&, Reply*) { return absl::InternalError("expose"); }
  absl::Status Do(const Measure&, Reply*) { return absl::InternalError("measure"); }
  absl::Status Do(const Blank&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Unblank&, Reply*) { return SetBlank(false); }
  absl::Status Do(const Safe&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Abort&, Reply*) {
    return absl::OkStatus();
  }  // commands are not in parallel
  absl::Status SetBlank(bool blanked) {
    blanked_ = blanked;
    Advance(description_.blank_s);
    return absl::OkStatus();
  }

  const TwinOptions options_;
  const std::shared_ptr<const sim::ImageModel> images_;
  Description description_;
  const ExecuteOptions* running_ = nullptr;  // of the command that runs
  uint64_t seed_ = 0, environment_ = 0, episode_ = 0;
  std::map<std::string, double> hidden_;
  std::array<double, 5> walk_{};  // Å: C10, C12a, C12b, specimen x, y
  std::array<double, 3> commanded_m_{};
  double time_s_ = 0;
  uint64_t ticks_ = 0, frames_ = 0;
  int scans_ = 0;
  bool blanked_ = true;
  DoseLedger ledger_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeTwin(const TwinOptions& options, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(auto images, MakeImageModel(options));
  return std::unique_ptr<Instrument>(std::make_unique<Twin>(options, std::move(images), seed));
}

}  // namespace ronchi::hw
