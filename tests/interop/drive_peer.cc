// For checks against other people's programs: drives the instrument of a config.
//   interop_drive_peer CONFIG.yaml FOLDER [path.to.key=value …]
// Reads commands, a line of JSON each (hw/instrument/command_json.h; also {"verb": "describe"} and
// {"verb": "blank_now"}), and answers each with a line: a reply, or {"error": …}. Frame i of the
// last reply is FOLDER/i.f32.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/catalog/instruments.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"

namespace ronchi {
namespace {

using nlohmann::json;

void SaveFrames(const hw::Reply& reply, const std::string& folder) {
  for (size_t i = 0; i < reply.frames.size(); ++i) {
    const auto& counts = reply.frames[i].counts;
    std::ofstream out(folder + "/" + std::to_string(i) + ".f32", std::ios::binary);
    out.write(reinterpret_cast<const char*>(counts.data()),
              std::streamsize(counts.size() * sizeof(float)));
  }
}

json Done(hw::Instrument* instrument, const json& asked, const std::string& folder) {
  if (asked.is_object() && asked.value("verb", "") == "describe") {
    return hw::ToJson(instrument->description());
  }
  if (asked.is_object() && asked.value("verb", "") == "blank_now") {
    const absl::Status s = instrument->BlankNow();
    return s.ok() ? json{{"blanked", true}} : hw::ToJson(s);
  }
  const auto command = hw::CommandFromJson(asked);
  if (!command.ok()) return hw::ToJson(command.status());
  const auto reply = instrument->Execute(*command);
  if (!reply.ok()) return hw::ToJson(reply.status());
  SaveFrames(*reply, folder);
  return hw::ToJson(*reply);
}

int Drive(const std::string& path, const std::string& folder,
          const std::vector<std::string>& overrides) {
  const auto config = InstrumentConfig(path, overrides);
  auto opened = config.ok() ? OpenInstrument(*config, 1) : config.status();
  if (!opened.ok()) {
    std::fprintf(stderr, "%s\n", std::string(opened.status().message()).c_str());
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Done(opened->get(), json::parse(line, nullptr, false), folder) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return ronchi::Drive(argv[1], argv[2], {argv + 3, argv + argc});
}
