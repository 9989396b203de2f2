#include "hw/twin/particles/particles_twin.h"

#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "hw/instrument/error.h"
#include "hw/twin/base/ring_cross_section.h"
#include "hw/twin/base/twin_base.h"
#include "hw/twin/particles/counting.h"
#include "hw/twin/particles/describe_particles.h"

namespace ronchi::hw {
namespace {

using Point = std::array<double, 2>;

constexpr double kNm = 1e-9;
constexpr double kFwhm = 2.3548200450309493;     // over standard deviation: 2 √(2 ln 2)
constexpr size_t kMostValues = size_t(1) << 27;  // of one frame of spectra: half a gigabyte

// By material: scattering onto the ring and out of the spectrometer, 1/nm.
struct Scatterer {
  double ring_per_nm = 0, lost_per_nm = 0;
};

absl::StatusOr<Scatterer> MakeScatterer(const MapTwinOptions& o,
                                        const std::map<std::string, double>& atoms_per_nm3) {
  Scatterer s;
  for (const auto& [symbol, density] : atoms_per_nm3) {
    RONCHI_ASSIGN_OR_RETURN(
        const double ring,
        RingCrossSection_nm2(symbol, o.energy_eV, o.haadf.inner_rad, o.haadf.outer_rad));
    RONCHI_ASSIGN_OR_RETURN(
        const double lost,
        RingCrossSection_nm2(symbol, o.energy_eV, o.eels.outer_rad, std::numbers::pi));
    s.ring_per_nm += density * ring;
    s.lost_per_nm += density * lost;
  }
  return s;
}

class MapTwin final : public TwinBase {
 public:
  MapTwin(const MapTwinOptions& options, Scatterer particle, Scatterer film, uint64_t seed)
      : TwinBase({.description = DescribeMapTwin(options),
                  .prior = options.prior,
                  .events = options.events,
                  .energy_eV = options.energy_eV,
                  .semiangle_rad = options.semiangle_rad,
                  .nominal_current_A = options.nominal_current_A,
                  .real_time = options.real_time}),
        options_(options),
        particle_(particle),
        film_(film) {
    Randomise(seed, 0, 0);
  }
  absl::StatusOr<double> Figure(const std::string& name) const override {
    if (name == "contrast") return Contrast(Sigma_nm());
    if (name == "best_contrast") return Contrast(Sigma_nm(-h_.c10_nm));
    return TwinBase::Figure(name);
  }
  absl::Status NoiseFree(const std::string& detector, std::span<const Point> at_m, double dwell_s,
                         std::span<double> counts) const override;

 private:
  // --- The episode.
  void BeginEpisode() override {
    RandomStream random = hidden().Stream("map.particles");
    particles_ = DrawParticles(options_.particles, options_.field_nm, &random);
    walk_nm_ = {};
    c10_m_ = rotation_rad_ = 0;
    frames_ = 0;
  }
  void ArchivePhysics(StateArchive* a) override {
    a->All(&particles_, &walk_nm_, &c10_m_, &rotation_rad_, &frames_);
  }
  std::string MadeFrom() const override {
    std::string made = absl::StrCat("particles\n", film_.ring_per_nm, " ", film_.lost_per_nm, " ",
                                    particle_.ring_per_nm, " ", particle_.lost_per_nm, " ",
                                    options_.nominal_current_A, " ", options_.axis.first_eV, " ",
                                    options_.plasmons.blunt_nm);
    for (const MapDetectorOptions* d : {&options_.haadf, &options_.eels}) {
      absl::StrAppend(&made, "\n", d->counts_per_electron, " ", d->dark_counts);
    }
    for (const auto& range : options_.plasmons.energy_eV) {
      absl::StrAppend(&made, "\n", range[0], " ", range[1]);
    }
    return made;
  }
  void AddDerived(std::map<std::string, double>* numbers) const override;

  // The hidden numbers that a sample needs, looked up when they have changed.
  struct Quick {
    double c10_nm, probe_nm, film_nm, current_noise;
    Point shift_nm, drift_nm_per_s;
    Counting haadf, eels;
  };
  // A drift that changes goes on from where it has come to.
  void HiddenJumped(const std::string& name, double by) override {
    if (name == "drift_x_nm_per_s") walk_nm_[0] -= by * time_s();
    if (name == "drift_y_nm_per_s") walk_nm_[1] -= by * time_s();
  }
  void FollowHidden() override {
    const auto counting = [&](const MapDetectorOptions& d, const std::string& suffix) {
      const auto number = [&](const char* name) { return hidden()[(name + suffix).c_str()]; };
      return Counting{d.counts_per_electron * number("gain_ratio"),
                      d.dark_counts + number("dark_error_counts"), number("readout_counts"),
                      d.saturation_counts};
    };
    h_ = {.c10_nm = hidden()["C10_nm"],
          .probe_nm = hidden()["probe_fwhm_nm"] / kFwhm,
          .film_nm = hidden()["film_nm"],
          .current_noise = hidden()["current_noise"],
          .shift_nm = {hidden()["shift_x_nm"], hidden()["shift_y_nm"]},
          .drift_nm_per_s = {hidden()["drift_x_nm_per_s"], hidden()["drift_y_nm_per_s"]},
          .haadf = counting(options_.haadf, ""),
          .eels = counting(options_.eels, ".eels")};
    plasmons_ = Plasmons();
    plasmons_made_ = false;
  }
  // Made when the first spectrum is asked for: images need none of it.
  const Plasmons& Spectra() const {
    if (plasmons_made_) return plasmons_;
    plasmons_ =
        Plasmons(options_.plasmons,
                 {.probability = {hidden()["dipole_probability"], hidden()["edge_probability"],
                                  hidden()["bulk_probability"]},
                  .mode_fwhm_eV = hidden()["mode_fwhm_eV"],
                  .zero_loss_fwhm_eV = hidden()["zero_loss_fwhm_eV"],
                  .tail_share = hidden()["tail_share"],
                  .zero_loss_eV = hidden()["zero_loss_eV"],
                  .mode_shift_eV = hidden()["mode_shift_eV"]},
                 options_.energy_eV, particles_);
    plasmons_.PrepareSpectra(options_.axis);
    plasmons_made_ = true;
    return plasmons_;
  }

  // --- Time, and what can be set.
  void Evolve(double seconds) override {
    RandomStream random = hidden().Stream("map.walk", advances());
    const double step_nm = hidden()["stage_walk_nm"] * std::sqrt(seconds);
    for (double& w : walk_nm_) w += step_nm * random.Normal();
  }
  RandomStream ScreenNoise() override { return hidden().Stream("map.screen", advances()); }
  double Stands(const std::string& name) const override {
    return name == "optics.C10" ? c10_m_ : rotation_rad_;
  }
  double Drive(const std::string& name, double target) override {
    if (name == "scan.rotation") return rotation_rad_ = target;
    const double step = options_.defocus_resolution_m;
    return c10_m_ = step > 0 ? std::round(target / step) * step : target;
  }

  // --- Scans and exposures.
  absl::Status CheckScan(const Scan& s) const override {
    const auto [lines, samples] = ScanShape(s);
    for (const std::string& name : s.detectors) {
      if (name == "eels" && lines * samples > kMostValues / options_.axis.channels) {
        return MakeError({ErrorKind::kOutOfLimits,
                          absl::StrCat(lines, " × ", samples, " spectra in one frame"),
                          absl::StrCat("at most ", kMostValues / options_.axis.channels)});
      }
    }
    return absl::OkStatus();
  }
  Rectangle OnSpecimen(const Rectangle& place) const override {
    const Point at_nm = OnSpecimen_nm({0, 0}, 0);
    return hw::OnSpecimen(place, {rotation_rad_, -at_nm[0] * kNm, -at_nm[1] * kNm});
  }
  std::unique_ptr<TwinFrame> BeginFrame(const FrameRequest& request) override;
  Array<float> AcquireExposure(const Expose& expose) override;

  // --- Physics.
  double Sigma_nm() const { return Sigma_nm(c10_m_ / kNm); }
  double Sigma_nm(double commanded_c10_nm) const {
    const double blur = (h_.c10_nm + commanded_c10_nm) * options_.semiangle_rad / 2;
    return std::hypot(h_.probe_nm, blur);
  }
  // Where on the specimen the probe stands that is sent there, so long from now.
  Point OnSpecimen_nm(const Point& at_m, double ahead_s) const {
    const double c = std::cos(rotation_rad_), s = std::sin(rotation_rad_);
    const double t = time_s() + ahead_s;
    return {
        (c * at_m[0] - s * at_m[1]) / kNm + h_.shift_nm[0] + walk_nm_[0] + h_.drift_nm_per_s[0] * t,
        (s * at_m[0] + c * at_m[1]) / kNm + h_.shift_nm[1] + walk_nm_[1] +
            h_.drift_nm_per_s[1] * t};
  }
  double Thickness_nm(const Point& at_nm, double sigma_nm) const {
    double sum = 0;
    for (const MapParticle& p : particles_) {
      sum += MeanThickness_nm(p, at_nm[0], at_nm[1], sigma_nm);
    }
    return sum;
  }
  double HaadfFraction(const Point& at_nm, double sigma_nm) const {
    return -std::expm1(-film_.ring_per_nm * h_.film_nm -
                       particle_.ring_per_nm * Thickness_nm(at_nm, sigma_nm));
  }
  // Shares of the incident electrons by channel.
  void Spectrum(const Point& at_nm, double sigma_nm, std::span<double> shares) const {
    Spectra().ComputeSpectrum(at_nm[0], at_nm[1], shares);
    const double collected = std::exp(-film_.lost_per_nm * h_.film_nm -
                                      particle_.lost_per_nm * Thickness_nm(at_nm, sigma_nm));
    for (double& s : shares) s *= collected;
  }
  double Contrast(double sigma_nm) const;
  // Electrons that a frame or exposure sends to one place.
  double Electrons(uint64_t frame, double seconds) const {
    RandomStream random = hidden().Stream("map.current", frame);
    const double current = Current_A() * (1 + h_.current_noise * random.Normal());
    return std::max(0.0, current) * seconds / kElementaryCharge_C;
  }

  const MapTwinOptions options_;
  const Scatterer particle_, film_;
  Quick h_{};
  std::vector<MapParticle> particles_;
  mutable Plasmons plasmons_;
  mutable bool plasmons_made_ = false;
  Point walk_nm_{};
  double c10_m_ = 0, rotation_rad_ = 0;
  uint64_t frames_ = 0;
};

std::unique_ptr<TwinFrame> MapTwin::BeginFrame(const FrameRequest& request) {
  const Scan& scan = *request.scan;
  const auto [lines, samples] = ScanShape(scan);
  const std::vector<Point> path = ScanPositions(scan);
  const uint64_t frame = frames_++;
  const double electrons = Electrons(frame, scan.dwell_s), sigma_nm = Sigma_nm();
  const size_t channels = options_.axis.channels;
  auto taken = std::make_unique<TwinFrame>();
  std::vector<double> shares;
  for (const std::string& name : scan.detectors) {
    const bool spectra = name == "eels";
    RandomStream random = hidden().Stream(spectra ? "map.counts.eels" : "map.counts.haadf", frame);
    std::vector<size_t> shape = {lines, samples};
    if (spectra) shape.push_back(channels);
    Array<float> counts(shape);
    shares.resize(spectra ? channels : 0);
    for (size_t i = 0; i < path.size(); ++i) {
      const Point at_nm = OnSpecimen_nm(path[i], request.line_s * double(i / samples));
      if (!spectra) {
        counts[i] = h_.haadf.Draw(electrons * HaadfFraction(at_nm, sigma_nm), &random);
        continue;
      }
      Spectrum(at_nm, sigma_nm, shares);
      for (size_t j = 0; j < channels; ++j) {
        counts[i * channels + j] = h_.eels.Draw(electrons * shares[j], &random);
      }
    }
    taken->counts.push_back(std::move(counts));
  }
  return taken;
}

Array<float> MapTwin::AcquireExposure(const Expose& expose) {
  const uint64_t frame = frames_++;
  const double electrons = Electrons(frame, expose.time_s);
  std::vector<double> shares(options_.axis.channels);
  Spectrum(OnSpecimen_nm({expose.x_m, expose.y_m}, 0), Sigma_nm(), shares);
  RandomStream random = hidden().Stream("map.counts.eels", frame);
  Array<float> counts({shares.size() / expose.binning});
  for (size_t j = 0; j < counts.size(); ++j) {
    double share = 0;
    for (size_t b = 0; b < expose.binning; ++b) share += shares[j * expose.binning + b];
    counts[j] = h_.eels.Draw(electrons * share, &random);
  }
  return counts;
}

absl::Status MapTwin::NoiseFree(const std::string& detector, std::span<const Point> at_m,
                                double dwell_s, std::span<double> counts) const {
  const DetectorInfo* d = description().FindDetector(detector);
  if (!d) return absl::NotFoundError("no detector '" + detector + "'");
  if (counts.size() != at_m.size() * d->pixels_x) {
    return absl::InvalidArgumentError(
        absl::StrCat("the buffer holds ", counts.size(), "; needed: ", at_m.size() * d->pixels_x));
  }
  const double electrons = Current_A() * dwell_s / kElementaryCharge_C, sigma_nm = Sigma_nm();
  for (size_t i = 0; i < at_m.size(); ++i) {
    const Point at_nm = OnSpecimen_nm(at_m[i], 0);
    if (detector == "haadf") {
      counts[i] = h_.haadf.Mean(electrons * HaadfFraction(at_nm, sigma_nm));
      continue;
    }
    const std::span<double> own = counts.subspan(i * d->pixels_x, d->pixels_x);
    Spectrum(at_nm, sigma_nm, own);
    for (double& c : own) c = h_.eels.Mean(electrons * c);
  }
  return absl::OkStatus();
}

double MapTwin::Contrast(double sigma_nm) const {
  constexpr int kPixels = 64;  // over the field that holds the particles
  double sum = 0, squares = 0;
  for (int j = 0; j < kPixels; ++j) {
    for (int i = 0; i < kPixels; ++i) {
      const double step = options_.field_nm / kPixels;
      const double f = HaadfFraction(
          {(i + 0.5) * step - options_.field_nm / 2, (j + 0.5) * step - options_.field_nm / 2},
          sigma_nm);
      sum += f;
      squares += f * f;
    }
  }
  const double n = double(kPixels) * kPixels, mean = sum / n;
  return mean > 0 ? squares / n / (mean * mean) - 1 : 0;
}

void MapTwin::AddDerived(std::map<std::string, double>* numbers) const {
  std::map<std::string, double>& all = *numbers;
  const Point under = OnSpecimen_nm({0, 0}, 0);
  all["total_C10_nm"] = h_.c10_nm + c10_m_ / kNm;
  all["true_current_pA"] = Current_A() * 1e12;
  all["under_origin_x_nm"] = under[0];
  all["under_origin_y_nm"] = under[1];
  all["particles"] = double(particles_.size());
  for (size_t i = 0; i < particles_.size(); ++i) {
    const MapParticle& p = particles_[i];
    const std::string name = absl::StrCat("particle.", i, ".");
    all[name + "cube"] = p.cube;
    all[name + "x_nm"] = p.x_nm;
    all[name + "y_nm"] = p.y_nm;
    all[name + "size_nm"] = 2 * p.half_nm;
    all[name + "turn_rad"] = p.turn_rad;
    all[name + "doping"] = p.doping;
  }
}

}  // namespace

absl::StatusOr<double> NominalHaadfCounts(const MapTwinOptions& o, double thickness_nm,
                                          double dwell_s) {
  RONCHI_ASSIGN_OR_RETURN(const Scatterer particle, MakeScatterer(o, o.particle_atoms_per_nm3));
  return o.haadf.counts_per_electron * o.nominal_current_A * dwell_s / kElementaryCharge_C *
         -std::expm1(-particle.ring_per_nm * thickness_nm);
}

absl::StatusOr<std::unique_ptr<Instrument>> MakeMapTwin(const MapTwinOptions& options,
                                                        uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(const Scatterer particle,
                          MakeScatterer(options, options.particle_atoms_per_nm3));
  RONCHI_ASSIGN_OR_RETURN(const Scatterer film, MakeScatterer(options, options.film_atoms_per_nm3));
  return WithFaults(std::make_unique<MapTwin>(options, particle, film, seed), options.faults, seed);
}

}  // namespace ronchi::hw
