// A text file line by line, for readers whose messages name line and format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "sim/specimen/assemble.h"

namespace ronchi::sim {

inline constexpr size_t kMostAtomsInAFile = 100'000'000;

class TextLines {
 public:
  TextLines(std::string path, std::string format, const std::string& text);
  // The next line, without its end (LF, CR LF or CR). False at the end.
  bool Next(std::string* line);
  size_t number() const { return next_ > 1 ? next_ : 1; }  // of the line that Next gave last
  const std::string& path() const { return path_; }
  const std::string& format() const { return format_; }
  // "path:line: format: what", of that line or another.
  absl::Status Error(const std::string& what) const { return ErrorAt(number(), what); }
  absl::Status ErrorAt(size_t line, const std::string& what) const;
  absl::Status Truncated(size_t atoms, const std::string& more = "") const;

 private:
  std::string path_, format_;
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

// Words between blanks; with commas too where `commas`.
std::vector<std::string> Fields(std::string_view line, bool commas = false);
// `count` finite numbers from the field `first` on; false where there are fewer.
bool Numbers(const std::vector<std::string>& fields, size_t first, size_t count, double* out);

// Atoms of a text format on their way: each with the line that it stands in.
class TextAtoms {
 public:
  explicit TextAtoms(const TextLines& lines) : lines_(lines) {
    raw.summary.file = lines.path();
    raw.summary.format = lines.format();
  }
  void Add(const Atom& atom) {
    raw.atoms.push_back(atom);
    at_.push_back(lines_.number());
  }
  // Values of the atom added last, so that the first one that is wrong is told.
  absl::Status CheckLast() const;
  // The cell, checked: sides or vectors of 0.1 … 10^6 Å, with a volume.
  absl::Status CheckCell() const;
  // Coordinates that are all between 0 and 1 and make no sense in Å, but as parts of the cell, are
  // refused.
  absl::Status CheckNotFractional() const;
  // Atoms above or below the cell: refused where it is not `periodic` along the beam, else, where
  // the cell is a box, wrapped into it.
  absl::Status PlaceAlongBeam(bool periodic);
  absl::StatusOr<Crystal> Finish() &&;

  RawStructure raw;

 private:
  const TextLines& lines_;
  std::vector<size_t> at_;
};

// An element as a text format names it: a symbol, with a charge perhaps, or an atomic number.
absl::StatusOr<int> ElementInText(const TextLines& lines, const std::string& word,
                                  std::vector<std::string>* warnings);

}  // namespace ronchi::sim
