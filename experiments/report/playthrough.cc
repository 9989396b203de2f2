#include "experiments/report/playthrough.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "experiments/report/player.h"

namespace ronchi {
namespace {

// Five digits: more than hold on another processor, fewer than make every diff of the files noise.
std::string Number(double value) { return absl::StrFormat("%.5g", value); }

template <class Values>
std::string Numbers(const Values& values) {
  std::string out;
  for (const auto v : values) absl::StrAppend(&out, " ", Number(double(v)));
  return out;
}

std::string BoxLine(const env::Box& box) {
  std::string line = absl::StrCat("[", absl::StrJoin(box.shape, ", "), "]");
  if (box.lows.empty()) {
    absl::StrAppend(&line, " ", Number(box.low), " … ", Number(box.high));
  } else {
    absl::StrAppend(&line, " low", Numbers(box.lows), " high", Numbers(box.highs));
  }
  if (box.choices > 0) absl::StrAppend(&line, ", one of ", box.choices);
  if (!box.unit.empty()) absl::StrAppend(&line, " ", box.unit);
  return absl::StrCat(line, ": ", box.meaning);
}

std::string SpecText(const env::Spec& spec) {
  std::string out = absl::StrCat("environment ", spec.id, "\nsummary ", spec.summary, "\nreward ",
                                 spec.reward, "\nmax_episode_steps ", spec.max_episode_steps, "\n");
  for (const auto& [name, box] : spec.observation_space) {
    absl::StrAppend(&out, "observation ", name, " ", BoxLine(box), "\n");
  }
  absl::StrAppend(&out, "action ", BoxLine(spec.action_space), "\n");
  absl::StrAppend(&out, "info ", absl::StrJoin(spec.info_names, " "), "\n");
  for (const auto& [name, box] : spec.reset_options) {
    absl::StrAppend(&out, "reset option ", name, " ", BoxLine(box), "\n");
  }
  absl::StrAppend(&out, "ground truth ", spec.needs_ground_truth ? "needed" : "not needed", "\n");
  return out;
}

// A few numbers as they are, many as their mean and standard deviation.
std::string EntryLine(const Array<float>& values) {
  if (values.size() <= 8) return Numbers(values);
  double sum = 0, squares = 0;
  for (const float v : values) sum += v;
  const double mean = sum / double(values.size());
  for (const float v : values) squares += (v - mean) * (v - mean);
  return absl::StrCat(" mean ", Number(mean), " sd ",
                      Number(std::sqrt(squares / double(values.size()))));
}

std::string TurnText(const Player::Turn& turn, int step) {
  std::string out = turn.is_reset
                        ? "\nreset\n"
                        : absl::StrCat("\nstep ", step, "\n  action", Numbers(turn.action), "\n");
  for (const auto& [name, values] : turn.result.observation) {
    absl::StrAppend(&out, "  ", name, EntryLine(values), "\n");
  }
  if (!turn.is_reset) absl::StrAppend(&out, "  reward ", Number(turn.result.reward), "\n");
  if (turn.result.terminated) out += "  terminated\n";
  if (turn.result.truncated) out += "  truncated\n";
  out += "  info";
  for (const auto& [name, value] : turn.result.info) {
    absl::StrAppend(&out, " ", name, " ", Number(value));
  }
  return out + "\n";
}

std::vector<std::string> Words(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" ,[]:"), absl::SkipEmpty());
}

bool LinesAgree(const std::string& a, const std::string& b, double tolerance) {
  const std::vector<std::string> x = Words(a), y = Words(b);
  if (x.size() != y.size()) return false;
  double largest = 0;
  for (const std::string& word : x) {
    double v = 0;
    if (absl::SimpleAtod(word, &v) && std::isfinite(v)) largest = std::max(largest, std::abs(v));
  }
  for (size_t i = 0; i < x.size(); ++i) {
    double v = 0, w = 0;
    if (x[i] == y[i]) continue;
    if (!absl::SimpleAtod(x[i], &v) || !absl::SimpleAtod(y[i], &w)) return false;
    const double size = std::max({std::abs(v), std::abs(w), 0.1 * largest});
    if (!(std::abs(v - w) <= tolerance * size)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> Playthrough(const std::string& id) {
  RONCHI_ASSIGN_OR_RETURN(Player player,
                          Player::Create({.environment = id, .seed = kPlaythroughSeed}));
  std::string out = SpecText(player.environment().spec());
  absl::StrAppend(&out, "task\n");
  for (const auto line : absl::StrSplit(player.task().Dump(), '\n', absl::SkipEmpty())) {
    absl::StrAppend(&out, "  ", line, "\n");
  }
  absl::StrAppend(&out, "\nrandom actions, seed ", kPlaythroughSeed, "\n");
  for (int step = 0; step < kPlaythroughSteps;) {
    RONCHI_ASSIGN_OR_RETURN(const Player::Turn turn, player.Play());
    if (!turn.is_reset) ++step;
    out += TurnText(turn, step);
  }
  return out;
}

std::string PlaythroughDifference(const std::string& expected, const std::string& actual,
                                  double tolerance) {
  const std::vector<std::string> a = absl::StrSplit(expected, '\n'),
                                 b = absl::StrSplit(actual, '\n');
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string x = i < a.size() ? a[i] : "(no line)", y = i < b.size() ? b[i] : "(no line)";
    if (!LinesAgree(x, y, tolerance)) {
      return absl::StrCat("line ", i + 1, "\n  expected: ", x, "\n  now:      ", y);
    }
  }
  return "";
}

}  // namespace ronchi
