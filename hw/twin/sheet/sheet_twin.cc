#include "hw/twin/sheet/sheet_twin.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/instrument/scan_path.h"
#include "hw/twin/base/readings.h"
#include "hw/twin/base/twin_base.h"
#include "hw/twin/sheet/sheet_state.h"

namespace ronchi::hw {
namespace {

constexpr double kCorrectorResolution_m = 1e-11;
constexpr double kOwnField_m = 2e-9;  // of a measurement that asks for none
const char* const kAtomNames[] = {"silicon", "neighbour1", "neighbour2", "neighbour3"};

Description Describe(const AtomTwinOptions& o) {
  using Group = PropertyGroup;
  Description d;
  d.id = "atoms:" + o.name;
  d.model = absl::StrCat("simulated STEM over silicon in graphene, ", o.energy_eV / 1e3, " kV");
  d.simulated = true;
  d.properties = {{.name = "optics.C10",
                   .dimension = Dimension::kLength,
                   .min = -o.corrector_limit_m,
                   .max = o.corrector_limit_m,
                   .max_step = 2 * o.corrector_limit_m,
                   .writable = true,
                   .meaning = "widens the beam",
                   .unit = "nm",
                   .resolution = kCorrectorResolution_m,
                   .group = Group::kOptics}};
  AddReadings(&d);
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
  const double image_s = o.Reach("image_s").high;
  d.measurements = {
      {.what = "atoms", .time_s = image_s, .beam_on_s = image_s, .fov_m = kOwnField_m}};
  d.read_s = 1e-3;
  return d;
}

Vector2 Angstroms(double x_m, double y_m) {
  return {x_m * kAngstromPerMetre, y_m * kAngstromPerMetre};
}

class SheetTwin final : public TwinBase {
 public:
  SheetTwin(const AtomTwinOptions& options, SheetState sheet, uint64_t seed)
      : TwinBase({.description = Describe(options),
                  .prior = options.prior,
                  .events = options.events,
                  .park_and_measure_count = true,
                  .energy_eV = options.energy_eV,
                  .semiangle_rad = options.semiangle_rad,
                  .nominal_current_A = options.nominal_current_A,
                  .real_time = options.real_time}),
        options_(options),
        sheet_(std::move(sheet)) {
    for (const char* atom : kAtomNames) {
      for (const char* axis : {".x", ".y"}) atom_names_.push_back(absl::StrCat(atom, axis));
    }
    Randomise(seed, 0, 0);
  }
  absl::StatusOr<double> Figure(const std::string& name) const override {
    if (name == "contrast") return sheet_.Contrast();
    if (name != "best_contrast") return TwinBase::Figure(name);
    SheetState focused = sheet_;
    focused.SetC10(0);
    return focused.Contrast();
  }

 private:
  class Frame;

  // --- The episode.
  void BeginEpisode() override {
    sheet_.Begin();
    draws_ = sheet_.streams_used();
  }
  void ArchivePhysics(StateArchive* a) override { a->All(&sheet_, &draws_); }
  // The hidden numbers that every step needs, looked up when they have changed.
  void FollowHidden() override {
    image_s_ = hidden()["image_s"];
    aligner_sigma_A_ = hidden()["aligner_sigma_A"];
    walk_A_ = hidden()["walk_A"];
    drift_A_per_s_ = {hidden()["drift_x_A_per_s"], hidden()["drift_y_A_per_s"]};
    current_A_ = options_.nominal_current_A * hidden()["current_ratio"];
    sheet_.Resume(hidden(), Current_A());
  }
  std::string MadeFrom() const override {
    const AtomTwinOptions& o = options_;
    return absl::StrCat("sheet\n", int(o.rates), " ", o.energy_eV, " ", o.semiangle_rad, " ",
                        o.beam_fwhm_A, " ", o.nominal_current_A, " ", o.counts_per_electron, " ",
                        o.dark_counts, " ", o.images_move_atoms, " ", o.image_pixels, " ",
                        o.isotope);
  }
  void AddDerived(std::map<std::string, double>* numbers) const override {
    sheet_.AddDerived(numbers);
  }
  // Each call is another stream.
  RandomStream Draw(const char* name) { return hidden().Stream(name, draws_++); }

  // --- Time.
  bool EvolvesByLine() const override { return true; }
  void Evolve(double seconds) override {
    sheet_.Drift(drift_A_per_s_, seconds);
    if (walk_A_ == 0) return;
    RandomStream random = Draw("atom.walk");
    sheet_.Walk(walk_A_ * std::sqrt(seconds), &random);
  }
  void StandAt(double x_m, double y_m, double seconds) override {
    // While the sheet drifts, the rates change: parts so short that it moves by no more than this.
    constexpr double kStep_A = 0.02;
    const double way_A = std::hypot(drift_A_per_s_[0], drift_A_per_s_[1]) * seconds;
    const int parts = int(std::clamp(std::ceil(way_A / kStep_A), 1.0, 1000.0));
    RandomStream random = Draw("atom.hops");
    for (int i = 0; i < parts; ++i) {
      sheet_.HopUnder(Angstroms(x_m, y_m), seconds / parts, &random);
      Advance(seconds / parts);
    }
  }
  void SweepOver(const SweptField& f, double seconds) override {
    if (options_.images_move_atoms && seconds > 0) {
      RandomStream random = Draw("atom.image_hops");
      sheet_.HopUnderSweep(Angstroms(f.center_x_m, f.center_y_m), f.side_m * kAngstromPerMetre,
                           seconds, &random);
    }
    Advance(seconds);
  }

  // --- The beam and what can be set: optics.C10, there is no other.
  double Current_A() const override { return current_A_; }
  RandomStream ScreenNoise() override { return Draw("atom.screen"); }
  double Stands(const std::string&) const override { return sheet_.c10_m(); }
  double Drive(const std::string&, double target) override {
    sheet_.SetC10(std::round(target / kCorrectorResolution_m) * kCorrectorResolution_m);
    return sheet_.c10_m();
  }
  Rectangle OnSpecimen(const Rectangle& place) const override {
    return {place.x_m - sheet_.shift_A()[0] * kMetresPerAngstrom,
            place.y_m - sheet_.shift_A()[1] * kMetresPerAngstrom, place.width_m, place.height_m};
  }

  // --- Images.
  std::unique_ptr<TwinFrame> BeginFrame(const FrameRequest& request) override;
  void Count(std::span<const std::array<double, 2>> positions_m, double dwell_s,
             RandomStream* random, std::span<float> counts) const;
  MeasureTime TimeOf(const MeasurementInfo&) const override { return {image_s_, image_s_}; }
  void TakeMeasurement(const MeasureRequest& request, Reply* reply) override;
  void Find(const MeasureRequest& request, Reply* reply);
  void AddImage(const MeasureRequest& request, Reply* reply);

  const AtomTwinOptions options_;
  SheetState sheet_;
  std::vector<std::string> atom_names_;
  double current_A_ = 0, image_s_ = 2, aligner_sigma_A_ = 0, walk_A_ = 0;
  Vector2 drift_A_per_s_{};
  uint64_t draws_ = 0;  // streams used in this episode
};

// Line by line: the sheet moves on and the atom may hop between lines.
class SheetTwin::Frame final : public TwinFrame {
 public:
  Frame(const SheetTwin* twin, const Scan& scan, RandomStream random)
      : twin_(twin), positions_(ScanPositions(scan)), dwell_s_(scan.dwell_s), random_(random) {
    const auto [lines, samples] = ScanShape(scan);
    counts.assign(scan.detectors.size(), Array<float>({lines, samples}));
    samples_ = samples;
  }
  void TakeLine(size_t line) override {
    const auto of = [&](Array<float>& a) {
      return std::span<float>(a.data() + line * samples_, samples_);
    };
    twin_->Count({positions_.data() + line * samples_, samples_}, dwell_s_, &random_,
                 of(counts[0]));
    for (size_t d = 1; d < counts.size(); ++d)
      std::ranges::copy(of(counts[0]), of(counts[d]).data());
  }

 private:
  const SheetTwin* twin_;
  const std::vector<std::array<double, 2>> positions_;
  const double dwell_s_;
  RandomStream random_;
  size_t samples_ = 0;
};

std::unique_ptr<TwinFrame> SheetTwin::BeginFrame(const FrameRequest& request) {
  return std::make_unique<Frame>(this, *request.scan, Draw("atom.counts"));
}

void SheetTwin::Count(std::span<const std::array<double, 2>> positions_m, double dwell_s,
                      RandomStream* random, std::span<float> counts) const {
  const double electrons = Current_A() / kElementaryCharge_C * dwell_s;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double fraction = sheet_.Fraction(Angstroms(positions_m[i][0], positions_m[i][1]));
    const double seen = double(random->Poisson(electrons * std::min(1.0, fraction)));
    counts[i] = float(options_.counts_per_electron * seen + options_.dark_counts);
  }
}

// An image is taken and looked at: what it shows is the state at half its time. Of half an image
// nothing is found.
void SheetTwin::TakeMeasurement(const MeasureRequest& request, Reply* reply) {
  SweepOver(request.field, request.time_s / 2);
  if (request.complete) {
    Find(request, reply);
    if (options_.image_pixels > 0) AddImage(request, reply);
  }
  SweepOver(request.field, request.time_s / 2);
  CountScan();
}

void SheetTwin::Find(const MeasureRequest& request, Reply* reply) {
  const auto atoms = sheet_.Atoms_A();
  const SweptField& field = request.field;
  const Vector2 center_A = Angstroms(field.center_x_m, field.center_y_m);
  const double half_A = field.side_m * kAngstromPerMetre / 2;
  const double x = atoms[0][0] - center_A[0], y = atoms[0][1] - center_A[1];
  if (!(std::fabs(x) <= half_A && std::fabs(y) <= half_A)) return;
  constexpr size_t kNumbers = 8;
  std::array<double, kNumbers> error_A{};
  if (aligner_sigma_A_ > 0) {
    RandomStream random = Draw("atom.aligner");
    for (double& e : error_A) e = aligner_sigma_A_ * random.Normal();
  }
  Estimate& found = reply->estimates.emplace_back();
  found.what = request.measure->what;
  found.names = atom_names_;
  found.values.reserve(kNumbers);
  for (size_t i = 0; i < kNumbers; ++i) {
    found.values.push_back(Metres((atoms[i / 2][i % 2] + error_A[i]) * kMetresPerAngstrom));
  }
  found.covariance.assign(kNumbers * kNumbers, 0);
  const double sigma_m = aligner_sigma_A_ * kMetresPerAngstrom;
  for (size_t i = 0; i < kNumbers; ++i) found.covariance[i * (kNumbers + 1)] = sigma_m * sigma_m;
}

void SheetTwin::AddImage(const MeasureRequest& request, Reply* reply) {
  const size_t n = size_t(options_.image_pixels);
  const Scan scan{.center_x_m = request.field.center_x_m,
                  .center_y_m = request.field.center_y_m,
                  .fov_x_m = request.field.side_m,
                  .fov_y_m = request.field.side_m,
                  .pixels_x = n,
                  .pixels_y = n};
  const auto positions = ScanPositions(scan);
  Array<float> counts({n, n});
  RandomStream random = Draw("atom.counts");
  Count(positions, image_s_ / double(n * n), &random, {counts.data(), counts.size()});
  reply->frames.push_back({"haadf", std::move(counts)});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeAtomTwin(const AtomTwinOptions& options,
                                                         uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(SheetState sheet, SheetState::Create(options));
  return WithFaults(std::make_unique<SheetTwin>(options, std::move(sheet), seed), options.faults,
                    seed);
}

}  // namespace ronchi::hw
