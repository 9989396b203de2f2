#include "sim/specimen/builder_config.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/amorphous.h"
#include "sim/specimen/monolayer.h"
#include "sim/specimen/nanoparticle.h"
#include "sim/specimen/particle_on_film.h"
#include "sim/specimen/read_structure.h"
#include "sim/specimen/specimen_config.h"

namespace ronchi::sim {
namespace {

constexpr NumberRange kSize_A = {.min = 1, .max = 1e5};
constexpr NumberRange kVacuum_A = {.min = 0, .max = 1e4};
constexpr NumberRange kShare = {.min = 0, .max = 1};

// 0, and an error in `r`, when it is none.
int ReadElement(ConfigReader* r, const std::string& key, const std::string& symbol) {
  const auto table = ScatteringFactors::Load("kirkland");
  if (!table.ok()) {
    r->Fail(key, std::string(table.status().message()));
    return 0;
  }
  const int z = (*table)->AtomicNumber(symbol);
  if (z == 0) r->Fail(key, absl::StrCat("'", symbol, "' is not a chemical element"));
  return z;
}

// {S: 0.02}: element → share.
std::map<int, double> ReadShares(ConfigReader* parent, const std::string& key, ErrorList* nested) {
  std::map<int, double> out;
  const Config node = parent->Child(key);
  ConfigReader r(node);
  for (const std::string& symbol : node.Keys()) {
    double share = 0;
    r.Number(symbol, &share, kShare);
    if (const int z = ReadElement(&r, symbol, symbol); z > 0) out[z] = share;
  }
  nested->Add(r.Done());
  return out;
}

void ReadSize(ConfigReader* r, std::array<double, 2>* size) {
  std::vector<double> sides = {0, 0};
  r->Numbers("size_A", &sides, 2, kSize_A, true);
  *size = {sides[0], sides[1]};
}

absl::StatusOr<Crystal> Load(const Config& config, const std::string& file) {
  RONCHI_ASSIGN_OR_RETURN(const std::string path, FindStructure(config, "file", file));
  return ReadCrystal(path);
}

absl::StatusOr<Specimen> Told(const Config& config, absl::StatusOr<Specimen> s) {
  if (s.ok()) return s;
  return config.Error("build", std::string(s.status().message()));
}

SpecimenSource ReadMonolayer(const Config& config, ConfigReader* r, ErrorList* nested) {
  MonolayerOptions o;
  std::string file;
  r->Text("file", &file, true);
  ReadSize(r, &o.size_A);
  r->Number("vacuum_A", &o.vacuum_A, kVacuum_A);
  r->Number("max_strain", &o.max_strain, {.min = 0, .max = 0.1});
  r->Seed("seed", &o.seed);
  o.vacancies = ReadShares(r, "vacancies", nested);
  const Config dopants = r->Child("dopants");
  ConfigReader hosts(dopants);
  for (const std::string& symbol : dopants.Keys()) {
    const std::map<int, double> guests = ReadShares(&hosts, symbol, nested);
    if (const int z = ReadElement(&hosts, symbol, symbol); z > 0) o.dopants[z] = guests;
  }
  nested->Add(hosts.Done());
  return [=]() -> absl::StatusOr<Specimen> {
    RONCHI_ASSIGN_OR_RETURN(const Crystal crystal, Load(config, file));
    return Told(config, MakeMonolayer(crystal, o));
  };
}

void ReadOrientation(ConfigReader* r, NanoparticleOptions* o) {
  if (r->Has("orientation") && !r->Child("orientation").IsSequence()) {
    std::string word = "random";
    r->Choice("orientation", &word, {"random", "[u, v, w]"});
    if (word != "random") r->Fail("orientation", "expected random or a list of 3 numbers");
    o->orientation = std::nullopt;
    r->Seed("seed", &o->seed);
    return;
  }
  std::vector<double> n = {0, 0, 1};
  r->Numbers("orientation", &n, 3, {.min = -20, .max = 20});
  r->Known("seed");
  for (double v : n) {
    if (v != std::floor(v)) r->Fail("orientation", "expected three whole numbers");
  }
  if (n == std::vector<double>{0, 0, 0}) r->Fail("orientation", "[0, 0, 0] is no direction");
  o->orientation = LatticeDirection{int(n[0]), int(n[1]), int(n[2])};
}

NanoparticleOptions ReadParticle(ConfigReader* r, std::string* file) {
  NanoparticleOptions o;
  std::string shape = "sphere";
  double diameter = 0;
  // The regular truncated octahedron, all of whose edges are equal.
  double gamma = 2 / std::sqrt(3);
  r->Text("file", file, true);
  r->Choice("shape", &shape, {"sphere", "truncated_octahedron"});
  r->Number("diameter_A", &diameter, {.min = 1, .max = 5000}, true);
  if (shape == "truncated_octahedron") {
    r->Number("gamma_100_over_111", &gamma, {.min = 0.578, .max = 1.732});
  }
  ReadOrientation(r, &o);
  r->Number("rotate_deg", &o.rotate_deg, {.min = -360, .max = 360});
  o.shape = shape == "sphere" ? ParticleShape::Sphere(diameter)
                              : ParticleShape::TruncatedOctahedron(diameter, gamma);
  return o;
}

SpecimenSource ReadNanoparticle(const Config& config, ConfigReader* r) {
  std::string file;
  NanoparticleOptions o = ReadParticle(r, &file);
  r->Number("vacuum_A", &o.vacuum_A, kVacuum_A);
  return [=]() -> absl::StatusOr<Specimen> {
    RONCHI_ASSIGN_OR_RETURN(const Crystal crystal, Load(config, file));
    absl::StatusOr<Nanoparticle> particle = MakeNanoparticle(crystal, o);
    if (!particle.ok()) return Told(config, particle.status());
    return std::move(particle->specimen);
  };
}

AmorphousOptions ReadFilm(ConfigReader* r) {
  AmorphousOptions o;
  std::string element = "C";
  r->Text("element", &element);
  r->Number("density_g_cm3", &o.density_g_cm3, {.min = 0.001, .max = 30}, true);
  ReadSize(r, &o.size_A);
  r->Number("thickness_A", &o.thickness_A, kSize_A, true);
  const bool spheres = r->Has("min_distance_A");
  r->Number("min_distance_A", &o.min_distance_A, {.min = 0.1, .max = 10});
  r->Seed("seed", &o.seed);
  o.element = ReadElement(r, "element", element);
  // Who asks for a distance asks for spheres; what cannot be a network is made of them as well.
  std::string structure = !spheres && CanBeNetwork(o) ? "network" : "spheres";
  r->Choice("structure", &structure, {"network", "spheres"});
  if (structure == "network") o.structure = AmorphousOptions::Structure::kNetwork;
  return o;
}

SpecimenSource ReadAmorphous(const Config& config, ConfigReader* r) {
  const AmorphousOptions o = ReadFilm(r);
  return [=] { return Told(config, MakeAmorphous(o)); };
}

SpecimenSource ReadParticleOnFilm(const Config& config, ConfigReader* r, ErrorList* nested) {
  ParticleOnFilmOptions o;
  std::string file, side = "entrance";
  const Config particle_node = r->Child("particle");
  ConfigReader particle(particle_node), film(r->Child("film"));
  o.particle = ReadParticle(&particle, &file);
  o.film = ReadFilm(&film);
  r->Choice("side", &side, {"entrance", "exit"});
  r->Number("gap_A", &o.gap_A, {.min = 0, .max = 10});
  const double deepest_A = film.ok() ? std::max(0.0, o.film.thickness_A) : kSize_A.max;
  r->Number("sink_A", &o.sink_A, {.min = 0, .max = deepest_A});
  r->Number("vacuum_A", &o.vacuum_A, kVacuum_A);
  nested->Add(particle.Done());
  nested->Add(film.Done());
  o.entrance = side == "entrance";
  return [=]() -> absl::StatusOr<Specimen> {
    RONCHI_ASSIGN_OR_RETURN(const Crystal crystal, Load(particle_node, file));
    return Told(config, MakeParticleOnFilm(crystal, o));
  };
}

}  // namespace

std::vector<std::string> BuilderNames() {
  return {"monolayer", "nanoparticle", "amorphous", "particle_on_film"};
}

SpecimenSource ReadBuilder(const std::string& name, const Config& config, ConfigReader* r,
                           ErrorList* nested) {
  if (name == "monolayer") return ReadMonolayer(config, r, nested);
  if (name == "nanoparticle") return ReadNanoparticle(config, r);
  if (name == "amorphous") return ReadAmorphous(config, r);
  return ReadParticleOnFilm(config, r, nested);
}

}  // namespace ronchi::sim
