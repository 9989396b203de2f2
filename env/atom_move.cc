#include "env/atom_move.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "env/picture.h"
#include "env/versions.h"

namespace ronchi::env {
namespace {

constexpr double kBond_A = 1.42;
constexpr size_t kNumbers = 8;  // of the measurement
constexpr const char* kNames[kNumbers] = {"silicon.x",    "silicon.y",    "neighbour1.x",
                                          "neighbour1.y", "neighbour2.x", "neighbour2.y",
                                          "neighbour3.x", "neighbour3.y"};
constexpr float kFarthest_A = 1000;  // in observations

float Clamped(double value, double limit) { return float(std::clamp(value, -limit, limit)); }

}  // namespace

Spec AtomMoveSpec(const AtomMoveOptions& o) {
  const float reach = float(kAtomMoveReach_A), timeout = float(o.timeout_s);
  Spec spec;
  spec.id = "AtomMove-v0";
  spec.summary = "move a silicon atom in graphene to a given site with the beam";
  auto& space = spec.observation_space;
  space["goal"] = {{2}, -kFarthest_A, kFarthest_A, "A", "from the silicon to the goal"};
  if (o.image_pixels > 0) {
    const size_t n = size_t(o.image_pixels);
    space["image"] = {{n, n}, -1e9, 1e9, "counts", "HAADF of the field of view"};
  } else {
    space["neighbours"] = {{3, 2}, -kFarthest_A, kFarthest_A, "A", "from the silicon"};
  }
  space["silicon"] = {{2}, -kFarthest_A, kFarthest_A, "A", "from the middle of the field of view"};
  space["time"] = {{1}, 0, 1e6, "s", "of the episode"};
  spec.action_space = {{2}, -reach, reach, "A", "where the beam goes, from the silicon"};
  if (o.dwell_is_action) {
    spec.action_space =
        VectorBox({-reach, -reach, float(o.dwell_low_s)}, {reach, reach, float(o.dwell_high_s)},
                  "A, A, s", "where the beam goes, from the silicon; how long it stays");
  }
  // Never before the time is out: images come on top.
  const double least_s = o.dwell_is_action ? o.dwell_low_s : o.dwell_s;
  spec.max_episode_steps = int(std::ceil(timeout / least_s)) + 1;
  spec.reward = absl::StrCat(o.discount_per_s, "^t at the goal, t in s since the first image");
  spec.info_names = {"images", "distance_A", "recentred", "moves", "success"};
  spec.reset_options["goal_high_A"] = {
      {}, float(kBond_A), 1000, "A", "largest distance of the goal"};
  return spec;
}

std::vector<uint64_t> AtomMoveSuite(size_t count) {
  std::vector<uint64_t> seeds(count);
  std::iota(seeds.begin(), seeds.end(), 0);
  return seeds;
}

absl::Status ReadAtomMoveOptions(const Config& node, AtomMoveOptions* o, int* level) {
  ConfigReader r(node);
  std::string observation = "vector", dwell = "fixed";
  int pixels = 64;
  std::vector<double> fov = {o->fov_low_A, o->fov_high_A};
  std::vector<double> goal = {o->goal_low_A, o->goal_high_A};
  std::vector<double> range = {o->dwell_low_s, o->dwell_high_s};
  ReadId(&r, "AtomMove-v0");
  r.Integer("level", level, {.min = 1, .max = 3});
  r.Choice("observation", &observation, {"vector", "image"});
  r.Integer("image_pixels", &pixels, {.min = 8, .max = 1024});
  r.Numbers("fov_A", &fov, 2, {.min = 6, .max = 200});
  r.Numbers("goal_A", &goal, 2, {.min = 0.1, .max = 1000});
  r.Choice("dwell", &dwell, {"fixed", "action"});
  r.Number("dwell_s", &o->dwell_s, {.min = 0.01, .max = 600});
  r.Numbers("dwell_range_s", &range, 2, {.min = 0.01, .max = 600});
  r.Number("timeout_s", &o->timeout_s, {.min = 1, .max = 1e6});
  r.Number("discount_per_s", &o->discount_per_s, {.min = 0.5, .max = 1});
  if (r.ok() && fov[0] > fov[1]) r.Fail("fov_A", "expected [low, high] with low <= high");
  if (r.ok() && goal[0] > goal[1]) r.Fail("goal_A", "expected [low, high] with low <= high");
  if (r.ok() && range[0] >= range[1]) r.Fail("dwell_range_s", "expected [low, high], low < high");
  o->fov_low_A = fov[0];
  o->fov_high_A = fov[1];
  o->goal_low_A = goal[0];
  o->goal_high_A = goal[1];
  o->dwell_is_action = dwell == "action";
  o->dwell_low_s = range[0];
  o->dwell_high_s = range[1];
  o->image_pixels = observation == "image" ? pixels : 0;
  return r.Done();
}

AtomMove::AtomMove(hw::Instrument* instrument, const AtomMoveOptions& options)
    : Task(instrument, AtomMoveSpec(options), options.environment, options.randomise),
      options_(options),
      park_(hw::Park{}),
      measure_(hw::Measure{"atoms"}) {
  distances_A_.reserve(size_t(spec().max_episode_steps) + 1);
}

absl::StatusOr<std::unique_ptr<AtomMove>> AtomMove::Create(hw::Instrument* instrument,
                                                           const AtomMoveOptions& o) {
  const hw::Description& d = instrument->description();
  const auto cannot = [&](const char* verb) {
    return std::find(d.cannot.begin(), d.cannot.end(), verb) != d.cannot.end();
  };
  if (cannot("park") || cannot("measure") || !d.FindMeasurement("atoms")) {
    return absl::InvalidArgumentError(
        absl::StrCat("AtomMove-v0 needs to park and to measure 'atoms', which ", d.id, " cannot"));
  }
  if (!(o.goal_low_A <= o.fov_low_A / 2) || !(o.goal_high_A >= kBond_A)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "goals ", o.goal_low_A, " … ", o.goal_high_A, " A away: allowed are a low of ",
        o.fov_low_A / 2, " A at most (half the field), a high of ", kBond_A, " A at least"));
  }
  if (o.fov_high_A * kMetresPerAngstrom > d.max_fov_m) {
    return absl::InvalidArgumentError(absl::StrCat("a field of ", o.fov_high_A, " A: ", d.id,
                                                   " has up to ", d.max_fov_m * kAngstromPerMetre,
                                                   " A"));
  }
  return std::unique_ptr<AtomMove>(new AtomMove(instrument, o));
}

absl::Status AtomMove::Keep(hw::Reply* reply) {
  const hw::Estimate& e = reply->estimates[0];
  if (e.values.size() != kNumbers ||
      !std::equal(e.names.begin(), e.names.end(), std::begin(kNames), std::end(kNames))) {
    return absl::FailedPreconditionError(absl::StrCat("measure atoms gives ",
                                                      absl::StrJoin(e.names, ", "),
                                                      "; needed: ", absl::StrJoin(kNames, ", ")));
  }
  for (const Quantity& value : e.values) {
    if (!std::isfinite(value.si)) {
      return absl::FailedPreconditionError("measure atoms: a position is not finite");
    }
  }
  const auto at = [&](size_t atom) {
    return Vector2{e.values[2 * atom].si * kAngstromPerMetre,
                   e.values[2 * atom + 1].si * kAngstromPerMetre};
  };
  seen_ = {at(0), {at(1), at(2), at(3)}};
  if (options_.image_pixels == 0) return absl::OkStatus();
  if (reply->frames.size() != 1 || reply->frames[0].counts.size() != image_.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the measurement of atoms comes with no image of ", options_.image_pixels,
                     " x ", options_.image_pixels, " pixels"));
  }
  image_ = std::move(reply->frames[0].counts);
  return absl::OkStatus();
}

absl::StatusOr<bool> AtomMove::Measure(double fov_A) {
  auto& measure = std::get<hw::Measure>(measure_);
  measure.center_x_m = centre_A_[0] * kMetresPerAngstrom;
  measure.center_y_m = centre_A_[1] * kMetresPerAngstrom;
  measure.fov_m = fov_A * kMetresPerAngstrom;
  seen_from_A_ = centre_A_;
  // A measurement without a result is made again, as a person would; each has taken its time.
  constexpr int kMostTries = 5;
  absl::StatusOr<hw::Reply> reply;
  for (int tries = 1;; ++tries) {
    reply = Execute(measure_);
    own_info()[kImages] += 1;
    if (reply.ok()) break;
    const bool without_result = hw::ErrorOf(reply.status()).kind == hw::ErrorKind::kTimeout;
    if (!without_result || tries == kMostTries) return reply.status();
    // A guard has blanked; of what was only accepted the next command hears the end.
    if (Execute(hw::Unblank{}).ok()) continue;
    RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  }
  if (reply->estimates.empty()) return false;
  RONCHI_RETURN_IF_ERROR(Keep(&*reply));
  return true;
}

absl::Status AtomMove::Look() {
  RONCHI_ASSIGN_OR_RETURN(bool found, Measure(fov_A_));
  const double largest_A = instrument().description().max_fov_m * kAngstromPerMetre;
  bool again = !found;
  for (double fov_A = 2 * fov_A_; !found; fov_A *= 2) {
    if (fov_A >= 2 * largest_A) {
      return absl::UnavailableError(
          absl::StrCat("the silicon is not in the largest field, ", largest_A, " A"));
    }
    RONCHI_ASSIGN_OR_RETURN(found, Measure(std::min(fov_A, largest_A)));
  }
  for (size_t i = 0; i < 2; ++i) {
    again |= std::fabs(seen_.silicon_A[i] - centre_A_[i]) > fov_A_ / 4;
  }
  if (!again) return absl::OkStatus();
  centre_A_ = seen_.silicon_A;
  own_info()[kRecentred] += 1;
  return Measure(fov_A_).status();
}

absl::Status AtomMove::ChooseGoal(double highest_A) {
  // Sites of a rhomb that holds the field, until one is in it: each is as likely.
  RandomStream random = Stream("atom_move.goal");
  const int reach = int(std::ceil((fov_A_ / std::numbers::sqrt2 + kBond_A) / (1.5 * kBond_A)));
  // Places are as measured: a neighbour is one bond away but for noise and rounding. Far below the
  // 1.04 Å from one shell of sites to the next.
  constexpr double kSlack_A = 0.05 * kBond_A;
  constexpr int kTries = 100000;  // the worst of allowed options needs hundreds
  for (int i = 0; i < kTries; ++i) {
    const int m = int(random.Below(uint64_t(2 * reach + 1))) - reach;
    const int n = int(random.Below(uint64_t(2 * reach + 1))) - reach;
    goal_ = {m, n, random.Uniform() < 0.5};
    const Vector2 to = tracker_.To_A(goal_);
    const double distance_A = std::hypot(to[0], to[1]);
    if (std::fabs(to[0]) <= fov_A_ / 2 && std::fabs(to[1]) <= fov_A_ / 2 &&
        distance_A <= highest_A + kSlack_A && distance_A >= options_.goal_low_A &&
        goal_ != SheetTracker::Site{}) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("no site is ", options_.goal_low_A, " … ",
                                                 highest_A, " A away in a field of ", fov_A_,
                                                 " A"));
}

void AtomMove::Observe(std::span<float> observation) {
  const Vector2 goal = tracker_.To_A(goal_);
  own_info()[kDistance_A] = std::hypot(goal[0], goal[1]);
  distances_A_.push_back(own_info()[kDistance_A]);
  // In the order of the space: goal, image or neighbours, silicon, time.
  float* out = observation.data();
  for (size_t i = 0; i < 2; ++i) *out++ = Clamped(goal[i], kFarthest_A);
  if (options_.image_pixels > 0) {
    out = std::copy(image_.begin(), image_.end(), out);
  } else {
    for (const Vector2& at : seen_.neighbours_A) {
      for (size_t i = 0; i < 2; ++i) *out++ = Clamped(at[i] - seen_.silicon_A[i], kFarthest_A);
    }
  }
  for (size_t i = 0; i < 2; ++i)
    *out++ = Clamped(seen_.silicon_A[i] - seen_from_A_[i], kFarthest_A);
  *out++ = Clamped(info()[kTime_s], 1e6);
}

absl::Status AtomMove::Begin(const ResetOptions& options, std::span<float> observation) {
  fov_A_ = Stream("atom_move.field").Uniform(options_.fov_low_A, options_.fov_high_A);
  if (options_.image_pixels > 0) {
    image_ = Array<float>({size_t(options_.image_pixels), size_t(options_.image_pixels)});
  }
  centre_A_ = {};
  RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
  RONCHI_RETURN_IF_ERROR(Look());
  centre_A_ = seen_.silicon_A;
  began_s_ = info()[kTime_s];
  tracker_.Start(seen_);
  beam_A_ = seen_.silicon_A;
  distances_A_.clear();
  double highest_A = options_.goal_high_A;
  if (const auto it = options.find("goal_high_A"); it != options.end()) highest_A = it->second;
  RONCHI_RETURN_IF_ERROR(ChooseGoal(highest_A));
  Observe(observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> AtomMove::Act(std::span<const float> action, std::span<float> observation) {
  auto& park = std::get<hw::Park>(park_);
  beam_A_ = {seen_.silicon_A[0] + action[0], seen_.silicon_A[1] + action[1]};
  park.x_m = beam_A_[0] * kMetresPerAngstrom;
  park.y_m = beam_A_[1] * kMetresPerAngstrom;
  park.duration_s = options_.dwell_is_action ? double(action[2]) : options_.dwell_s;
  RONCHI_RETURN_IF_ERROR(Execute(park_).status());
  RONCHI_RETURN_IF_ERROR(Look());
  const SheetTracker::Site before = tracker_.site();
  tracker_.Update(seen_);
  if (tracker_.site() != before) own_info()[kMoves] += 1;
  Observe(observation);
  const double time_s = info()[kTime_s];
  if (tracker_.site() == goal_) {
    own_info()[kSuccess] = 1;
    return Outcome{.reward = std::pow(options_.discount_per_s, time_s - began_s_),
                   .terminated = true};
  }
  return Outcome{.truncated = time_s >= options_.timeout_s};
}

absl::StatusOr<Array<uint8_t>> AtomMove::Render() const {
  constexpr int kSide = 256;
  Picture picture(448, kSide);
  if (options_.image_pixels > 0) {
    const size_t n = size_t(options_.image_pixels);
    picture.Image({0, 0, kSide, kSide}, last_observation().subspan(2, n * n), {n, n});
  }
  Canvas& canvas = picture.canvas();
  const double scale = fov_A_ > 0 ? kSide / fov_A_ : 1;
  const auto pixel = [&](const Vector2& at_A, size_t axis) {
    return int(std::lround(kSide / 2 + (at_A[axis] - seen_from_A_[axis]) * scale));
  };
  const auto at = [&](const SheetTracker::Site& site) {
    const Vector2 to = tracker_.To_A(site);
    return Vector2{seen_.silicon_A[0] + to[0], seen_.silicon_A[1] + to[1]};
  };
  const SheetTracker::Site here = tracker_.site();
  const int reach = int(fov_A_);  // of lattice vectors of 2.46 Å: beyond the corners
  for (int m = here.m - reach; m <= here.m + reach; ++m) {
    for (int n = here.n - reach; n <= here.n + reach; ++n) {
      for (bool other : {false, true}) {
        const Vector2 place = at({m, n, other});
        const int x = pixel(place, 0), y = pixel(place, 1);
        if (x >= 0 && x < kSide) canvas.Circle(x, y, 2, Picture::kFaint);
      }
    }
  }
  const int radius = std::max(3, int(0.5 * scale));
  canvas.Disc(pixel(seen_.silicon_A, 0), pixel(seen_.silicon_A, 1), radius, Picture::kAccent);
  canvas.Circle(pixel(at(goal_), 0), pixel(at(goal_), 1), radius + 2, Picture::kGood);
  canvas.Cross(pixel(beam_A_, 0), pixel(beam_A_, 1), radius + 2, Picture::kBad);
  canvas.Box(kSide, 0, picture.canvas().width() - kSide, kSide, Picture::kBackground);
  picture.Bar({264, 8, 176, 20}, "time s", info()[kTime_s], 0, options_.timeout_s);
  picture.Bar({264, 36, 176, 20}, "images", info()[kOwnInfo + size_t{kImages}], 0,
              2.0 * spec().max_episode_steps);
  picture.Curve({264, 100, 176, 148}, "distance A", distances_A_);
  return picture.Take();
}

nlohmann::json AtomMove::SaveOwn() const {
  const SheetTracker::State& t = tracker_.state();
  return {{"fov_A", fov_A_},
          {"centre_A", centre_A_},
          {"silicon_A", seen_.silicon_A},
          {"neighbours_A", seen_.neighbours_A},
          {"bonds_A", t.bonds_A},
          {"images", t.images},
          {"site", {t.site.m, t.site.n, int(t.site.other)}},
          {"goal", {goal_.m, goal_.n, int(goal_.other)}},
          {"beam_A", beam_A_},
          {"seen_from_A", seen_from_A_},
          {"distances_A", distances_A_},
          {"began_s", began_s_}};
}

absl::Status AtomMove::RestoreOwn(const nlohmann::json& saved) {
  const auto site = [&](const char* key) {
    const std::array<int, 3> s = saved.at(key);
    return SheetTracker::Site{s[0], s[1], s[2] != 0};
  };
  saved.at("fov_A").get_to(fov_A_);
  saved.at("centre_A").get_to(centre_A_);
  saved.at("silicon_A").get_to(seen_.silicon_A);
  saved.at("neighbours_A").get_to(seen_.neighbours_A);
  SheetTracker::State state{.silicon_A = seen_.silicon_A, .site = site("site")};
  saved.at("bonds_A").get_to(state.bonds_A);
  saved.at("images").get_to(state.images);
  tracker_.Restore(state);
  goal_ = site("goal");
  saved.at("beam_A").get_to(beam_A_);
  saved.at("seen_from_A").get_to(seen_from_A_);
  saved.at("distances_A").get_to(distances_A_);
  saved.at("began_s").get_to(began_s_);
  if (options_.image_pixels > 0) {
    image_ = Array<float>({size_t(options_.image_pixels), size_t(options_.image_pixels)});
  }
  return absl::OkStatus();
}

}  // namespace ronchi::env
