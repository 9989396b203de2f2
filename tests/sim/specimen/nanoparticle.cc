#include "sim/specimen/nanoparticle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/sim/specimen/built.h"

namespace ronchi::sim {
namespace {

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
  const Crystal gold = ReadStored("Au.cif");
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
      EXPECT_EQ(PlacesOf(s), PlacesOf(again->specimen));
      if (random) {
        o.seed = 8;
        EXPECT_NE(PlacesOf(s), PlacesOf(MakeNanoparticle(gold, o)->specimen));
      }
    }
  }
}

// Along [1, 1, 0] of a face-centred crystal atoms stand in columns of a/√2.
TEST(Nanoparticle, TheDirectionAskedForRunsAlongTheBeam) {
  const Crystal gold = ReadStored("Au.cif");
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
  EXPECT_FALSE(MakeNanoparticle(ReadStored("graphene.cif"), o).ok());
  o.shape = ParticleShape::Sphere(1e5);
  EXPECT_FALSE(MakeNanoparticle(ReadStored("Au.cif"), o).ok());
}

}  // namespace
}  // namespace ronchi::sim
