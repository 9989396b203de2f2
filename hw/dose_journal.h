// The dose ledger with a file behind it, so that a specimen's budget survives a restart. Written
// ahead: an exposure is booked in full before the beam goes on, and closed with what it was after.
// Lines, each with its checksum:
//   ledger 1 <specimen>
//   open
//   book <n> <e/m^2> <x> <y> <width> <height> [<x> <y> <width> <height> …]     metres
//   done <n> <e/m^2>
//   close
// A booking without its "done" counts in full. A torn last line is cut off. Anything else that is
// wrong is an error: a person has to look.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hw/append_file.h"
#include "hw/dose_ledger.h"
#include "hw/guard_options.h"
#include "hw/scan_path.h"

namespace ronchi::hw {

class DoseJournal {
 public:
  // `path` empty: in memory alone. FailedPrecondition: another process has it. InvalidArgument:
  // another specimen's, or damaged (file:line).
  static absl::StatusOr<std::unique_ptr<DoseJournal>> Open(const std::string& path,
                                                           const std::string& specimen,
                                                           LedgerSync sync);
  ~DoseJournal();  // "close"

  // Returns the booking's number. The dose counts from now on, and is on the file.
  absl::StatusOr<uint64_t> Book(std::vector<Rectangle> where, double dose_e_per_m2);
  // What it was: more than booked is added, 0 (nothing happened) takes the booking back.
  absl::Status Close(uint64_t booking, double dose_e_per_m2);

  double Largest(const Rectangle& r) const {
    return ledger_.Largest(r.x_m, r.y_m, r.width_m, r.height_m);
  }
  // How the last user ended: "" (in order, or there was none), else what is uncertain, in a line.
  const std::string& uncertain() const { return uncertain_; }

 private:
  struct Booking {
    std::vector<Rectangle> where;
    double dose_e_per_m2 = 0;
  };
  DoseJournal() = default;
  absl::Status Read(const std::string& specimen);
  absl::Status Replay(const std::string& text, const std::string& specimen);
  absl::Status Write(const std::string& text);
  void Add(const std::vector<Rectangle>& where, double dose_e_per_m2);

  DoseLedger ledger_;
  std::map<uint64_t, Booking> open_;
  uint64_t next_ = 1;
  std::unique_ptr<AppendFile> file_;
  LedgerSync sync_ = LedgerSync::kPower;
  std::string uncertain_;
  bool in_session_ = false;  // while reading: an "open" without its "close"
  bool has_header_ = false, in_use_ = false;
};

}  // namespace ronchi::hw
