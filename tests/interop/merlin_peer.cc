// One side of Merlin's wire, for programs of others on the other side (check_merlin.py):
//   interop_merlin_peer expose CONTROL DATA FRAMES OUT   exposes, and writes float32 pixels
//   interop_merlin_peer serve                            a camera of known pixels, until its input
//                                                        ends; prints both ports
#include <cstdio>
#include <fstream>
#include <iostream>

#include "hw/drivers/merlin/merlin.h"
#include "hw/server/merlin_server.h"
#include "hw/server/server.h"
#include "tests/support/pattern_camera.h"

namespace ronchi::hw {
namespace {

absl::Status ExposeTo(const std::vector<std::string>& words) {
  MerlinOptions o;
  RONCHI_ASSIGN_OR_RETURN(o.control, wire::ParseAddress(words[1]));
  RONCHI_ASSIGN_OR_RETURN(o.data, wire::ParseAddress(words[2]));
  o.trigger = MerlinTrigger::kSoft;
  o.frame_s = 120;  // the simulator compiles first
  RONCHI_ASSIGN_OR_RETURN(const auto merlin, MakeMerlin(o));
  const Expose expose{.camera = "merlin", .time_s = 1e-3, .frames = size_t(std::stoul(words[3]))};
  std::ofstream out(words[4], std::ios::binary);
  for (int i = 0; i < 3; ++i) {  // over one data link
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, merlin->Execute(expose));
    for (const Frame& f : reply.frames) {
      out.write(reinterpret_cast<const char*>(f.counts.data()),
                std::streamsize(f.counts.size() * sizeof(float)));
    }
  }
  return absl::OkStatus();
}

absl::Status ServeUntilEnd() {
  testing_support::PatternCamera camera(std::make_shared<testing_support::PatternState>(), 256,
                                        256);
  Hub hub(&camera);
  RONCHI_ASSIGN_OR_RETURN(const MerlinProtocols p, MakeMerlinProtocols(&hub));
  const wire::Address any = *wire::ParseAddress("127.0.0.1:0", true);
  RONCHI_ASSIGN_OR_RETURN(const auto server, Server::Start({{any, p.control}, {any, p.data}}));
  std::printf("%d %d\n", server->port(0), server->port(1));
  std::fflush(stdout);
  while (std::cin.get() != EOF) {
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace ronchi::hw

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || (words[0] == "expose" && words.size() != 5)) return 2;
  const absl::Status s =
      words[0] == "serve" ? ronchi::hw::ServeUntilEnd() : ronchi::hw::ExposeTo(words);
  if (!s.ok()) std::cerr << s << "\n";
  return s.ok() ? 0 : 1;
}
