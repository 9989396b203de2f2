// The contracted engine against multislice itself, probe by probe.
#include "sim/contracted/contracted.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <new>

#include "core/parallel.h"
#include "tests/sim/contracted/made.h"

// Every allocation of this program is counted.
namespace {
size_t allocations = 0;
}  // namespace
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // ours match: malloc and free
void* operator new(size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t bytes, std::align_val_t to) {
  ++allocations;
  if (void* p = std::aligned_alloc(size_t(to), (bytes + size_t(to) - 1) / size_t(to) * size_t(to)))
    return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }

namespace ronchi::sim {
namespace {

std::vector<double> Image(const Contracted& engine, const Contracted::Setting& setting,
                          const ScanLines& scan) {
  Contracted::Workspace w;
  std::vector<double> image(engine.values() * scan.probes());
  RONCHI_CHECK(engine.ComputeImage(setting, scan, &w, image).ok());
  return image;
}

// rms of the difference over the mean, the largest of all detector values.
double Error(const SimulationOptions& o, const Contracted& engine) {
  const CompleteSimulation exact = *Simulate(o);
  const size_t probes = o.scan.probes();
  const auto image =
      Image(engine, {.beam = o.beam, .focal_spread_A = o.focal_spread_A}, MakeLines(o.scan));
  double worst = 0;
  size_t value = 0;
  for (const DetectorImage& e : exact.images) {
    const size_t n = e.values.size() / probes;
    for (size_t v = 0; v < n; ++v, ++value) {
      double squares = 0, mean = 0;
      for (size_t p = 0; p < probes; ++p) {
        const double reference = e.values[p * n + v];
        squares += std::pow(image[value * probes + p] - reference, 2) / double(probes);
        mean += reference / double(probes);
      }
      worst = std::max(worst, std::sqrt(squares) / mean);
    }
  }
  return worst;
}

// The same sums in another order: what single precision loses in ten slices, some 1e-6 of an
// image; the dark field, a hundredth of the intensity, ten times as much.
TEST(Contracted, IsMultisliceForAnyAberrations) {
  SimulationOptions o = SmallCrystal(3, 96);
  const auto engine = MakeEngine(o);
  // The crystal's translations allow one difference in nine, all 89 of them (half of a disc).
  EXPECT_EQ(engine->differences().size(), 89u);
  for (uint64_t draw = 0; draw < 4; ++draw) {
    if (draw) Scramble(draw, &o.beam);
    EXPECT_LT(Error(o, *engine), 1e-5);
  }
}

// One cell's Bloch waves, tilted specimen and all, against the whole box's plane waves.
TEST(Contracted, OneCellOfManyIsTheWholeBox) {
  SimulationOptions o = SmallCrystal(3, 96);
  o.tilt_rad = {0.01, -0.004};
  Scramble(2, &o.beam);
  EXPECT_EQ(PlanContraction(o).cells, (std::array<size_t, 2>{3, 3}));
  EXPECT_LT(Error(o, *MakeEngine(o)), 1e-5);
  // One atom out of its place: no cell is like another.
  o.specimen.atoms[7].x_A += 0.01;
  EXPECT_EQ(PlanContraction(o).cells, (std::array<size_t, 2>{1, 1}));
  EXPECT_LT(Error(o, *MakeEngine(o)), 1e-5);
}

TEST(Contracted, AveragesFrozenPhonons) {
  SimulationOptions o = SmallCrystal(2, 64);
  AddPhonons(3, &o);
  Scramble(9, &o.beam);
  EXPECT_LT(Error(o, *MakeEngine(o)), 1e-5);
}

// Averaged over the cells' translations: the mean of images moved by every cell.
TEST(Contracted, AveragesOverTranslations) {
  SimulationOptions o = SmallCrystal(2, 64);
  AddPhonons(2, &o);
  Scramble(4, &o.beam);
  const auto every = MakeEngine(o), averaged = MakeEngine(o, {2, 2});
  EXPECT_LT(averaged->differences().size() * 3, every->differences().size());
  const Contracted::Setting setting{.beam = o.beam};
  const auto image = Image(*averaged, setting, MakeLines(o.scan));
  std::vector<double> mean(image.size());
  for (const double x : {0.0, 3.905}) {
    for (const double y : {0.0, 3.905}) {
      Contracted::Setting moved = setting;
      moved.scan.shift_A = {x, y};
      const auto one = Image(*every, moved, MakeLines(o.scan));
      for (size_t i = 0; i < one.size(); ++i) mean[i] += one[i] / 4;
    }
  }
  for (size_t i = 0; i < image.size(); ++i) EXPECT_NEAR(image[i], mean[i], 3e-7);
}

// Smaller aperture, tilt within the beams held; more is refused, and another energy.
TEST(Contracted, TakesAnyOpticsWithinTheBeamsHeld) {
  SimulationOptions o = SmallCrystal(2, 64);
  const auto engine = MakeEngine(o);
  o.beam.semiangle_rad = 0.015;
  o.beam.tilt_rad = {0.004, -0.003};
  Scramble(3, &o.beam);
  EXPECT_LT(Error(o, *engine), 1e-5);
  Contracted::Workspace w;
  std::vector<double> image(engine->values() * o.scan.probes());
  const auto status = [&] {
    return engine->ComputeImage({.beam = o.beam}, MakeLines(o.scan), &w, image);
  };
  o.beam.semiangle_rad = 0.0221;
  EXPECT_TRUE(absl::IsInvalidArgument(status()));
  o.beam.semiangle_rad = 0.015;
  EXPECT_TRUE(status().ok());
  o.beam.energy_eV = 80e3;
  EXPECT_TRUE(absl::IsInvalidArgument(status()));
}

// Eleven defoci against the closed form: the quadrature leaves out 2e-4 of the weight.
TEST(Contracted, FocalSpreadIsAnAverageOverDefocus) {
  SimulationOptions o = SmallCrystal(2, 64);
  const auto engine = MakeEngine(o);
  const double still = Image(*engine, {.beam = o.beam}, {.starts_A = {{1, 1}}})[0];
  o.focal_spread_A = 40;
  EXPECT_LT(Error(o, *engine), 1e-3);
  const double spread =
      Image(*engine, {.beam = o.beam, .focal_spread_A = 40}, {.starts_A = {{1, 1}}})[0];
  EXPECT_GT(std::fabs(spread / still - 1), 0.05);
}

TEST(Contracted, DoseScales) {
  const SimulationOptions o = SmallCrystal(2, 64);
  const auto engine = MakeEngine(o);
  const auto one = Image(*engine, {.beam = o.beam}, MakeLines(o.scan));
  const auto many = Image(*engine, {.beam = o.beam, .dose = 500}, MakeLines(o.scan));
  for (size_t i = 0; i < one.size(); ++i) EXPECT_DOUBLE_EQ(many[i], 500 * one[i]);
}

TEST(Contracted, ManySettingsAreEachTheirOwnForAnyThreads) {
  SimulationOptions o = SmallCrystal(2, 64);
  const auto engine = MakeEngine(o);
  std::vector<Contracted::Setting> settings(7, {.beam = o.beam});
  for (size_t i = 0; i < settings.size(); ++i) Scramble(i, &settings[i].beam);
  settings[3].beam.semiangle_rad = 0.018;
  const ScanLines scan = MakeLines(o.scan);
  const size_t each = engine->values() * scan.probes();
  std::vector<double> one(settings.size() * each), two(one.size());
  SetThreads(1);
  ASSERT_TRUE(engine->ComputeImages(settings, scan, one).ok());
  SetThreads(2);
  ASSERT_TRUE(engine->ComputeImages(settings, scan, two).ok());
  EXPECT_EQ(one, two);
  for (size_t i = 0; i < settings.size(); ++i) {
    const auto alone = Image(*engine, settings[i], scan);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), one.begin() + long(i * each)));
  }
  settings[5].beam.semiangle_rad = 0.03;
  EXPECT_NE(std::string(engine->ComputeImages(settings, scan, one).message()).find("setting 5"),
            std::string::npos);
}

TEST(Contracted, NoCallAllocatesAfterTheFirst) {
  SimulationOptions o = SmallCrystal(2, 64);
  const auto engine = MakeEngine(o);
  const ScanLines scan = MakeLines(o.scan);
  Contracted::Workspace w;
  std::vector<double> image(engine->values() * scan.probes()), weights(image.size(), 1.0);
  Contracted::Variation gradient, direction{.matrix = {0, 0.1, -0.1, 0}, .dose = 1};
  const auto all = [&](uint64_t draw) {
    Scramble(draw, &o.beam);
    const Contracted::Setting s{.beam = o.beam, .focal_spread_A = 20, .source_fwhm_A = 0.5};
    RONCHI_CHECK(engine->ComputeImage(s, scan, &w, image).ok());
    RONCHI_CHECK(engine->ComputeDerivative(s, direction, scan, &w, image).ok());
    RONCHI_CHECK(engine->ComputeGradient(s, scan, weights, &w, image, &gradient).ok());
  };
  all(1);
  const size_t before = allocations;
  all(2);
  all(3);
  EXPECT_EQ(allocations, before);
}

TEST(Contracted, BytesAreTheEngine) {
  SimulationOptions o = SmallCrystal(2, 64);
  AddPhonons(1, &o);
  const auto engine = MakeEngine(o);
  RealBuffer room(engine->memory_bytes() / sizeof(Real) + 4096);  // aligned
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(room));
  size_t size = 0;
  const auto append = [&](std::span<const std::byte> more) {
    std::copy(more.begin(), more.end(), bytes.begin() + long(size));
    size += more.size();
    return absl::OkStatus();
  };
  ASSERT_TRUE(engine->Append(append).ok());
  const auto same = Contracted::FromBytes(bytes.first(size), nullptr);
  ASSERT_TRUE(same.ok()) << same.status();
  Scramble(5, &o.beam);
  EXPECT_EQ(Image(*same, {.beam = o.beam}, MakeLines(o.scan)),
            Image(*engine, {.beam = o.beam}, MakeLines(o.scan)));
  for (size_t cut : {size_t(0), size_t(7), size_t(80), size_t(200), size / 2, size - 1}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Contracted::FromBytes(bytes.first(cut), nullptr).status()));
  }
  bytes[9] ^= std::byte(1);  // the version
  EXPECT_TRUE(absl::IsInvalidArgument(Contracted::FromBytes(bytes.first(size), nullptr).status()));
}

}  // namespace
}  // namespace ronchi::sim
