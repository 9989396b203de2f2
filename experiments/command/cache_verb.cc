// `ronchi cache`: what is kept on disk to be used again.
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/cache_folder.h"
#include "core/files.h"
#include "experiments/command/command_line.h"

namespace ronchi {
namespace {

using nlohmann::json;

// "30d", "1.5 h"
absl::StatusOr<double> ParseAge(const std::string& text) {
  static const std::pair<const char*, double> kUnits[] = {
      {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 7 * 86400}};
  const size_t end = text.find_first_not_of("0123456789. ");
  double number = 0;
  for (const auto& [unit, seconds] : kUnits) {
    if (end != std::string::npos && text.substr(end) == unit &&
        absl::SimpleAtod(text.substr(0, end), &number) && number >= 0) {
      return number * seconds;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--older-than: '", text, "'; allowed: a number with min, h, d or w, e.g. 30d"));
}

std::string Size(uint64_t bytes) {
  const double b = double(bytes);
  if (b < 1e6) return absl::StrFormat("%.1f kB", b / 1e3);
  return b < 1e9 ? absl::StrFormat("%.1f MB", b / 1e6) : absl::StrFormat("%.2f GB", b / 1e9);
}

std::string Time(double seconds, const char* format, bool utc) {
  const std::time_t whole = std::time_t(std::floor(seconds));
  std::tm parts = {};
  utc ? gmtime_r(&whole, &parts) : localtime_r(&whole, &parts);
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

// The choice, with a kind that is known or there.
absl::StatusOr<CacheChoice> ReadChoice(const Arguments& a, const std::vector<CachedFile>& files) {
  CacheChoice choice = {.kind = a.kind.value_or("")};
  std::set<std::string> kinds = {"contracted", kFftKind};
  for (const CachedFile& file : files) kinds.insert(file.kind);
  if (a.kind && !kinds.contains(*a.kind)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--kind: there is no '", *a.kind, "'; allowed: ", absl::StrJoin(kinds, ", ")));
  }
  if (a.older_than) {
    RONCHI_ASSIGN_OR_RETURN(choice.older_than_s, ParseAge(*a.older_than));
  }
  return choice;
}

uint64_t Total(const std::vector<CachedFile>& files) {
  uint64_t bytes = 0;
  for (const CachedFile& file : files) bytes += file.bytes;
  return bytes;
}

json ToJson(const std::vector<CachedFile>& files) {
  json out = json::array();
  for (const CachedFile& file : files) {
    out.push_back({{"kind", file.kind},
                   {"file", file.path},
                   {"bytes", file.bytes},
                   {"last_used", Time(file.last_used_s, "%Y-%m-%dT%H:%M:%SZ", true)},
                   {"description", file.description},
                   {"key", file.key},
                   {"good", file.good}});
  }
  return out;
}

// Control characters would break the table.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

int PrintList(const Arguments& a, const std::string& root, const std::vector<CachedFile>& files) {
  const absl::StatusOr<uint64_t> limit = CacheLimitBytes(root);
  if (!limit.ok()) return Fail(limit.status());
  if (a.as_json) {
    PrintJson({{"path", root},
               {"bytes", Total(files)},
               {"limit_bytes", *limit},
               {"entries", ToJson(files)}});
    return kDone;
  }
  if (!files.empty()) std::printf("%-12s %10s  %-16s  what\n", "kind", "size", "last used");
  for (const CachedFile& file : files) {
    std::printf("%-12s %10s  %-16s  %s%s\n", file.kind.c_str(), Size(file.bytes).c_str(),
                Time(file.last_used_s, "%Y-%m-%d %H:%M", false).c_str(),
                file.good ? "" : "not usable: ", OneLine(file.description).c_str());
  }
  std::printf("%zu files, %s of at most %s in %s\n", files.size(), Size(Total(files)).c_str(),
              Size(*limit).c_str(), root.c_str());
  return kDone;
}

int PrintCleared(const Arguments& a, const std::string& root,
                 const std::vector<CachedFile>& files) {
  if (a.as_json) {
    PrintJson({{"path", root}, {"bytes", Total(files)}, {"deleted", ToJson(files)}});
  } else {
    std::printf("deleted %zu files, %s, in %s\n", files.size(), Size(Total(files)).c_str(),
                root.c_str());
  }
  return kDone;
}

}  // namespace

int Cache(const Arguments& a) {
  const std::string& action = a.target;
  if (action != "list" && action != "clear" && action != "path") {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("'", action, "' is nothing to do with a cache; allowed: list, clear, path")));
  }
  const std::string root = CachePath();
  if (root.empty()) {
    return Fail(absl::FailedPreconditionError(
        "there is no cache folder; set RONCHI_CACHE, XDG_CACHE_HOME or HOME"));
  }
  if (action == "path") {
    if (a.kind || a.older_than) {
      return Fail(absl::InvalidArgumentError("--kind, --older-than: not with cache path"));
    }
    a.as_json ? PrintJson({{"path", root}}) : void(std::printf("%s\n", root.c_str()));
    return kDone;
  }
  const std::vector<CachedFile> files = ListCache(root);
  const absl::StatusOr<CacheChoice> choice = ReadChoice(a, files);
  if (!choice.ok()) return Fail(choice.status());
  return action == "list" ? PrintList(a, root, Chosen(files, *choice))
                          : PrintCleared(a, root, ClearCache(root, *choice));
}

}  // namespace ronchi
