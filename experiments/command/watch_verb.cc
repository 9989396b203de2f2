// `ronchi watch`: an environment with an agent in it, live in the terminal, as pictures, as lines.
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "experiments/catalog/environments.h"
#include "experiments/command/command_line.h"
#include "experiments/report/player.h"
#include "experiments/report/playthrough.h"
#include "experiments/report/terminal_picture.h"

namespace ronchi {
namespace {

using nlohmann::json;

std::string Line(const Player::Turn& turn, int step, double total) {
  if (turn.is_reset) return "reset";
  std::string line = absl::StrFormat("step %4d  reward %10.4g  sum %10.4g  action", step,
                                     turn.result.reward, total);
  for (const float a : turn.action) absl::StrAppendFormat(&line, " %.3g", a);
  if (turn.result.terminated) line += "  terminated";
  if (turn.result.truncated) line += "  truncated";
  return line;
}

json ToJson(const Player::Turn& turn, int step) {
  json out = {{"step", step}, {"info", turn.result.info}};
  if (turn.is_reset) return out;
  out["action"] = turn.action;
  out["reward"] = turn.result.reward;
  out["terminated"] = turn.result.terminated;
  out["truncated"] = turn.result.truncated;
  return out;
}

// Ends early when interrupted.
void Pause(int milliseconds) {
  for (int left = milliseconds; left > 0 && !Interrupted(); left -= 20) {
    usleep(useconds_t(std::min(left, 20)) * 1000);
  }
}

// Turns go by here: to the terminal, to lines, into JSON.
class Show {
 public:
  explicit Show(const Arguments& a) : arguments_(a) {
    if (!a.as_json && !a.quiet && isatty(STDOUT_FILENO)) screen_.emplace();
  }
  void Turn(const Player& player, const Player::Turn& turn, int step) {
    total_ = turn.is_reset ? 0 : total_ + turn.result.reward;
    if (arguments_.as_json) {
      turns_.push_back(ToJson(turn, step));
    } else if (screen_) {
      const TerminalSize size = GetTerminalSize();
      const auto picture = player.environment().Render();
      const size_t rows = size.rows > 2 ? size.rows - 2 : 1;
      screen_->Show((picture.ok() ? HalfBlocks(*picture, size.columns, rows) : "") +
                    Line(turn, step, total_).substr(0, size.columns) + "\n");
      Pause(arguments_.delay_ms);
    } else if (!arguments_.quiet) {
      std::printf("%s\n", Line(turn, step, total_).c_str());
      std::fflush(stdout);
    }
  }
  json& turns() { return turns_; }

 private:
  const Arguments& arguments_;
  std::optional<TerminalScreen> screen_;
  json turns_ = json::array();
  double total_ = 0;
};

absl::Status Watch(const Arguments& a) {
  RONCHI_ASSIGN_OR_RETURN(Player player, Player::Create({.environment = a.target,
                                                         .overrides = a.overrides,
                                                         .agent = a.agent,
                                                         .seed = a.seed.value_or(0),
                                                         .folder = a.output}));
  json out = {{"environment", a.target}, {"agent", player.agent()}, {"seed", a.seed.value_or(0)}};
  {
    Show show(a);
    for (int step = 0; !Interrupted();) {
      RONCHI_ASSIGN_OR_RETURN(const Player::Turn turn, player.Play());
      if (!turn.is_reset) ++step;
      show.Turn(player, turn, step);
      // Without a number of steps: one episode.
      if (a.steps > 0 ? step >= a.steps : turn.ended()) break;
    }
    out["turns"] = std::move(show.turns());
  }
  RONCHI_ASSIGN_OR_RETURN(const std::vector<std::string> files, player.FinishPictures());
  out["files"] = files;
  if (a.as_json) {
    PrintJson(out);
  } else {
    for (const std::string& file : files) std::printf("written: %s\n", file.c_str());
  }
  return absl::OkStatus();
}

// One playthrough on stdout, or <folder>/<id>.txt of it or, of "all", of every environment.
absl::Status WritePlaythroughs(const Arguments& a) {
  if (!a.overrides.empty() || a.seed || a.steps > 0 || a.agent != "random") {
    return absl::InvalidArgumentError(
        "a playthrough has its own seed, steps, agent and defaults; allowed beside it: -o");
  }
  std::vector<std::string> ids = {a.target};
  if (a.target == "all") {
    ids.clear();
    for (const EnvironmentKind& kind : EnvironmentKinds()) ids.push_back(kind.id);
    if (a.output.empty()) return absl::InvalidArgumentError("all playthroughs need a folder: -o");
  }
  if (!a.output.empty()) RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(a.output));
  for (const std::string& id : ids) {
    RONCHI_ASSIGN_OR_RETURN(const std::string text, Playthrough(id));
    if (a.output.empty()) {
      std::fputs(text.c_str(), stdout);
      continue;
    }
    const std::string path = absl::StrCat(a.output, "/", id, ".txt");
    RONCHI_RETURN_IF_ERROR(WriteFileAtomically(path, text));
    std::printf("written: %s\n", path.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

int WatchEnvironment(const Arguments& a) {
  // Nothing between the pictures.
  if (isatty(STDOUT_FILENO)) Progress::SetStyle(Progress::Style::kOff);
  const absl::Status status = a.playthrough ? WritePlaythroughs(a) : Watch(a);
  return status.ok() ? Finish() : Fail(status);
}

}  // namespace ronchi
