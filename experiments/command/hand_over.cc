#include "experiments/command/hand_over.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/config.h"
#include "core/files.h"
#include "core/later_part.h"

namespace ronchi {

bool IsWorkflowFile(const std::string& path) {
  const auto config = Config::Load(path);
  return config.ok() && config->Has("workflow");
}

bool IsWorkflowFolder(const std::string& folder) {
  std::error_code ec;
  return std::filesystem::exists(folder + "/journal.jsonl", ec);
}

namespace {

int GoOnAs(const std::string& name, const LaterPart& part, const Arguments& a) {
  const std::string program = ProgramFolder() + "/" + name;
  LaterPart here = part;
  here.file = program;
  const absl::Status built = BuildLaterPart(BuildFolder(), here);
  if (!built.ok()) return Fail(built);
  std::vector<char*> words;
  std::vector<std::string> copies = a.words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  execv(program.c_str(), words.data());
  return Fail(ErrnoStatus(errno, program));
}

}  // namespace

int HandOver(const Arguments& a) {
  return GoOnAs("ronchi-flow",
                {.target = "ronchi_flow_program",
                 .what = "what runs workflows",
                 .cost = "half a minute of a processor"},
                a);
}

int HandOverToServe(const Arguments& a) {
  return GoOnAs("ronchi-serve",
                {.target = "ronchi_serve_program",
                 .what = "what serves instruments",
                 .cost = "half a minute of a processor"},
                a);
}

}  // namespace ronchi
