#include "sim/specimen/symmetry_operation.h"

#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace ronchi::sim {
namespace {

// Reads one of the three parts of "x,y,z", term by term.
class PartReader {
 public:
  explicit PartReader(const std::string& part) : part_(part) {}

  // Adds what the part says to a row of the rotation and to a shift; "" or what cannot be read.
  std::string Read(std::array<double, 3>* row, double* shift) {
    if (part_.empty()) return "a part is empty";
    while (at_ < part_.size()) {
      if (const std::string why = ReadTerm(row, shift); !why.empty()) return why;
    }
    return "";
  }

 private:
  char Now() const { return at_ < part_.size() ? part_[at_] : '\0'; }

  bool ReadNumber(double* value) {
    size_t end = at_;
    while (end < part_.size() &&
           (absl::ascii_isdigit(static_cast<unsigned char>(part_[end])) || part_[end] == '.')) {
      ++end;
    }
    const bool good = end > at_ && absl::SimpleAtod(part_.substr(at_, end - at_), value);
    if (good) at_ = end;
    return good;
  }

  bool Divide(double* value) {
    double by = 0;
    ++at_;
    const bool good = ReadNumber(&by) && by != 0;
    if (good) *value /= by;
    return good;
  }

  // A sign, a number or a fraction, a letter; "2/3", "-x", "+1/2*y", "x/2".
  std::string ReadTerm(std::array<double, 3>* row, double* shift) {
    double factor = 1, value = 1;
    if (Now() == '+' || Now() == '-') {
      factor = Now() == '-' ? -1 : 1;
      ++at_;
    } else if (at_ > 0) {
      return "a sign is missing";
    }
    const bool has_number = ReadNumber(&value);
    if (has_number && Now() == '/' && !Divide(&value)) return "a fraction";
    if (has_number && Now() == '*') ++at_;
    if (Now() >= 'x' && Now() <= 'z') {
      const size_t j = size_t(part_[at_++] - 'x');
      if (Now() == '/' && !Divide(&value)) return "a fraction";
      (*row)[j] += factor * value;
    } else if (has_number) {
      *shift += factor * value;
    } else {
      return "expected x, y, z or a number";
    }
    return "";
  }

  const std::string& part_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<SymmetryOperation> ParseOperation(const std::string& given) {
  const auto error = [&](const std::string& why) {
    return absl::InvalidArgumentError(
        absl::StrCat("the symmetry operation '", given, "' cannot be read: ", why));
  };
  const std::string text = absl::StrReplaceAll(absl::AsciiStrToLower(given),
                                               {{" ", ""}, {"\t", ""}, {"\n", ""}, {"\r", ""}});
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  if (parts.size() != 3) return error("expected three parts, as in x,y,z");
  SymmetryOperation op;
  op.rotation = {};
  for (size_t i = 0; i < 3; ++i) {
    const std::string why = PartReader(parts[i]).Read(&op.rotation[i], &op.shift[i]);
    if (!why.empty()) return error(why);
    // 0.6667 and 0.333 mean thirds; shifts of space groups are twenty-fourths.
    constexpr double kGrid = 24;
    const double on_grid = std::round(op.shift[i] * kGrid) / kGrid;
    if (std::fabs(op.shift[i] - on_grid) < 2e-3) op.shift[i] = on_grid;
  }
  const auto& r = op.rotation;
  const double determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
                             r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
                             r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
  if (!(std::fabs(std::fabs(determinant) - 1) < 1e-6)) {
    return error("it does not keep the cell's volume");
  }
  for (size_t i = 0; i < 3; ++i) {
    if (!(std::fabs(op.shift[i]) < 1000)) return error("a shift of 1000 cells or more");
  }
  return op;
}

}  // namespace ronchi::sim
