// What every twin does, whatever it simulates: a command is checked against the description, time
// goes by, the beam is blanked or not, a property is driven along its way, frames come line by line
// until they are done, cancelled or out of time, doses are booked; the hidden state is drawn from
// its prior, asked for, saved and restored. What is simulated stands behind the virtual functions
// of the protected part: a twin is a class that has these and nothing else (docs/twin.md, "A new
// twin").
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hw/instrument/ground_truth.h"
#include "hw/instrument/instrument.h"
#include "hw/instrument/scan_path.h"
#include "hw/safety/dose_ledger.h"
#include "hw/twin/base/common_options.h"
#include "hw/twin/base/hidden_numbers.h"
#include "hw/twin/base/real_time.h"
#include "hw/twin/base/twin_frame.h"
#include "theory/parameters/prior.h"

namespace ronchi::hw {

// What a twin is made of before any physics.
struct TwinBasis {
  Description description;
  theory::Prior prior;  // of the hidden numbers
  // Scans and exposures of a camera or spectrometer count.
  std::vector<TwinEvent> events;
  bool park_and_measure_count = false;  // for events, too
  bool measure_counts = false;          // alone
  double energy_eV = 0, semiangle_rad = 0, nominal_current_A = 0;
  bool real_time = false;
};

class TwinBase : public Instrument, public GroundTruth {
 public:
  const Description& description() const final { return basis_.description; }
  GroundTruth* ground_truth() final { return this; }

  void Randomise(uint64_t seed, uint64_t environment, uint64_t episode) final;
  void Pass(double seconds) final { Advance(seconds); }
  std::map<std::string, double> Hidden() const final;
  absl::StatusOr<std::string> Save() const final;
  absl::Status Restore(const std::string& state) final;

 protected:
  // The twin's own constructor calls Randomise(seed, 0, 0) at its end.
  explicit TwinBase(TwinBasis basis) : basis_(std::move(basis)) {}
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) final;

  // A square of the scan frame that the beam is swept over evenly. Of point lists and spirals that
  // is a square of their area.
  struct SweptField {
    double center_x_m = 0, center_y_m = 0, side_m = 0;
  };
  struct MeasureRequest {
    const Measure* measure = nullptr;
    const MeasurementInfo* info = nullptr;
    SweptField field;      // that the beam looks at; a side of 0: it looks at none
    double electrons = 0;  // that fall on it
    double time_s = 0;     // that may be spent
    bool complete = true;  // no: the time allowed is over before there is a result
  };
  struct MeasureTime {
    double time_s = 0, beam_on_s = 0;
  };

  // --- The episode.
  // The state at its beginning, for the hidden() numbers just drawn. Everything else starts: the
  // clock at zero, blanked, no dose.
  virtual void BeginEpisode() = 0;
  // All that BeginEpisode sets and commands change.
  virtual void ArchivePhysics(StateArchive* archive) = 0;
  // Recomputes what is kept of hidden() and what is archived, because it is asked for often: an
  // episode has begun, its state was restored, or an event has changed the hidden numbers.
  virtual void FollowHidden() {}
  // An event adds so much to a hidden number now. What has been summed up with the old one is kept:
  // a drift that changes moves nothing at once.
  virtual void HiddenJumped(const std::string& name, double by) { (void)name, (void)by; }
  // The options that a state is only good for, beyond what the description and the names of the
  // hidden numbers say.
  virtual std::string MadeFrom() const = 0;
  // What is true now, beside the hidden numbers themselves: a name each, with its unit.
  virtual void AddDerived(std::map<std::string, double>* hidden) const { (void)hidden; }

  // --- Time.
  // Walks, drifts and settling go on by so much; the clock moves after it.
  virtual void Evolve(double seconds) = 0;
  // The beam stands at a place of the scan frame for so long, or is swept. Each lets the time pass,
  // by Advance, in as many parts as it needs.
  virtual void StandAt(double x_m, double y_m, double seconds);
  virtual void SweepOver(const SweptField& field, double seconds);
  // Whether a scan sweeps line by line, so that the state changes within a frame, or time passes
  // once at the frame's end.
  virtual bool EvolvesByLine() const { return false; }

  // --- The beam and what can be set and read.
  virtual double Current_A() const;  // onto the specimen, now
  virtual RandomStream ScreenNoise() { return hidden_.Stream("twin.screen", advances_); }
  // Of what can be set: where it stands, and to go there (the answer: where it then stands).
  virtual double Stands(const std::string& property) const = 0;
  virtual double Drive(const std::string& property, double target) = 0;

  // --- Scans, exposures, measurements. What is too large to be computed, say, is refused first.
  virtual absl::Status CheckScan(const Scan&) const { return absl::OkStatus(); }
  virtual absl::Status CheckExpose(const Expose&) const { return absl::OkStatus(); }
  virtual std::unique_ptr<TwinFrame> BeginFrame(const FrameRequest& request) = 0;
  // A frame of the camera or spectrometer, [y, x] or [channels].
  virtual Array<float> AcquireExposure(const Expose& expose);
  virtual MeasureTime TimeOf(const MeasurementInfo& info) const;
  // Lets the time pass and adds what there is to add.
  virtual void TakeMeasurement(const MeasureRequest& request, Reply* reply);
  // Where on the specimen the electrons come down that are sent to a place of the scan frame now.
  virtual Rectangle OnSpecimen(const Rectangle& place) const = 0;

  // --- What the physics may use.
  void Advance(double seconds);
  const HiddenNumbers& hidden() const { return hidden_; }
  double time_s() const { return time_s_; }
  uint64_t advances() const { return advances_; }       // Advance so far: the step of its streams
  void CountScan() { ++scans_; }                        // for scan.count: a measurement that is one
  const DoseLedger& ledger() const { return ledger_; }  // in specimen coordinates

 private:
  void Archive(StateArchive* archive);
  std::string StateMark() const;
  absl::StatusOr<Reading> ReadOne(const std::string& name);
  absl::Status Do(const Read& read, Reply* reply);
  absl::Status Do(const Set& set, Reply* reply);
  absl::Status Do(const Scan& scan, Reply* reply);
  absl::Status Do(const Park& park, Reply* reply);
  absl::Status Do(const Expose& expose, Reply* reply);
  absl::Status Do(const Measure& measure, Reply* reply);
  absl::Status Do(const Blank&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Unblank&, Reply*) { return SetBlank(false); }
  absl::Status Do(const Safe&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Abort&, Reply*) { return absl::OkStatus(); }  // nothing runs beside it
  // The hidden numbers jump where events say so for the exposure to come.
  void BeginExposure();
  absl::Status SetBlank(bool blanked);
  absl::Status CheckBeam() const;
  void TakeFrame(const Scan& scan, size_t frame, double end_s, std::span<const Rectangle> where,
                 Reply* reply);
  size_t TakeLines(const FrameRequest& request, size_t frame, double end_s, TwinFrame* taken,
                   Reply* reply);
  void BookStanding(double x_m, double y_m, double seconds, Reply* reply);
  void Book(std::span<const Rectangle> on_specimen, double dose_e_per_m2);
  std::vector<Rectangle> Reached(std::span<const Rectangle> places) const;

  const TwinBasis basis_;
  HiddenNumbers hidden_;
  DoseLedger ledger_;
  double time_s_ = 0;
  bool blanked_ = true;
  uint64_t advances_ = 0, scans_ = 0;
  int exposures_ = 0;         // begun, as events count them
  mutable std::string mark_;  // made when it is first asked for
  RealTime real_time_{basis_.real_time};
  const ExecuteOptions* running_ = nullptr;  // of the command that runs
};

}  // namespace ronchi::hw
