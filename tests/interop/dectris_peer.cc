// Exposes a DECTRIS detector that others play (check_dectris.py), and writes float32 pixels:
//   interop_dectris_peer ADDRESS STREAM legacy|cbor TRIGGER FRAMES SECONDS OUT
// TRIGGER: ints, inte, exts, exte, or - for as it stands. Twice, over one connection.
#include <fstream>
#include <iostream>

#include "hw/drivers/dectris/dectris.h"

namespace ronchi::hw {
namespace {

absl::Status ExposeTwice(const std::vector<std::string>& words) {
  dectris::DectrisOptions o;
  RONCHI_ASSIGN_OR_RETURN(o.address, wire::ParseAddress(words[0]));
  RONCHI_ASSIGN_OR_RETURN(o.stream, wire::ParseAddress(words[1]));
  o.cbor = words[2] == "cbor";
  o.trigger = words[3] == "-" ? "" : words[3];
  o.answer_s = o.frame_s = 60;
  RONCHI_ASSIGN_OR_RETURN(const auto camera, dectris::MakeDectris(o));
  const Expose expose{
      .camera = "dectris", .time_s = std::stod(words[5]), .frames = size_t(std::stoul(words[4]))};
  std::ofstream out(words[6], std::ios::binary);
  for (int i = 0; i < 2; ++i) {
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, camera->Execute(expose));
    for (const Frame& f : reply.frames) {
      out.write(reinterpret_cast<const char*>(f.counts.data()),
                std::streamsize(f.counts.size() * sizeof(float)));
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace ronchi::hw

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 7) return 2;
  const absl::Status s = ronchi::hw::ExposeTwice(words);
  if (!s.ok()) std::cerr << s << "\n";
  return s.ok() ? 0 : 1;
}
