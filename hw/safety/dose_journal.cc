#include "hw/safety/dose_journal.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "core/sealed_text.h"

namespace ronchi::hw {
namespace {

// Reserves at a time. Each is what a power cut may cost the specimen.
constexpr size_t kReserves = 8;
constexpr double kLeastMargin_m = 2e-9;  // a cell of the ledger on either side

bool Covers(const Rectangle& a, const Rectangle& b) {
  return a.x_m <= b.x_m && a.y_m <= b.y_m && a.x_m + a.width_m >= b.x_m + b.width_m &&
         a.y_m + a.height_m >= b.y_m + b.height_m;
}

Rectangle EnclosureOfAll(const std::vector<Rectangle>& all) {
  Rectangle e = all.front();
  for (const Rectangle& r : all) {
    const double right = std::max(e.x_m + e.width_m, r.x_m + r.width_m);
    const double top = std::max(e.y_m + e.height_m, r.y_m + r.height_m);
    e.x_m = std::min(e.x_m, r.x_m);
    e.y_m = std::min(e.y_m, r.y_m);
    e.width_m = right - e.x_m;
    e.height_m = top - e.y_m;
  }
  return e;
}

std::string Text(const Rectangle& r) {
  return absl::StrFormat(" %.17g %.17g %.17g %.17g", r.x_m, r.y_m, r.width_m, r.height_m);
}

absl::Status Damaged(const std::string& what) { return absl::InvalidArgumentError(what); }

bool ParseNumbers(const std::vector<std::string>& words, size_t first, std::vector<double>* out) {
  for (size_t i = first; i < words.size(); ++i) {
    double v = 0;
    if (!absl::SimpleAtod(words[i], &v) || !std::isfinite(v)) return false;
    out->push_back(v);
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DoseJournal>> DoseJournal::Open(const std::string& path,
                                                               const std::string& specimen,
                                                               LedgerSync sync) {
  std::unique_ptr<DoseJournal> journal(new DoseJournal);
  journal->sync_ = sync;
  if (path.empty()) return journal;
  if (specimen.find('\n') != std::string::npos) return Damaged("a specimen's name is one line");
  RONCHI_ASSIGN_OR_RETURN(journal->file_, AppendFile::OpenLocked(path));
  RONCHI_RETURN_IF_ERROR(journal->Read(specimen));
  if (!journal->has_header_) {
    RONCHI_RETURN_IF_ERROR(journal->Write("ledger 1 " + specimen));
  }
  RONCHI_RETURN_IF_ERROR(journal->Write("open"));
  RONCHI_RETURN_IF_ERROR(journal->file_->Sync());
  journal->in_use_ = true;
  return journal;
}

DoseJournal::~DoseJournal() {
  // A ledger that was refused is not touched; what is open stays uncertain.
  if (!in_use_ || !open_.empty()) return;
  if (Write("close").ok()) (void)file_->Sync();
}

absl::Status DoseJournal::Write(const std::string& text) {
  return file_->Append(SealLine(text) + "\n");
}

absl::Status DoseJournal::Read(const std::string& specimen) {
  RONCHI_ASSIGN_OR_RETURN(const std::string all, ReadFile(file_->path(), kLedgerFile));
  size_t at = 0;
  for (int line = 1; at < all.size(); ++line) {
    const size_t end = all.find('\n', at);
    const bool whole = end != std::string::npos, last = !whole || end + 1 == all.size();
    const auto text = whole ? UnsealLine(all.substr(at, end - at)) : std::nullopt;
    if (!text && last) {
      uncertain_ =
          absl::StrCat(file_->path(), ":", line, ": the last line is torn and was cut off");
      RONCHI_RETURN_IF_ERROR(file_->Truncate(at));
      break;
    }
    const absl::Status s = text ? Replay(*text, specimen) : Damaged("the checksum is not its own");
    if (!s.ok()) return Annotate(s, absl::StrCat(file_->path(), ":", line));
    at = end + 1;
  }
  if (in_session_) {
    uncertain_ = absl::StrCat(file_->path(), ": the last session did not end in order; ",
                              open_.size(), " exposures may have been cut short and count in full");
    for (const Reserve& r : reserves_) Add({r.where}, r.dose_e_per_m2);
    if (!reserves_.empty()) {
      absl::StrAppend(&uncertain_, ", and so does what was set aside in ", reserves_.size(),
                      " places");
    }
  }
  open_.clear();  // booked in full
  reserves_.clear();
  return absl::OkStatus();
}

absl::Status DoseJournal::Replay(const std::string& text, const std::string& specimen) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  if (!has_header_) {
    if (!absl::StartsWith(text, "ledger 1 ")) return Damaged("not a dose ledger");
    if (text.substr(9) != specimen) {
      return Damaged(absl::StrCat("the ledger of '", text.substr(9), "', not of '", specimen, "'"));
    }
    has_header_ = true;
    return absl::OkStatus();
  }
  if (text == "open" || text == "close") {
    // What the session before has left set aside counts from here on.
    for (const Reserve& r : reserves_) {
      if (text == "open") Add({r.where}, r.dose_e_per_m2);
    }
    reserves_.clear();
    in_session_ = text == "open";
    return absl::OkStatus();
  }
  if (text == "release") {
    reserves_.clear();
    return absl::OkStatus();
  }
  uint64_t number = 0;
  std::vector<double> v;
  if (words.size() < 3 || !absl::SimpleAtoi(words[1], &number) || !ParseNumbers(words, 2, &v)) {
    return Damaged("not a line of a dose ledger: " + text);
  }
  if (words[0] == "current" && v.size() == 1 && number < current_A_.size() && v[0] >= 0) {
    current_A_[number] = v[0];
    return absl::OkStatus();
  }
  if (words[0] == "reserve" && v.size() == 5) {
    reserves_.push_back({{v[1], v[2], v[3], v[4]}, v[0]});
    return absl::OkStatus();
  }
  if (words[0] == "book" && v.size() % 4 == 1 && v.size() > 1) {
    Booking b{{}, v[0]};
    for (size_t i = 1; i < v.size(); i += 4)
      b.where.push_back({v[i], v[i + 1], v[i + 2], v[i + 3]});
    Add(b.where, b.dose_e_per_m2);
    open_[number] = std::move(b);
    next_ = std::max(next_, number + 1);
    return absl::OkStatus();
  }
  const auto it = open_.find(number);
  if (words[0] != "done" || v.size() != 1 || it == open_.end()) {
    return Damaged("not a line of a dose ledger: " + text);
  }
  Add(it->second.where, v[0] - it->second.dose_e_per_m2);
  open_.erase(it);
  return absl::OkStatus();
}

void DoseJournal::Add(const std::vector<Rectangle>& where, double dose) {
  if (dose == 0) return;
  for (const Rectangle& r : where) ledger_.Add(r.x_m, r.y_m, r.width_m, r.height_m, dose);
}

bool DoseJournal::TakeFromReserve(const Rectangle& place, double peak) {
  for (Reserve& r : reserves_) {
    if (!Covers(r.where, place) || !(r.spent_e_per_m2 + peak <= r.dose_e_per_m2)) continue;
    r.spent_e_per_m2 += peak;
    return true;
  }
  return false;
}

// The place and half its size around it: the next field has drifted, or overlaps.
absl::Status DoseJournal::SetAside(const Rectangle& place, double peak, double spare) {
  const double margin = std::max({place.width_m, place.height_m, kLeastMargin_m}) / 2;
  const Rectangle where{place.x_m - margin, place.y_m - margin, place.width_m + 2 * margin,
                        place.height_m + 2 * margin};
  // One that is used up is not kept beside its successor: a power cut would count both.
  bool release = reserves_.size() >= kReserves;
  for (const Reserve& r : reserves_) release |= Covers(r.where, place);
  if (release) {
    RONCHI_RETURN_IF_ERROR(Write("release"));
    reserves_.clear();
  }
  RONCHI_RETURN_IF_ERROR(Write(absl::StrFormat("reserve 0 %.17g", peak + spare) + Text(where)));
  reserves_.push_back({where, peak + spare, peak});
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> DoseJournal::Book(std::vector<Rectangle> where, double dose, double peak,
                                           double spare) {
  if (file_) {
    const bool wait = sync_ == LedgerSync::kPower && !where.empty() && dose > 0 &&
                      !TakeFromReserve(EnclosureOfAll(where), peak);
    if (wait && spare > 0) RONCHI_RETURN_IF_ERROR(SetAside(EnclosureOfAll(where), peak, spare));
    std::string line = absl::StrFormat("book %d %.17g", next_, dose);
    for (const Rectangle& r : where) line += Text(r);
    absl::Status written = Write(line);
    if (written.ok() && wait) written = file_->Sync();
    if (!written.ok()) {
      reserves_.clear();  // what may not be on the disk covers nothing
      return written;
    }
  }
  Add(where, dose);
  open_[next_] = {std::move(where), dose};
  return next_++;
}

absl::Status DoseJournal::NoteCurrent(double current_A, bool blanked, bool accepted) {
  // Readings scatter by some per cent: not a line for each that is a little higher. What is lost is
  // fifty times less, so that a twentieth does not matter.
  constexpr double kWorthALine = 1.05;
  double& known = current_A_[blanked ? 1 : 0];
  double& other = current_A_[blanked ? 0 : 1];
  if (!accepted && current_A <= known * kWorthALine) return absl::OkStatus();
  if (file_) {
    std::string lines = absl::StrFormat("current %d %.17g", blanked ? 1 : 0, current_A);
    RONCHI_RETURN_IF_ERROR(Write(lines));
    if (accepted) RONCHI_RETURN_IF_ERROR(Write(absl::StrFormat("current %d 0", blanked ? 0 : 1)));
  }
  known = current_A;
  if (accepted) other = 0;
  return absl::OkStatus();
}

absl::Status DoseJournal::Close(uint64_t number, double dose) {
  const auto it = open_.find(number);
  RONCHI_CHECK(it != open_.end());
  const double more = dose - it->second.dose_e_per_m2;
  const std::vector<Rectangle> where = std::move(it->second.where);
  Add(where, more);
  open_.erase(it);
  if (!file_) return absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(Write(absl::StrFormat("done %d %.17g", number, dose)));
  // More than foretold comes out of the reserve as well. What differs by round-off is no more.
  if (sync_ != LedgerSync::kPower || more <= 1e-9 * dose) return absl::OkStatus();
  return TakeFromReserve(EnclosureOfAll(where), more * double(where.size())) ? absl::OkStatus()
                                                                             : file_->Sync();
}

}  // namespace ronchi::hw
