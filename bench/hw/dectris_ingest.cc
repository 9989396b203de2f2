// Images of 512 × 512 pixels of 16 bits, bitshuffled and packed by LZ4, from a sender over the
// loopback, as a DECTRIS detector sends them, through the driver's reader: every number is looked
// at, every pixel unpacked. MB are of pixels, unpacked. Counters are of the reader's thread: on the
// clock, and a second of processor time (which is what a busy machine leaves comparable).
//   0 into 16-bit integers   1 into floats   2 not unpacked   3 the second version, into integers
// RONCHI_DECTRIS_GB=10 for the whole; RONCHI_DECTRIS_PORT=9999 only sends, by the first version,
// for another reader (bench/python/dectris_ingest.py).
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <zmq.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "core/background.h"
#include "hw/drivers/dectris/stream_reader.h"
#include "tests/support/simplon_messages.h"

namespace ronchi::hw::dectris {
namespace {

using testing_support::Parts;
using testing_support::SimplonForm;

constexpr size_t kSide = 512, kImageBytes = 2 * kSide * kSide;
constexpr size_t kDifferent = 16;  // images, sent over and over
constexpr double kMeanCounts = 3;
constexpr uint64_t kSeries = 34;

double ThreadSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}
double MostMegabytes() {
  rusage u = {};
  getrusage(RUSAGE_SELF, &u);
  return double(u.ru_maxrss) / 1024;
}
size_t Images() {
  const char* text = std::getenv("RONCHI_DECTRIS_GB");
  return size_t((text ? std::atof(text) : 1) * 1e9 / double(kImageBytes));
}

// Counts as a detector has them of an electron beam.
std::string Pixels(size_t n) {
  std::mt19937 random{uint32_t(n)};
  std::poisson_distribution<int> counts(kMeanCounts);
  std::string raw(kImageBytes, '\0');
  for (size_t i = 0; i < kImageBytes; i += 2) raw[i] = char(counts(random));
  return raw;
}

const std::vector<Parts>& Encoded(bool cbor) {
  static std::vector<Parts> all[2];
  if (all[cbor].empty()) {
    const SimplonForm form{kSide, kSide, 2, "none"};
    for (size_t n = 0; n < kDifferent; ++n) {
      SimplonForm f = form;
      f.coding = "bslz4";
      f.block = 8192;
      const std::string raw = Pixels(n);
      all[cbor].push_back(cbor ? Parts{testing_support::SimplonCborImage(kSeries, n, f, raw)}
                               : testing_support::SimplonPartsOf(kSeries, n, f, raw));
    }
  }
  return all[cbor];
}

// Sends one series to whoever connects.
class Sender {
 public:
  Sender(size_t images, bool cbor, int port = 0) : images_(images), cbor_(cbor) {
    Encoded(cbor);  // before anybody's clock runs
    context_ = zmq_ctx_new();
    socket_ = zmq_socket(context_, ZMQ_PUSH);
    const int most = 100;
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &most, sizeof(most));
    const std::string at = "tcp://127.0.0.1:" + (port ? std::to_string(port) : std::string("*"));
    if (zmq_bind(socket_, at.c_str()) != 0) {
      std::perror("dectris_ingest");
      std::exit(1);
    }
    char bound[64];
    size_t size = sizeof(bound);
    zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound, &size);
    name_ = std::string(bound).substr(6);
  }
  ~Sender() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  const std::string& name() const { return name_; }

  void Serve() {
    Send(cbor_ ? Parts{testing_support::SimplonCborWord("start", kSeries)} : Start());
    for (size_t n = 0; n < images_; ++n) {
      Parts image = Encoded(cbor_)[n % kDifferent];
      if (cbor_) {
        const std::string key = testing_support::CborText("image_id");
        const size_t at = image[0].find(key) + key.size();
        image[0].replace(at, 1, testing_support::Cbor(0, n));
      } else {
        image[0] =
            R"({"htype":"dimage-1.0","series":34,"hash":"0","frame":)" + std::to_string(n) + "}";
      }
      Send(image);
    }
    Send(cbor_ ? Parts{testing_support::SimplonCborWord("end", kSeries)}
               : testing_support::SimplonPartsEnd(kSeries));
  }

 private:
  // As LiberTEM-live's reader wants it: with the detector's settings, each part by itself.
  Parts Start() {
    Send({testing_support::SimplonPartsStart(kSeries)[0]});
    const nlohmann::json config = {{"x_pixels_in_detector", kSide}, {"y_pixels_in_detector", kSide},
                                   {"bit_depth_image", 16},         {"bit_depth_readout", 16},
                                   {"beam_center_x", 0.0},          {"beam_center_y", 0.0},
                                   {"compression", "bslz4"},        {"count_time", 0.0009999},
                                   {"frame_time", 0.001},           {"nimages", 1},
                                   {"ntrigger", images_},           {"trigger_mode", "exte"}};
    return {config.dump()};
  }
  void Send(const Parts& parts) {
    for (size_t p = 0; p < parts.size(); ++p) {
      const int more = p + 1 < parts.size() ? ZMQ_SNDMORE : 0;
      zmq_send(socket_, parts[p].data(), parts[p].size(), more);
    }
  }
  const size_t images_;
  const bool cbor_;
  void* context_ = nullptr;
  void* socket_ = nullptr;
  std::string name_;
};

void BM_Ingest(benchmark::State& state) {
  const size_t images = Images();
  const bool cbor = state.range(0) == 3;
  const double before_MB = MostMegabytes();
  double wall_s = 0, processor_s = 0;
  std::vector<float> floats(kSide * kSide);
  std::vector<char> integers(kImageBytes);
  wire::SimplonPixels pixels;
  for (auto _ : state) {
    Sender sender(images, cbor);
    const Background sending([&] { sender.Serve(); });
    SimplonReader reader(*wire::ParseAddress(sender.name()), {.cbor = cbor});
    const auto until = wire::Stream::After(3600);
    if (!reader.Connect(until).ok()) return state.SkipWithError("connect");
    const auto begun = reader.Begin(kSeries, until);
    if (!begun.ok() || !*begun) return state.SkipWithError("begin");
    const auto start = SimplonReader::Clock::now();
    const double start_s = ThreadSeconds();
    for (size_t i = 0; i < images; ++i) {
      const auto image = reader.Next(until);
      if (!image.ok() || !*image) return state.SkipWithError(image.status().ToString().c_str());
      absl::Status s;
      if (state.range(0) == 1) s = pixels.Decode(**image, std::span(floats));
      if (state.range(0) == 0 || cbor) s = pixels.Decode(**image, std::span(integers));
      if (!s.ok()) return state.SkipWithError(s.ToString().c_str());
      benchmark::DoNotOptimize(integers.data());
      benchmark::DoNotOptimize(floats.data());
      benchmark::ClobberMemory();
    }
    wall_s += std::chrono::duration<double>(SimplonReader::Clock::now() - start).count();
    processor_s += ThreadSeconds() - start_s;
    const auto ended = reader.End(until);
    if (!ended.ok() || !*ended) return state.SkipWithError("no end");
    if (state.range(0) == 0 &&
        std::string(integers.begin(), integers.end()) != Pixels((images - 1) % kDifferent)) {
      return state.SkipWithError("other pixels than were sent");
    }
  }
  const double megabytes = double(images * kImageBytes) / 1e6;
  state.counters["MB/s"] = megabytes / wall_s;
  state.counters["MB/cpu_s"] = megabytes / processor_s;
  state.counters["images"] = double(images);
  state.counters["grown_MB"] = MostMegabytes() - before_MB;
}
BENCHMARK(BM_Ingest)->DenseRange(0, 3)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::hw::dectris

int main(int argc, char** argv) {
  if (const char* port = std::getenv("RONCHI_DECTRIS_PORT")) {
    using ronchi::hw::dectris::Images;
    ronchi::hw::dectris::Sender(Images(), false, std::atoi(port)).Serve();
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
