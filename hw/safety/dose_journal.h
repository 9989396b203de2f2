// The dose ledger with a file behind it, so that a specimen's budget survives a restart. Written
// ahead: an exposure is booked in full before the beam goes on, and closed with what it was after.
// Lines, each with its checksum:
//   ledger 1 <specimen>
//   open
//   reserve <n> <e/m^2> <x> <y> <width> <height>                               metres
//   book <n> <e/m^2> <x> <y> <width> <height> [<x> <y> <width> <height> …]
//   done <n> <e/m^2>
//   current <0|1> <A>          the beam's highest so far, read with the beam not blanked, or
//   blanked;
//                              a smaller one than before: a person has taken it for normal
//   release
//   close
// A booking without its "done" counts in full. A torn last line is cut off. Anything else that is
// wrong is an error: a person has to look.
// To wait for the disk before every exposure would cost what the disk costs. With
// LedgerSync::kPower a dose is set aside for the neighbourhood instead, and waited for once; what
// is booked against it is written, not waited for. If the power goes, the lines since may be gone,
// but they cannot hold more than what was set aside: a session without its "close" counts the
// reserves in full, on top of the lines that are there.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hw/instrument/scan_path.h"
#include "hw/record/append_file.h"
#include "hw/safety/dose_ledger.h"
#include "hw/safety/guard_options.h"

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
  absl::StatusOr<uint64_t> Book(std::vector<Rectangle> where, double dose_e_per_m2) {
    return Book(where, dose_e_per_m2, dose_e_per_m2 * double(where.size()), 0);
  }
  // `peak`: what any one place gets at most, where rectangles meet. `spare`: what may be set aside
  // besides, for exposures to come.
  absl::StatusOr<uint64_t> Book(std::vector<Rectangle> where, double dose_e_per_m2,
                                double peak_e_per_m2, double spare_e_per_m2);
  // What it was: more than booked is added, 0 (nothing happened) takes the booking back.
  absl::Status Close(uint64_t booking, double dose_e_per_m2);

  // What the beam's current was, by the file: the last line's; 0: not known. A new one is written
  // when it is higher by a twentieth, or when it is `accepted`, which also forgets the other
  // state's.
  double current_A(bool blanked) const { return current_A_[blanked ? 1 : 0]; }
  absl::Status NoteCurrent(double current_A, bool blanked, bool accepted);

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
  struct Reserve {
    Rectangle where;
    double dose_e_per_m2 = 0;
    double spent_e_per_m2 = 0;  // the peaks of all that was booked against it, added up
  };
  DoseJournal() = default;
  absl::Status Read(const std::string& specimen);
  absl::Status Replay(const std::string& text, const std::string& specimen);
  absl::Status Write(const std::string& text);
  void Add(const std::vector<Rectangle>& where, double dose_e_per_m2);
  // Takes the peak from a reserve that covers the place; false: there is none with so much left.
  bool TakeFromReserve(const Rectangle& place, double peak_e_per_m2);
  absl::Status SetAside(const Rectangle& place, double peak_e_per_m2, double spare_e_per_m2);

  DoseLedger ledger_;
  std::map<uint64_t, Booking> open_;
  std::vector<Reserve> reserves_;  // on the disk
  uint64_t next_ = 1;
  std::unique_ptr<AppendFile> file_;
  LedgerSync sync_ = LedgerSync::kPower;
  std::string uncertain_;
  std::array<double, 2> current_A_ = {0, 0};  // not blanked, blanked
  bool in_session_ = false;                   // while reading: an "open" without its "close"
  bool has_header_ = false, in_use_ = false;
};

}  // namespace ronchi::hw
