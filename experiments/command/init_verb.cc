// `ronchi init`: a commented template of one's own to begin with.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "experiments/command/command_line.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {

using nlohmann::json;

struct Template {
  const char* kind;
  std::string source;
  const char* file;  // written here unless -o says otherwise
  const char* next;  // commands to try; %s is the file
};

// The environment is a C++ program of the source tree: its example is what one copies.
std::vector<Template> Templates() {
  const std::string folder = DataDirectory() + "/templates/";
  return {
      {"recipe", folder + "recipe.yaml", "recipe.yaml", "ronchi run %s"},
      {"simulate", folder + "simulate.yaml", "simulate.yaml", "ronchi simulate %s -o images.hdf5"},
      {"workflow", folder + "workflow.yaml", "workflow.yaml", "ronchi check %s && ronchi run %s"},
      {"environment", absl::StrCat(kSourceDirectory, "/examples/environment/focus.cc"),
       "environment.cc", "docs/add_environment.md"},
      {"driver", absl::StrCat(kSourceDirectory, "/examples/driver/python/column.py"), "driver.py",
       "ronchi conform --instrument %s"}};
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// An environment is built where the source tree's examples are.
std::string EnvironmentCommands(const std::string& file) {
  const std::filesystem::path path(file);
  const std::string stem = path.stem().string();
  std::error_code ec;
  const auto examples = std::filesystem::path(kSourceDirectory) / "examples" / "environment";
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::string build = absl::StrCat("cmake --build --preset release --target example_", stem,
                                         " && build/release/examples/example_", stem);
  if (std::filesystem::equivalent(folder, examples, ec)) return "in the source tree: " + build;
  return absl::StrCat("put it into ", examples.string(), ", then in the source tree: cmake ",
                      "--preset release && ", build);
}

// The instrument's config, beside a driver; and the driver, which finds Ronchi from anywhere.
std::string ConfigBeside(const std::string& file) {
  return std::filesystem::path(file).replace_extension(".yaml").string();
}
std::string DriverConfig(const std::string& file) {
  return absl::StrCat("# A driver in Python. Paths are seen from the folder of this file.\n",
                      "kind: program\ncommand: [python3, ",
                      std::filesystem::path(file).filename().string(), "]\n");
}
std::string DriverText(std::string text, const std::string& file) {
  text = Replaced(text, "\"../../../python\"", absl::StrCat("\"", kSourceDirectory, "/python\""));
  text = Replaced(text, "examples/driver/python/column.yaml", ConfigBeside(file));
  return Replaced(text, "column.py", file);
}

absl::StatusOr<Template> Find(const std::string& kind) {
  std::vector<std::string> kinds;
  for (const Template& t : Templates()) {
    if (t.kind == kind) return t;
    kinds.push_back(t.kind);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("init: '", kind, "' is not allowed; allowed: ", absl::StrJoin(kinds, ", ")));
}

absl::StatusOr<json> Write(const Arguments& a) {
  RONCHI_ASSIGN_OR_RETURN(const Template t, Find(a.target));
  const std::string file = a.output.empty() ? t.file : a.output;
  std::error_code ec;
  if (std::filesystem::is_directory(file, ec)) {
    return absl::InvalidArgumentError(absl::StrCat("-o ", file, ": is a folder, not a file"));
  }
  const bool driver = std::string(t.kind) == "driver";
  std::vector<std::string> files = {file};
  if (driver) files.push_back(ConfigBeside(file));
  for (const std::string& f : files) {
    if (a.force || !std::filesystem::exists(f, ec)) continue;
    return absl::AlreadyExistsError(f + ": is there already; --force replaces it");
  }
  RONCHI_ASSIGN_OR_RETURN(std::string text, ReadFile(t.source));
  const bool program = std::string(t.kind) == "environment";
  const std::string stem = std::filesystem::path(file).stem().string();
  // The comments speak of the file by its name.
  text = program  ? Replaced(text, "example_focus", "example_" + stem)
         : driver ? DriverText(text, file)
                  : Replaced(text, t.file, file);
  RONCHI_RETURN_IF_ERROR(WriteFileAtomically(file, text));
  if (driver) RONCHI_RETURN_IF_ERROR(WriteFileAtomically(files[1], DriverConfig(file)));
  return json{{"file", file},
              {"next", program ? EnvironmentCommands(file) : Replaced(t.next, "%s", files.back())}};
}

}  // namespace

int Init(const Arguments& a) {
  const absl::StatusOr<json> written = Write(a);
  if (!written.ok()) return Fail(written.status());
  if (a.as_json) {
    PrintJson(*written);
  } else {
    std::printf("wrote %s; next:\n  %s\n", (*written)["file"].get<std::string>().c_str(),
                (*written)["next"].get<std::string>().c_str());
  }
  return kDone;
}

}  // namespace ronchi
