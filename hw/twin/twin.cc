#include "hw/twin/twin.h"

#include <nlopt.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "hw/dose_ledger.h"
#include "hw/twin/image_model.h"

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

  absl::StatusOr<Reply> Execute(const Command& command) override {
    const double start = time_s_;
    Reply reply;
    RONCHI_RETURN_IF_ERROR(std::visit([&](const auto& verb) { return Do(verb, &reply); }, command));
    reply.time_s = time_s_;
    reply.elapsed_s = time_s_ - start;
    reply.blanked = blanked_;
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
      d.properties.push_back({name, Dimension::kLength, -limit, limit, 2 * limit, true,
                              "commanded coefficient; the column's own comes on top"});
    }
    d.properties.push_back({"beam.energy", Dimension::kVoltage, 0, 3e6, 0, false, "acceleration"});
    d.properties.push_back({"beam.semiangle", Dimension::kAngle, 0, 1, 0, false, "of convergence"});
    d.properties.push_back({"beam.current", Dimension::kCurrent, 0, 1e-6, 0, false, "measured"});
    d.properties.push_back({"scan.count", Dimension::kNone, 0, 1e18, 0, false, "scans so far"});
    d.properties.push_back(
        {"dose.max", Dimension::kDose, 0, 1e40, 0, false, "largest dose on any square nanometre"});
    d.detectors.push_back({"haadf", options_.haadf_inner_rad, options_.haadf_outer_rad, 65535});
    d.min_dwell_s = 1e-7;
    d.max_dwell_s = 1;
    d.max_fov_m = 1e-6;
    d.cannot = {"expose", "measure"};
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
    Advance(1e-3);
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
    return UnknownProperty(name);
  }

  absl::Status UnknownProperty(const std::string& name) const {
    std::string known;
    for (const PropertyInfo& p : description_.properties)
      absl::StrAppend(&known, known.empty() ? "" : ", ", p.name);
    return absl::NotFoundError(absl::StrCat("no property '", name, "'; there are: ", known));
  }

  absl::Status Do(const Set& set, Reply* reply) {
    const PropertyInfo* info = description_.FindProperty(set.property);
    if (!info) return UnknownProperty(set.property);
    if (!info->writable) {
      return absl::InvalidArgumentError(absl::StrCat(set.property, " cannot be set"));
    }
    if (set.value.dimension != info->dimension) {
      return absl::InvalidArgumentError(
          absl::StrCat(set.property, " is a ", std::string(DimensionName(info->dimension)),
                       ", not a ", std::string(DimensionName(set.value.dimension))));
    }
    size_t i = 0;
    while (set.property != kOptics[i]) ++i;
    const double target = set.value.si + (set.relative ? commanded_m_[i] : 0);
    if (!std::isfinite(target) || target < info->min || target > info->max) {
      return absl::OutOfRangeError(absl::StrCat(set.property, " = ", Format(Metres(target)),
                                                " is beyond the limits ", Format(Metres(info->min)),
                                                " … ", Format(Metres(info->max))));
    }
    const double step = options_.corrector_resolution_m;
    commanded_m_[i] = step > 0 ? std::round(target / step) * step : target;
    Advance(options_.settle_s);
    reply->readings.push_back({set.property, Metres(commanded_m_[i]), step});
    return absl::OkStatus();
  }

  absl::Status CheckScan(const Scan& s) const {
    if (blanked_) return absl::FailedPreconditionError("the beam is blanked; unblank first");
    for (const std::string& d : s.detectors) {
      if (!description_.FindDetector(d)) {
        return absl::NotFoundError(absl::StrCat("no detector '", d, "'; there are: haadf"));
      }
    }
    const bool geometry = std::isfinite(s.center_x_m) && std::isfinite(s.center_y_m) &&
                          s.fov_x_m > 0 && s.fov_y_m > 0 && s.fov_x_m <= description_.max_fov_m &&
                          s.fov_y_m <= description_.max_fov_m;
    const bool pixels = s.pixels_x >= 1 && s.pixels_y >= 1 &&
                        s.pixels_x <= description_.max_pixels &&
                        s.pixels_y <= description_.max_pixels && s.frames >= 1 && s.frames <= 10000;
    const bool dwell =
        s.dwell_s >= description_.min_dwell_s && s.dwell_s <= description_.max_dwell_s;
    if (!geometry || !pixels || !dwell || s.detectors.empty()) {
      return absl::OutOfRangeError(absl::StrCat(
          "scan of ", s.pixels_x, " × ", s.pixels_y, " pixels over ", s.fov_x_m, " × ", s.fov_y_m,
          " m, dwell ", s.dwell_s, " s: allowed are 1 … ", description_.max_pixels,
          " pixels, a field up to ", description_.max_fov_m, " m, a dwell of ",
          description_.min_dwell_s, " … ", description_.max_dwell_s, " s, one detector or more"));
    }
    return absl::OkStatus();
  }

  absl::Status Do(const Scan& scan, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckScan(scan));
    for (const TwinEvent& event : options_.events) {
      if (event.at_scan != scans_) continue;
      for (const auto& [name, value] : event.add) hidden_[name] += value;
    }
    for (size_t f = 0; f < scan.frames; ++f) {
      Advance(options_.frame_overhead_s);
      for (Frame& frame : AcquireFrame(scan)) reply->frames.push_back(std::move(frame));
    }
    ++scans_;
    const double pixels = double(scan.pixels_x * scan.pixels_y);
    reply->electrons =
        Current_A() / kElementaryCharge_C * scan.dwell_s * pixels * double(scan.frames);
    reply->dose_e_per_m2 = reply->electrons / (scan.fov_x_m * scan.fov_y_m);
    ledger_.Add(scan.center_x_m - scan.fov_x_m / 2, scan.center_y_m - scan.fov_y_m / 2,
                scan.fov_x_m, scan.fov_y_m, reply->dose_e_per_m2);
    return absl::OkStatus();
  }

  std::vector<Frame> AcquireFrame(const Scan& s) {
    const double line_s = s.dwell_s * double(s.pixels_x) + options_.flyback_s;
    sim::LinearRaster raster{{}, s.fov_x_m / double(s.pixels_x) * kAngstromPerMetre, s.pixels_x};
    for (size_t l = 0; l < s.pixels_y; ++l) {
      const auto shift = SpecimenShift_A(time_s_ + line_s * double(l));
      const double y = s.center_y_m + (double(l) / double(s.pixels_y) - 0.5) * s.fov_y_m;
      raster.starts_A.push_back({(s.center_x_m - s.fov_x_m / 2) * kAngstromPerMetre + shift[0],
                                 y * kAngstromPerMetre + shift[1]});
    }
    std::vector<double> fraction(s.pixels_x * s.pixels_y);
    images_->MakeHarmonics(Optics(), H("source_fwhm_A")).ComputeImage(raster, fraction);

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
    Array<float> counts({s.pixels_y, s.pixels_x});
    for (size_t i = 0; i < fraction.size(); ++i) {
      const double n = double(random.Poisson(electrons * std::max(0.0, fraction[i])));
      counts[i] = float(std::min(saturation, gain * n + dark + readout * random.Normal()));
    }
    Advance(line_s * double(s.pixels_y));
    return std::vector<Frame>(s.detectors.size(), Frame{"haadf", counts});
  }

  absl::Status Do(const Park& park, Reply* reply) {
    if (blanked_) return absl::FailedPreconditionError("the beam is blanked; unblank first");
    if (!std::isfinite(park.x_m) || !std::isfinite(park.y_m) || !(park.duration_s >= 0) ||
        park.duration_s > 3600) {
      return absl::OutOfRangeError("park: a finite position and 0 … 3600 s are allowed");
    }
    Advance(park.duration_s);
    reply->electrons = Current_A() / kElementaryCharge_C * park.duration_s;
    reply->dose_e_per_m2 = reply->electrons / 1e-20;  // all of it within about 1 Å²
    ledger_.Add(park.x_m, park.y_m, 0, 0, reply->dose_e_per_m2);
    return absl::OkStatus();
  }

  absl::Status Do(const Expose&, Reply*) { return Cannot("expose"); }
  absl::Status Do(const Measure&, Reply*) { return Cannot("measure"); }
  absl::Status Cannot(const char* verb) const {
    return absl::UnimplementedError(absl::StrCat("the twin cannot '", verb, "' yet"));
  }
  absl::Status Do(const Blank&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Unblank&, Reply*) { return SetBlank(false); }
  absl::Status Do(const Safe&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Abort&, Reply*) {
    return absl::OkStatus();
  }  // commands are not in parallel
  absl::Status SetBlank(bool blanked) {
    blanked_ = blanked;
    Advance(1e-4);
    return absl::OkStatus();
  }

  const TwinOptions options_;
  const std::shared_ptr<const sim::ImageModel> images_;
  Description description_;
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
