#include "sim/specimen/particle_on_film.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/specimen/built.h"

namespace ronchi::sim {
namespace {

TEST(ParticleOnFilm, StandsOnTheFilmAndTakesItsPlace) {
  ParticleOnFilmOptions o;
  o.particle.shape = ParticleShape::TruncatedOctahedron(30, 2 / std::sqrt(3));
  o.particle.orientation = LatticeDirection{1, 1, 1};
  o.film = {.size_A = {60, 50}, .thickness_A = 15};
  const Crystal gold = ReadStored("Au.cif");
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
