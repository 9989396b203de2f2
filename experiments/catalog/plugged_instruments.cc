#include "experiments/catalog/plugged_instruments.h"

#include <filesystem>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hw/drivers/library.h"
#include "hw/drivers/remote.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/reply_check.h"
#include "hw/record/event_log.h"
#include "hw/record/replayed.h"
#include "hw/wire/program.h"
#include "hw/wrappers/composite.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

using Opened = absl::StatusOr<std::unique_ptr<hw::Instrument>>;

// "file:line: key: message" of what shows when the instrument is opened.
Opened At(const Config& node, const char* key, Opened opened) {
  if (opened.ok()) return opened;
  return Annotate(opened.status(), node.Where(key));
}

// The path of a config is seen from the folder of its file; of none, or one that --set has written,
// from here.
std::string FolderOf(const Config& node, const char* key) {
  std::error_code ec;
  const fs::path file = absl::StartsWith(node.Where(key), "--set ") ? "" : node.file();
  return fs::absolute(fs::is_regular_file(file, ec) ? file.parent_path() : fs::path("."), ec)
      .lexically_normal()
      .string();
}

void ReadTimes(ConfigReader* r, hw::RemoteOptions* o) {
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  r->Number("connect_s", &o->connect_s, seconds);
  r->Number("silence_s", &o->silence_s, seconds);
  r->Number("cancel_s", &o->cancel_s, seconds);
  r->Number("longest_s", &o->longest_s, seconds);
}

struct Program {
  hw::wire::ProgramOptions options;
  hw::RemoteOptions remote;
};
absl::StatusOr<Program> ReadProgram(const Config& node) {
  Program p;
  p.options.folder = FolderOf(node, "command");
  ConfigReader r(node);
  r.Known("kind");
  r.Known("command");
  r.Text("folder", &p.options.folder);
  r.Number("end_s", &p.options.end_s, {.min = 0, .max = 3600});
  ReadTimes(&r, &p.remote);
  const Config command = r.Child("command");
  RONCHI_RETURN_IF_ERROR(r.Done());
  for (size_t i = 0; i < command.size(); ++i) {
    RONCHI_ASSIGN_OR_RETURN(const std::string word, command.Item(i).Scalar());
    p.options.command.push_back(word);
  }
  if (p.options.command.empty() || p.options.command[0].empty()) {
    return node.Error("command", "a list of words is needed: [python3, column.py]");
  }
  return p;
}

struct Server {
  std::string address;
  hw::RemoteOptions remote;
};
absl::StatusOr<Server> ReadServer(const Config& node) {
  Server s;
  ConfigReader r(node);
  r.Known("kind");
  r.Text("address", &s.address, true);
  ReadTimes(&r, &s.remote);
  RONCHI_RETURN_IF_ERROR(r.Done());
  if (const auto endpoint = hw::wire::MakeTcpEndpoint(s.address); !endpoint.ok()) {
    return node.Error("address", std::string(endpoint.status().message()));
  }
  return s;
}

struct Library {
  std::string path;
  Config options;
};
absl::StatusOr<Library> ReadLibrary(const Config& node) {
  std::string path, folder = FolderOf(node, "path");
  ConfigReader r(node);
  r.Known("kind");
  r.Text("path", &path, true);
  r.Text("folder", &folder);
  Library library{"", r.Child("options")};
  RONCHI_RETURN_IF_ERROR(r.Done());
  library.path = (fs::path(folder) / path).string();
  return library;
}

struct Recording {
  std::string folder, instrument;
};
absl::StatusOr<Recording> ReadRecordingKeys(const Config& node) {
  Recording recording;
  ConfigReader r(node);
  r.Known("kind");
  r.Text("folder", &recording.folder, true);
  r.Text("instrument", &recording.instrument, true);
  RONCHI_RETURN_IF_ERROR(r.Done());
  return recording;
}

// A part's config: a name, or a mapping.
absl::StatusOr<Config> PartConfig(const Config& item) {
  if (item.IsMap()) return item;
  const auto name = item.Scalar();
  if (!name.ok()) return item.Error("", "an instrument is needed: a name, or a mapping");
  auto config = InstrumentConfig(*name);
  if (config.ok()) return config;
  return item.Error("", std::string(config.status().message()));
}

absl::StatusOr<std::vector<Config>> ReadParts(const Config& node) {
  ConfigReader r(node);
  r.Known("kind");
  const Config list = r.Child("parts");
  RONCHI_RETURN_IF_ERROR(r.Done());
  std::vector<Config> parts;
  for (size_t i = 0; i < list.size(); ++i) {
    RONCHI_ASSIGN_OR_RETURN(Config part, PartConfig(list.Item(i)));
    parts.push_back(std::move(part));
  }
  if (parts.empty()) {
    return node.Error("parts", "a list of instruments is needed, the column first");
  }
  return parts;
}

}  // namespace

absl::StatusOr<InstrumentMaker> PrepareReplay(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingKeys(node));
  return InstrumentMaker([=](uint64_t) -> Opened {
    return At(node, "folder", hw::OpenReplayed(recording.folder, recording.instrument));
  });
}
absl::StatusOr<std::string> SummariseReplay(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Recording r, ReadRecordingKeys(node));
  return absl::StrCat("what ", r.instrument, " answered in ", r.folder);
}

absl::StatusOr<InstrumentMaker> PrepareComposite(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Config> parts, ReadParts(node));
  std::vector<InstrumentMaker> makers;
  for (const Config& part : parts) {
    // The whole has the guard and tries again.
    const DoorOptions door = {.guard = DoorGuard::kCallers, .default_retry = false};
    RONCHI_ASSIGN_OR_RETURN(const InstrumentMaker make, PrepareInstrument(part, door));
    makers.push_back(make);
  }
  return InstrumentMaker([=](uint64_t seed) -> Opened {
    std::vector<std::unique_ptr<hw::Instrument>> made;
    for (const InstrumentMaker& make : makers) {
      RONCHI_ASSIGN_OR_RETURN(auto part, make(seed));
      made.push_back(std::move(part));
    }
    return At(node, "parts", hw::MakeComposite(std::move(made)));
  });
}
absl::StatusOr<std::string> SummariseComposite(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Config> parts, ReadParts(node));
  std::vector<std::string> words;
  for (const Config& part : parts) {
    RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(part));
    RONCHI_ASSIGN_OR_RETURN(const std::string summary, kind->summarise(WithoutChain(part)));
    words.push_back(summary);
  }
  return absl::StrJoin(words, " with ");
}

absl::StatusOr<InstrumentMaker> PrepareProgram(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Program program, ReadProgram(node));
  return InstrumentMaker([=](uint64_t) -> Opened {
    auto endpoint = hw::wire::StartProgram(program.options);
    if (!endpoint.ok()) return At(node, "command", endpoint.status());
    return At(node, "command", hw::MakeRemote(std::move(*endpoint), program.remote));
  });
}
absl::StatusOr<std::string> SummariseProgram(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Program program, ReadProgram(node));
  return absl::StrCat("the program '", absl::StrJoin(program.options.command, " "), "'");
}

absl::StatusOr<InstrumentMaker> PrepareRemote(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Server server, ReadServer(node));
  return InstrumentMaker([=](uint64_t) -> Opened {
    RONCHI_ASSIGN_OR_RETURN(auto endpoint, hw::wire::MakeTcpEndpoint(server.address));
    return At(node, "address", hw::MakeRemote(std::move(endpoint), server.remote));
  });
}
absl::StatusOr<std::string> SummariseRemote(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Server server, ReadServer(node));
  return "the server at " + server.address;
}

absl::StatusOr<InstrumentMaker> PrepareLibrary(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Library library, ReadLibrary(node));
  const auto entry = hw::LoadDriver(library.path);
  if (!entry.ok()) return Annotate(entry.status(), node.Where("path"));
  // A config is not for several threads.
  const auto alone = std::make_shared<std::mutex>();
  return InstrumentMaker([=, open = (*entry)->open](uint64_t seed) -> Opened {
    const std::lock_guard<std::mutex> lock(*alone);
    RONCHI_ASSIGN_OR_RETURN(auto driver, open(library.options, seed));
    if (!driver) return node.Error("path", "its factory opens nothing");
    RONCHI_RETURN_IF_ERROR(
        Annotate(hw::CheckDescription(driver->description()), node.Where("path")));
    return hw::MakeChecked(std::move(driver));
  });
}
absl::StatusOr<std::string> SummariseLibrary(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const Library library, ReadLibrary(node));
  return "the library " + library.path;
}

}  // namespace ronchi
