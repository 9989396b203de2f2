#include "experiments/command/command_line.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/error_list.h"
#include "core/interrupt.h"
#include "core/printable.h"
#include "hw/instrument/error.h"

namespace ronchi {

using nlohmann::json;

namespace {

// What an error quotes may be as long as a file: its middle is left out.
std::string Bounded(const std::string& line) {
  constexpr size_t kMost = 2000, kEnd = 400;
  if (line.size() <= kMost) return line;
  return line.substr(0, kMost - kEnd) + " … " + line.substr(line.size() - kEnd);
}

}  // namespace

int Fail(const absl::Status& status) {
  for (const std::string& line : AllErrors(status)) {
    std::fprintf(stderr, "ronchi: %s\n", Printable(Bounded(line)).c_str());
  }
  if (absl::IsCancelled(status) && Interrupted()) return kInterrupted;
  // A person's or a guard's no to what the instrument is asked: no word of the input is wrong.
  if (hw::HasError(status) && hw::ErrorOf(status).kind == hw::ErrorKind::kRefused) {
    return Interrupted() ? kInterrupted : kEndedEarly;
  }
  return IsBadInput(status) ? kBadInput : kFailed;
}

int Finish() { return Interrupted() ? kInterrupted : kDone; }

void PrintJson(const json& j) {
  // Within JSON's texts \u009b is that character, so that what is printed reads back as it was.
  const std::string text = j.dump(2, ' ', false, json::error_handler_t::replace);
  std::printf("%s\n", PrintableLines(text).c_str());
}

void PrintTree(const json& j, int depth) {
  for (const auto& [key, value] : j.items()) {
    std::printf("%*s%s:", depth * 2, "", Printable(key).c_str());
    if (value.is_object() || (value.is_array() && !value.empty() && value[0].is_object())) {
      std::printf("\n");
      if (value.is_object())
        PrintTree(value, depth + 1);
      else
        for (const json& item : value) {
          std::printf("%*s-\n", depth * 2 + 2, "");
          PrintTree(item, depth + 2);
        }
    } else if (value.is_number_float()) {
      std::printf(" %.4g\n", value.get<double>());
    } else {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      std::printf(" %s\n", PrintableLines(text).c_str());
    }
  }
}

absl::StatusOr<std::map<std::string, std::string>> AnswersOf(const Arguments& a) {
  std::map<std::string, std::string> answers;
  for (const std::string& name : a.yes_to) answers[name] = "yes because --yes-to";
  for (const std::string& text : a.answers) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--answer '", text, "': expected name=answer"));
    }
    answers[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return answers;
}

int TellReplay(const Arguments& a, const absl::StatusOr<ReplaySummary>& summary) {
  if (!summary.ok()) return Fail(summary.status());
  if (a.as_json) {
    PrintJson({{"commands", summary->commands},
               {"frames", summary->frames},
               {"different", summary->different},
               {"first_difference", summary->first_difference}});
  } else {
    std::printf(
        "%zu commands, %zu frames: %s\n", summary->commands, summary->frames,
        summary->different == 0
            ? "every reply the same to the bit"
            : absl::StrCat(summary->different, " differ; first: ", summary->first_difference)
                  .c_str());
    if (summary->different != 0) {
      std::fprintf(
          stderr,
          "ronchi: where another version recorded the run, CHANGELOG.md says under Numerics "
          "which results have changed since\n");
    }
  }
  return summary->different == 0 ? kDone : kFailed;
}

int TellReport(const Arguments& a, const std::string& path, const absl::Status& written) {
  if (!written.ok()) return Fail(written);
  if (a.as_json)
    PrintJson({{"report", path}});
  else
    std::printf("wrote %s\n", path.c_str());
  return kDone;
}

}  // namespace ronchi
