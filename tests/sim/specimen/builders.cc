// Built specimens: counts and distances are those of the recipe, and a seed says it all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/specimen/amorphous.h"
#include "sim/specimen/monolayer.h"
#include "sim/specimen/nanoparticle.h"
#include "sim/specimen/particle_on_film.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

Crystal Read(const std::string& file) {
  auto c = ReadCrystal(std::string(RONCHI_SOURCE_DIR "/data/structures/") + file);
  EXPECT_TRUE(c.ok()) << c.status();
  return *c;
}

std::map<int, int> Count(const Specimen& s) {
  std::map<int, int> n;
  for (const Atom& a : s.atoms) ++n[a.z];
  return n;
}

std::vector<std::array<double, 4>> Places(const Specimen& s) {
  std::vector<std::array<double, 4>> out;
  for (const Atom& a : s.atoms) out.push_back({double(a.z), a.x_A, a.y_A, a.z_A});
  return out;
}

// By comparing all pairs; x and y go round the box.
double LeastDistance(const std::vector<Atom>& atoms, const std::array<double, 3>& box,
                     const std::vector<Atom>& others) {
  double least = 1e9;
  for (const Atom& a : atoms) {
    for (const Atom& b : others) {
      double x = a.x_A - b.x_A, y = a.y_A - b.y_A;
      x -= box[0] * std::round(x / box[0]);
      y -= box[1] * std::round(y / box[1]);
      const double d = std::hypot(x, y, a.z_A - b.z_A);
      if (d > 0) least = std::min(least, d);
    }
  }
  return least;
}

TEST(Monolayer, CoversTheSizeWithVacuumAboveAndBelow) {
  const auto s = MakeMonolayer(Read("MoS2.cif"), {.size_A = {30, 40}, .vacuum_A = 6});
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_NEAR(s->cell_A[0], 10 * 3.16, 1e-9);                // 9.49 cells
  EXPECT_NEAR(s->cell_A[1], 8 * 3.16 * std::sqrt(3), 1e-9);  // 7.3 cells
  double low = 1e9, high = 0;
  for (const Atom& a : s->atoms) low = std::min(low, a.z_A), high = std::max(high, a.z_A);
  EXPECT_NEAR(low, 6, 1e-9);
  EXPECT_NEAR(s->cell_A[2] - high, 6, 1e-9);
  EXPECT_EQ(Count(*s), (std::map<int, int>{{16, 320}, {42, 160}}));
  // Mo-S: a/√3 across and half of S-S along.
  const double half = (high - low) / 2;
  EXPECT_NEAR(LeastDistance(s->atoms, s->cell_A, s->atoms), std::hypot(3.16 / std::sqrt(3), half),
              1e-9);
}

// A layer that its cell's faces cut in two is put together again.
TEST(Monolayer, IsCutAtItsWidestGap) {
  Crystal whole = Read("MoS2.cif"), split = whole;
  const double c = whole.Lengths_A()[2];
  for (Atom& a : split.atoms) a.z_A = std::fmod(a.z_A + c / 2, c);
  const auto one = MakeMonolayer(whole, {.size_A = {10, 10}});
  const auto two = MakeMonolayer(split, {.size_A = {10, 10}});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NEAR(one->cell_A[2], two->cell_A[2], 1e-9);
  for (size_t i = 0; i < one->atoms.size(); ++i) {
    EXPECT_NEAR(one->atoms[i].z_A, two->atoms[i].z_A, 1e-9);
  }
}

TEST(Monolayer, VacanciesAndDopantsAreCounted) {
  MonolayerOptions o = {.size_A = {60, 60},
                        .vacancies = {{16, 0.1}},
                        .dopants = {{42, {{74, 0.25}, {23, 0.125}}}},
                        .seed = 3};
  const Crystal crystal = Read("MoS2.cif");
  const auto pristine = MakeMonolayer(crystal, {.size_A = {60, 60}});
  const auto s = MakeMonolayer(crystal, o), again = MakeMonolayer(crystal, o);
  ASSERT_TRUE(pristine.ok() && s.ok() && again.ok()) << s.status();
  std::map<int, int> n = Count(*pristine), m = Count(*s);
  EXPECT_EQ(m[16], n[16] - std::lround(0.1 * n[16]));
  EXPECT_EQ(m[74], std::lround(0.25 * n[42]));
  EXPECT_EQ(m[23], std::lround(0.125 * n[42]));
  EXPECT_EQ(m[42], n[42] - m[74] - m[23]);
  EXPECT_EQ(Places(*s), Places(*again));
  o.seed = 4;
  EXPECT_NE(Places(*s), Places(*MakeMonolayer(crystal, o)));
  // The sites of one element do not depend on what is done to another.
  MonolayerOptions only = {.size_A = {60, 60}, .vacancies = {{16, 0.1}}, .seed = 3};
  std::vector<std::array<double, 4>> a, b;
  for (const auto& p : Places(*s))
    if (p[0] == 16) a.push_back(p);
  for (const auto& p : Places(*MakeMonolayer(crystal, only)))
    if (p[0] == 16) b.push_back(p);
  EXPECT_EQ(a, b);
}

TEST(Monolayer, Refuses) {
  const Crystal crystal = Read("graphene.cif");
  EXPECT_FALSE(MakeMonolayer(crystal, {.size_A = {10, 10}, .vacancies = {{16, 0.1}}}).ok());
  EXPECT_FALSE(MakeMonolayer(crystal, {.size_A = {10, 10}, .vacancies = {{6, 1}}}).ok());
  EXPECT_FALSE(
      MakeMonolayer(crystal,
                    {.size_A = {10, 10}, .vacancies = {{6, 0.6}}, .dopants = {{6, {{7, 0.6}}}}})
          .ok());
  EXPECT_FALSE(MakeMonolayer(crystal, {.size_A = {1e5, 1e5}}).ok());
}

TEST(ParticleShape, VolumeIsThatOfTheSphereAndOfWhatIsInside) {
  // Cube, cuboctahedron, the regular truncated octahedron, nearly an octahedron.
  for (double ratio : {0.578, 0.75, std::sqrt(3) / 2, 2 / std::sqrt(3), 1.731}) {
    const ParticleShape s = ParticleShape::TruncatedOctahedron(20, ratio);
    EXPECT_NEAR(s.Volume_A3(), 4000 * std::numbers::pi / 3, 1e-8);
    EXPECT_NEAR(s.distance_100_A / s.distance_111_A, ratio, 1e-12);
    // Midpoints of cubes of side h: a surface of area A misjudges about √(A h⁴/h²)·h of volume;
    // with A ≈ 1500 Å² and h = 0.25 Å that is 0.6 Å³ in a random lattice, 30 where faces are
    // aligned with it: A h/2 = 190 at most.
    double inside = 0, reach = 0;
    const double h = 0.25;
    for (double x = -20 + h / 3; x < 20; x += h) {
      for (double y = -20 + h / 3; y < 20; y += h) {
        for (double z = -20 + h / 3; z < 20; z += h) {
          if (!s.Inside({x, y, z})) continue;
          inside += h * h * h;
          reach = std::max(reach, std::hypot(x, y, z));
        }
      }
    }
    EXPECT_NEAR(inside, s.Volume_A3(), 190) << ratio;
    EXPECT_LE(reach, s.Reach_A());
    EXPECT_GT(reach, s.Reach_A() - 4 * h) << ratio;  // a corner may fall between the points
  }
}

TEST(Nanoparticle, HoldsItsVolumeOfAtomsAtTheirDistances) {
  const Crystal gold = Read("Au.cif");
  const double a = gold.Lengths_A()[0];
  for (const bool sphere : {true, false}) {
    const ParticleShape shape = sphere ? ParticleShape::Sphere(50)
                                       : ParticleShape::TruncatedOctahedron(50, 2 / std::sqrt(3));
    for (const bool random : {false, true}) {
      NanoparticleOptions o{.shape = shape, .vacuum_A = 4, .seed = 7};
      o.orientation = LatticeDirection{1, 1, 0};
      if (random) o.orientation.reset();
      const auto p = MakeNanoparticle(gold, o);
      ASSERT_TRUE(p.ok()) << p.status();
      const Specimen& s = p->specimen;
      // Atoms in a region of volume V fluctuate by about the square root of those in its outermost
      // layer (Gauss's circle problem): 36 π (V n)^(2/3) / 4 → √ ≈ 30; faces on lattice planes take
      // or leave half a layer: Σ area · a/(2√3) · n/2 = 7 %.
      const double want = shape.Volume_A3() * 4 / (a * a * a);
      EXPECT_NEAR(double(s.atoms.size()), want, (sphere ? 0.02 : 0.08) * want);
      EXPECT_NEAR(s.cell_A[0], 2 * (shape.Reach_A() + 4), 1e-12);
      for (const Atom& at : s.atoms) {
        for (double x : {at.x_A, at.y_A, at.z_A}) {
          EXPECT_GE(x, 4 - 2e-6);
          EXPECT_LE(x, s.cell_A[0] - 4 + 2e-6);
        }
      }
      EXPECT_NEAR(LeastDistance(s.atoms, s.cell_A, s.atoms), a / std::sqrt(2), 1e-9);
      const auto again = MakeNanoparticle(gold, o);
      EXPECT_EQ(Places(s), Places(again->specimen));
      if (random) {
        o.seed = 8;
        EXPECT_NE(Places(s), Places(MakeNanoparticle(gold, o)->specimen));
      }
    }
  }
}

// Along [1, 1, 0] of a face-centred crystal atoms stand in columns of a/√2.
TEST(Nanoparticle, TheDirectionAskedForRunsAlongTheBeam) {
  const Crystal gold = Read("Au.cif");
  NanoparticleOptions o{.shape = ParticleShape::Sphere(20)};
  o.orientation = LatticeDirection{1, 1, 0};
  o.rotate_deg = 37;
  const Specimen s = MakeNanoparticle(gold, o)->specimen;
  const double step = gold.Lengths_A()[0] / std::sqrt(2), middle = s.cell_A[2] / 2;
  int column = 0;
  for (const Atom& a : s.atoms) {
    if (std::hypot(a.x_A - middle, a.y_A - middle) > 1e-9) continue;
    const double n = (a.z_A - middle) / step;
    EXPECT_NEAR(n, std::round(n), 1e-9);
    ++column;
  }
  EXPECT_EQ(column, 2 * int(10 / step) + 1);
}

// Uniform on SO(3): each entry of the matrix has mean 0 and variance 1/3, and the trace, 1 + 2 cos
// of the angle, has mean 0 and variance 1 (characters of the rotation group). N draws: five
// standard errors; the variance of the square of an entry is 1/5 - 1/9.
TEST(Nanoparticle, RandomOrientationsAreUniform) {
  Crystal cube;
  cube.lattice_A = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  cube.atoms = {{.z = 6}};
  const int n = 4000;
  double mean[9] = {}, square[9] = {}, trace = 0, trace2 = 0;
  for (int i = 0; i < n; ++i) {
    NanoparticleOptions o{.shape = ParticleShape::Sphere(0.5)};
    o.orientation.reset();
    o.seed = uint64_t(i);
    const auto p = MakeNanoparticle(cube, o);
    ASSERT_TRUE(p.ok());
    double t = 0;
    for (size_t e = 0; e < 9; ++e) {
      const double m = p->shape_axes[e / 3][e % 3];
      mean[e] += m / n, square[e] += m * m / n;
      if (e % 4 == 0) t += m;
    }
    trace += t / n, trace2 += t * t / n;
  }
  for (size_t e = 0; e < 9; ++e) {
    EXPECT_NEAR(mean[e], 0, 5 * std::sqrt(1 / 3. / n)) << e;
    EXPECT_NEAR(square[e], 1 / 3., 5 * std::sqrt((1 / 5. - 1 / 9.) / n)) << e;
  }
  EXPECT_NEAR(trace, 0, 5 / std::sqrt(double(n)));
  EXPECT_NEAR(trace2, 1, 5 * std::sqrt(2. / n));  // the fourth moment of the trace is 3
}

TEST(Nanoparticle, Refuses) {
  NanoparticleOptions o{.shape = ParticleShape::TruncatedOctahedron(20, 1.1)};
  EXPECT_FALSE(MakeNanoparticle(Read("graphene.cif"), o).ok());
  o.shape = ParticleShape::Sphere(1e5);
  EXPECT_FALSE(MakeNanoparticle(Read("Au.cif"), o).ok());
}

TEST(Amorphous, CarbonHasItsDensityAndDistances) {
  const AmorphousOptions o = {.size_A = {40, 50}, .thickness_A = 20, .seed = 1};
  const auto s = MakeAmorphous(o), again = MakeAmorphous(o);
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->cell_A, (std::array<double, 3>{40, 50, 20}));
  EXPECT_EQ(s->atoms.size(), 4011u);  // 2 g/cm³ · 40 000 Å³ · 0.602214 u/(g Å³/cm³) / 12.011 u
  const double least = LeastDistance(s->atoms, s->cell_A, s->atoms);
  EXPECT_GE(least, 1.4);
  EXPECT_LT(least, 1.41);  // 4011 atoms have some pair that near
  EXPECT_EQ(Places(*s), Places(*again));
  // Even: each half of the box along each axis holds half the atoms, within five standard
  // deviations of independent places (a least distance makes it less).
  for (size_t axis : {1, 2, 3}) {
    int low = 0;
    for (const auto& p : Places(*s)) low += p[axis] < s->cell_A[axis - 1] / 2;
    EXPECT_NEAR(low, 4011 / 2., 2.5 * std::sqrt(4011)) << axis;
  }
}

// Beyond the jamming of sequential addition atoms have to be pushed; beyond close packing nothing
// helps, and one line says so.
TEST(Amorphous, PushesUpToWhatIsReachable) {
  AmorphousOptions o = {.size_A = {30, 30}, .thickness_A = 20, .min_distance_A = 2.1};
  const auto s = MakeAmorphous(o);  // a packing fraction of 0.44
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_GE(LeastDistance(s->atoms, s->cell_A, s->atoms), 2.1);
  EXPECT_EQ(s->atoms.size(), 1805u);  // 2 · 18 000 · 0.602214/12.011
  for (const Atom& a : s->atoms) EXPECT_TRUE(a.z_A >= 0 && a.z_A <= 20);
  o.min_distance_A = 2.5;  // 0.73
  const auto jammed = MakeAmorphous(o);
  ASSERT_TRUE(absl::IsInvalidArgument(jammed.status()));
  EXPECT_NE(jammed.status().message().find("out of reach"), std::string::npos);
}

TEST(ParticleOnFilm, StandsOnTheFilmAndTakesItsPlace) {
  ParticleOnFilmOptions o;
  o.particle.shape = ParticleShape::TruncatedOctahedron(30, 2 / std::sqrt(3));
  o.particle.orientation = LatticeDirection{1, 1, 1};
  o.film = {.size_A = {60, 50}, .thickness_A = 15};
  const Crystal gold = Read("Au.cif");
  for (const bool entrance : {true, false}) {
    for (double sink : {0., 6.}) {
      o.entrance = entrance;
      o.sink_A = sink;
      const auto s = MakeParticleOnFilm(gold, o);
      ASSERT_TRUE(s.ok()) << s.status();
      std::vector<Atom> particle, film;
      for (const Atom& a : s->atoms) (a.z == 79 ? particle : film).push_back(a);
      EXPECT_EQ(particle.size(), MakeNanoparticle(gold, o.particle)->specimen.atoms.size());
      EXPECT_GE(LeastDistance(particle, s->cell_A, film), 2);
      const size_t whole = MakeAmorphous(o.film)->atoms.size();
      EXPECT_LT(film.size(), whole);
      double low = 1e9, high = 0, x = 0, y = 0;
      for (const Atom& a : particle) {
        low = std::min(low, a.z_A), high = std::max(high, a.z_A);
        x += a.x_A / double(particle.size()), y += a.y_A / double(particle.size());
      }
      EXPECT_NEAR(s->cell_A[2], 15 + (high - low) - sink + 10, 1e-9);  // vacuum of 5 Å twice
      EXPECT_NEAR(entrance ? low : s->cell_A[2] - high, 5, 1e-9);
      for (const Atom& a : film) {  // the film lies on the other side
        const double depth = entrance ? s->cell_A[2] - 5 - a.z_A : a.z_A - 5;
        EXPECT_TRUE(depth >= -1e-9 && depth <= 15 + 1e-9);
      }
      EXPECT_NEAR(x, 30, 1e-6);  // the shape and the crystal are symmetric about the middle atom
      EXPECT_NEAR(y, 25, 1e-6);
    }
  }
  o.film.size_A = {30, 60};
  EXPECT_TRUE(absl::IsInvalidArgument(MakeParticleOnFilm(gold, o).status()));
}

}  // namespace
}  // namespace ronchi::sim
