#include "env/knobs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

Knobs::Knobs(std::vector<Knob> knobs, KnobUnit unit)
    : knobs_(std::move(knobs)),
      unit_(std::move(unit)),
      origin_(knobs_.size()),
      relative_(knobs_.size()) {}

absl::Status Knobs::Check(const hw::Description& d, const std::string& task) const {
  for (const Knob& k : knobs_) {
    const hw::PropertyInfo* p = d.FindProperty(k.property);
    if (!p || !p->writable) {
      return absl::InvalidArgumentError(
          absl::StrCat(task, " needs to set ", k.property, ", which ", d.id, " cannot"));
    }
    const double allowed = (p->max - p->min) / 2 * unit_.per_si;
    if (!(k.range > 0 && k.range <= allowed * (1 + 1e-9))) {
      return absl::InvalidArgumentError(absl::StrCat(task, ": ", k.key, " = ", k.range, " of ",
                                                     k.property, " is not allowed on ", d.id,
                                                     "; allowed: above 0, up to ", allowed));
    }
  }
  return absl::OkStatus();
}

absl::Status Knobs::Begin(const Run& run) {
  hw::Read read;
  for (const Knob& k : knobs_) read.properties.push_back(k.property);
  RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, run(read));
  for (size_t i = 0; i < size(); ++i) {
    origin_[i] = reply.readings.at(i).value.si * unit_.per_si;
    relative_[i] = 0;
  }
  return absl::OkStatus();
}

absl::Status Knobs::Drive(std::span<const double> relative, const Run& run) {
  RONCHI_CHECK_EQ(relative.size(), size());
  for (size_t i = 0; i < size(); ++i) {
    if (relative[i] == relative_[i]) continue;
    const Quantity target{(origin_[i] + relative[i]) * unit_.si, unit_.dimension};
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, run(hw::Set{knobs_[i].property, target}));
    relative_[i] = reply.readings.at(0).value.si * unit_.per_si - origin_[i];
  }
  return absl::OkStatus();
}

absl::Status Knobs::MoveBy(std::span<const float> change, const Run& run) {
  RONCHI_CHECK_EQ(change.size(), size());
  std::vector<double> target(size());
  for (size_t i = 0; i < size(); ++i) {
    target[i] = std::clamp(relative_[i] + change[i], -knobs_[i].range, knobs_[i].range);
  }
  return Drive(target, run);
}

absl::Status Knobs::ShiftOrigin(std::span<const double> change, const Run& run) {
  if (change.size() > size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a shift of ", change.size(), " knobs; there are ", size()));
  }
  const std::vector<double> relative = relative_;
  for (size_t i = 0; i < change.size(); ++i) {
    origin_[i] += change[i];
    relative_[i] -= change[i];  // where the instrument still stands
  }
  return Drive(relative, run);
}

void Knobs::Fill(std::span<float> settings) const {
  for (size_t i = 0; i < size(); ++i) {
    settings[i] = float(std::clamp(relative_[i], -knobs_[i].range, knobs_[i].range));
  }
}

Box Knobs::MakeBox(double ranges, std::string meaning) const {
  std::vector<float> lows, highs;
  for (const Knob& k : knobs_) {
    highs.push_back(float(ranges * k.range));
    lows.push_back(-highs.back());
  }
  Box box = VectorBox(lows, highs, unit_.name, std::move(meaning));
  if (std::ranges::equal(lows, std::vector<float>(size(), box.low))) {  // one range for all
    box.lows.clear();
    box.highs.clear();
  }
  return box;
}

std::string Knobs::Label(size_t i) const {
  const std::string& property = knobs_[i].property;
  std::string label;
  for (char c : property.substr(property.find('.') + 1)) {
    if (c != '.') label += c;
  }
  return absl::StrCat(label, " ", unit_.name);
}

int Knobs::Draw(const Rectangle& where, Picture* picture) const {
  constexpr int kRow = 28, kBar = 20, kGap = 8;
  const int columns = size() > 3 ? 2 : 1;
  const int rows = (int(size()) + columns - 1) / columns;
  const int width = (where.width - kGap * (columns - 1)) / columns;
  for (size_t i = 0; i < size(); ++i) {
    const int column = int(i) / rows, row = int(i) % rows;
    picture->Bar({where.x + column * (width + kGap), where.y + kRow * row, width, kBar}, Label(i),
                 relative_[i], -knobs_[i].range, knobs_[i].range);
  }
  return where.y + kRow * rows - kGap;
}

nlohmann::json Knobs::Save() const { return {{"origin", origin_}, {"relative", relative_}}; }

void Knobs::Restore(const nlohmann::json& saved) {
  std::vector<double> origin, relative;
  saved.at("origin").get_to(origin);
  saved.at("relative").get_to(relative);
  origin.resize(size());
  relative.resize(size());
  origin_ = std::move(origin);
  relative_ = std::move(relative);
}

}  // namespace ronchi::env
