#include "hw/dose_journal.h"

#include <cmath>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "hw/checksum.h"

namespace ronchi::hw {
namespace {

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
  return file_->Append(WithChecksum(text) + "\n");
}

absl::Status DoseJournal::Read(const std::string& specimen) {
  RONCHI_ASSIGN_OR_RETURN(const std::string all, ReadFile(file_->path()));
  size_t at = 0;
  for (int line = 1; at < all.size(); ++line) {
    const size_t end = all.find('\n', at);
    const bool whole = end != std::string::npos, last = !whole || end + 1 == all.size();
    const auto text = whole ? CheckedText(all.substr(at, end - at)) : std::nullopt;
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
  }
  open_.clear();  // booked in full
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
    in_session_ = text == "open";
    return absl::OkStatus();
  }
  uint64_t number = 0;
  std::vector<double> v;
  if (words.size() < 3 || !absl::SimpleAtoi(words[1], &number) || !ParseNumbers(words, 2, &v)) {
    return Damaged("not a line of a dose ledger: " + text);
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

absl::StatusOr<uint64_t> DoseJournal::Book(std::vector<Rectangle> where, double dose) {
  if (file_) {
    std::string line = absl::StrFormat("book %d %.17g", next_, dose);
    for (const Rectangle& r : where) {
      absl::StrAppendFormat(&line, " %.17g %.17g %.17g %.17g", r.x_m, r.y_m, r.width_m, r.height_m);
    }
    RONCHI_RETURN_IF_ERROR(Write(line));
    if (sync_ == LedgerSync::kPower) RONCHI_RETURN_IF_ERROR(file_->Sync());
  }
  Add(where, dose);
  open_[next_] = {std::move(where), dose};
  return next_++;
}

absl::Status DoseJournal::Close(uint64_t number, double dose) {
  const auto it = open_.find(number);
  RONCHI_CHECK(it != open_.end());
  Add(it->second.where, dose - it->second.dose_e_per_m2);
  open_.erase(it);
  return file_ ? Write(absl::StrFormat("done %d %.17g", number, dose)) : absl::OkStatus();
}

}  // namespace ronchi::hw
