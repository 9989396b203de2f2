// Frames of 256 × 256 pixels of 16 bits from a sender over the loopback, as Merlin sends them,
// through the driver's reader: every sequence number is looked at, every pixel converted. Counters
// are of the reader's thread: bytes a second on the clock, and a second of processor time (which is
// what a busy machine leaves comparable).
//   0 into 16-bit integers   1 into floats   2 not converted
// RONCHI_MERLIN_GB=10 for the whole; RONCHI_MERLIN_PORT=6342 only sends, for another reader
// (bench/python/merlin_ingest.py).
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "core/background.h"
#include "core/descriptor.h"
#include "hw/drivers/merlin/frame_reader.h"
#include "hw/wire/mib_pixels.h"
#include "hw/wire/mpx.h"

namespace ronchi::hw {
namespace {

constexpr size_t kSide = 256;

double ProcessorSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}
double LargestMegabytes() {
  rusage u = {};
  getrusage(RUSAGE_SELF, &u);
  return double(u.ru_maxrss) / 1024;
}

size_t FramesOf(double gigabytes) { return size_t(gigabytes * 1e9 / (2 * kSide * kSide)); }
double Gigabytes() {
  const char* text = std::getenv("RONCHI_MERLIN_GB");
  return text ? std::atof(text) : 1;
}

// Listens, and sends one acquisition to whoever connects.
class Sender {
 public:
  explicit Sender(size_t frames, int port = 0)
      : frames_(frames), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(uint16_t(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(listener_.value(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    socklen_t size = sizeof(at);
    if (bind(listener_.value(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        listen(listener_.value(), 1) != 0) {
      std::perror("merlin_ingest");
      std::exit(1);
    }
    getsockname(listener_.value(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  int port() const { return port_; }

  void Serve() const {
    const Descriptor to(accept(listener_.value(), nullptr, nullptr));
    bool taken = Write(to.value(), wire::MpxMessage(wire::AcquisitionHeaderText(
                                       {frames_, frames_, 12}, {{"ScanX", "256"}})));
    wire::MibHeader h{.width = kSide, .height = kSide};
    std::string message =
        wire::MpxMessage(wire::MibHeaderText(h, {}) + std::string(h.pixel_bytes(), '\x01'));
    for (size_t i = 1; taken && i <= frames_; ++i) {
      h.sequence = i;
      char digits[16];
      std::snprintf(digits, sizeof(digits), "%06zu", i);
      std::memcpy(message.data() + wire::kMpxPrefixBytes + 4, digits, 6);
      taken = Write(to.value(), message);
    }
    char byte;
    while (taken && recv(to.value(), &byte, 1, 0) > 0) {
    }
  }

 private:
  static bool Write(int to, const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += size_t(n);
    }
    return true;
  }
  const size_t frames_;
  const Descriptor listener_;
  int port_ = 0;
};

void BM_Ingest(benchmark::State& state) {
  const size_t frames = FramesOf(Gigabytes());
  const double before_MB = LargestMegabytes();
  double wall_s = 0, processor_s = 0;
  size_t read = 0;
  std::vector<uint16_t> integers(kSide * kSide);
  std::vector<float> floats(kSide * kSide);
  for (auto _ : state) {
    const Sender sender(frames);
    const Background sending([&] { sender.Serve(); });
    FrameReader reader({"sender", "127.0.0.1", sender.port()});
    const auto until = wire::Stream::After(3600);
    if (!reader.Connect(30).ok() || !reader.Begin(until).ok()) return state.SkipWithError("begin");
    const auto start = FrameReader::Clock::now();
    const double start_s = ProcessorSeconds();
    for (size_t i = 0; i < frames; ++i) {
      const auto frame = reader.Next(until);
      if (!frame.ok() || !*frame) return state.SkipWithError(frame.status().ToString().c_str());
      if (state.range(0) == 0) wire::PixelsToIntegers((*frame)->pixels, integers);
      if (state.range(0) == 1)
        wire::PixelsToFloats((*frame)->pixels, (*frame)->header.pixel, floats);
      benchmark::DoNotOptimize(integers.data());
      benchmark::DoNotOptimize(floats.data());
      benchmark::ClobberMemory();
      ++read;
    }
    wall_s += std::chrono::duration<double>(FrameReader::Clock::now() - start).count();
    processor_s += ProcessorSeconds() - start_s;
    reader.Drop();
  }
  const double megabytes = double(read) * 2 * kSide * kSide / 1e6;
  state.counters["MB/s"] = megabytes / wall_s;
  state.counters["MB/cpu_s"] = megabytes / processor_s;
  state.counters["frames"] = double(read);
  state.counters["grown_MB"] = LargestMegabytes() - before_MB;
}
BENCHMARK(BM_Ingest)->DenseRange(0, 2)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::hw

int main(int argc, char** argv) {
  if (const char* port = std::getenv("RONCHI_MERLIN_PORT")) {
    ronchi::hw::Sender(ronchi::hw::FramesOf(ronchi::hw::Gigabytes()), std::atoi(port)).Serve();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
