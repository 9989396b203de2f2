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

int HandOver(const Arguments& a) {
  const std::string program = ProgramFolder() + "/ronchi-flow";
  const absl::Status built =
      BuildLaterPart(BuildFolder(), {.target = "ronchi_flow_program",
                                     .file = program,
                                     .what = "what runs workflows",
                                     .cost = "half a minute of a processor"});
  if (!built.ok()) return Fail(built);
  std::vector<char*> words;
  std::vector<std::string> copies = a.words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  execv(program.c_str(), words.data());
  return Fail(ErrnoStatus(errno, program));
}

}  // namespace ronchi
