// What simulated instruments do alike: a command is checked against the description, time goes by,
// the beam is blanked or not, a property is driven along its way, frames come line by line until
// they are done, cancelled or out of time, and doses are booked. What is simulated stands behind
// the virtual functions.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "hw/instrument.h"
#include "hw/scan_path.h"
#include "hw/twin/base/real_time.h"

namespace ronchi::hw {

class SimulatedInstrument : public Instrument {
 public:
  const Description& description() const final { return description_; }

 protected:
  SimulatedInstrument(Description description, bool real_time)
      : description_(std::move(description)), real_time_(real_time) {}
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) final;

  // One frame of a scan, beginning now.
  struct FrameRequest {
    const Scan* scan = nullptr;
    double line_s = 0;         // from line to line
    double dose_e_per_m2 = 0;  // that the whole frame will bring; Book is told what it did
  };
  virtual double Current_A() const = 0;  // onto the specimen, now
  // Walks and drifts go on; the clock moves after this.
  virtual void Evolve(double seconds) = 0;
  virtual absl::StatusOr<Reading> ReadFixed(const std::string& property) = 0;
  // Of what can be set: where it stands, and to go there (the answer: where it then stands).
  virtual double Stands(const std::string& property) const = 0;
  virtual double Drive(const std::string& property, double target) = 0;
  virtual void BeginScan() {}
  // What is too large to be computed, say.
  virtual absl::Status CheckScan(const Scan&) const { return absl::OkStatus(); }
  // Of each detector, [lines, samples] and a camera's axes.
  virtual std::vector<Array<float>> Acquire(const FrameRequest& request) = 0;
  virtual Array<float> AcquireExposure(const Expose& expose) = 0;
  // Each rectangle of the scan frame has received so much.
  virtual void Book(std::span<const Rectangle> where, double dose_e_per_m2) = 0;

  void Advance(double seconds);
  double time_s_ = 0;
  bool blanked_ = true;

 private:
  absl::Status Do(const Read& read, Reply* reply);
  absl::Status Do(const Set& set, Reply* reply);
  absl::Status Do(const Scan& scan, Reply* reply);
  absl::Status Do(const Park& park, Reply* reply);
  absl::Status Do(const Expose& expose, Reply* reply);
  absl::Status Do(const Measure&, Reply*) { return absl::InternalError("measure"); }
  absl::Status Do(const Blank&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Unblank&, Reply*) { return SetBlank(false); }
  absl::Status Do(const Safe&, Reply*) { return SetBlank(true); }
  absl::Status Do(const Abort&, Reply*) { return absl::OkStatus(); }  // nothing runs beside it
  absl::Status SetBlank(bool blanked);
  absl::Status CheckBeam() const;
  void TakeFrame(const Scan& scan, size_t frame, double end_s, std::span<const Rectangle> where,
                 Reply* reply);
  void BookStanding(double x_m, double y_m, double seconds, Reply* reply);

  const Description description_;
  RealTime real_time_;
  const ExecuteOptions* running_ = nullptr;  // of the command that runs
};

}  // namespace ronchi::hw
