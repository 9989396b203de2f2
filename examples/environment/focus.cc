// An environment to copy: bring the defocus of a probe to where a HAADF image has the highest
// contrast. Then two of it in a vector, stepped with random actions.
//
//   cmake --build --preset release --target example_focus && build/release/examples/example_focus
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "env/aberration_tuning.h"  // TwoFrameContrast
#include "env/picture.h"
#include "env/task.h"
#include "env/vector_environment.h"
#include "env/wrapper.h"
#include "hw/twin/column/column_twin.h"

namespace ronchi {

constexpr double kRange_nm = 12;  // of the focus, each way

class Focus final : public env::Task {
 public:
  Focus(hw::Instrument* instrument, uint64_t environment)
      : Task(instrument, MakeSpec(), environment, /*randomise=*/true) {}

  static env::Spec MakeSpec() {
    env::Spec spec;
    spec.id = "Focus-v0";
    spec.summary = "bring the defocus to the highest HAADF contrast";
    spec.reward = "the contrast of the new image";
    spec.observation_space["contrast"] = {{1}, -1e3, 1e3, "", "var/mean^2 without shot noise"};
    spec.observation_space["focus"] = {{1}, -kRange_nm, kRange_nm, "nm", "commanded C10"};
    spec.action_space = {{1}, -4, 4, "nm", "change of C10"};
    spec.max_episode_steps = 20;
    return spec;  // "time_s" and "dose_e_per_A2" come into info by themselves
  }

  absl::StatusOr<Array<uint8_t>> Render() const override {
    env::Picture picture(200, 64);
    picture.Bar({8, 8, 184, 20}, "C10 nm", focus_nm_, -kRange_nm, kRange_nm);
    picture.Bar({8, 36, 184, 20}, "contrast", last_observation()[0], 0, 0.5);
    return picture.Take();
  }

 private:
  absl::Status Begin(const env::ResetOptions&, std::span<float> observation) override {
    focus_nm_ = 0;
    RONCHI_RETURN_IF_ERROR(Execute(hw::Unblank{}).status());
    return Observe(observation);
  }

  absl::StatusOr<env::Outcome> Act(std::span<const float> action,
                                   std::span<float> observation) override {
    const double target_nm = std::clamp(focus_nm_ + action[0], -kRange_nm, kRange_nm);
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply,
                            Execute(hw::Set{"optics.C10", Nanometres(target_nm)}));
    focus_nm_ = reply.readings.at(0).value.si * 1e9;  // as read back, never as believed
    RONCHI_RETURN_IF_ERROR(Observe(observation));
    return env::Outcome{.reward = observation[0]};
  }

  // Fills the run of floats, the entries in the order of their names.
  absl::Status Observe(std::span<float> observation) {
    hw::Scan scan;
    scan.fov_x_m = scan.fov_y_m = 15.62e-10;
    scan.pixels_x = scan.pixels_y = 32;
    scan.dwell_s = 5e-6;
    scan.frames = 2;
    scan.detectors = {"haadf"};
    RONCHI_ASSIGN_OR_RETURN(const hw::Reply reply, Execute(scan));
    observation[0] =
        float(env::TwoFrameContrast(reply.frames.at(0).counts, reply.frames.at(1).counts, 0));
    observation[1] = float(std::clamp(focus_nm_, -kRange_nm, kRange_nm));
    return absl::OkStatus();
  }

  // What Save and Restore need besides what every task has.
  nlohmann::json SaveOwn() const override { return {{"focus_nm", focus_nm_}}; }
  absl::Status RestoreOwn(const nlohmann::json& saved) override {
    saved.at("focus_nm").get_to(focus_nm_);
    return absl::OkStatus();
  }

  double focus_nm_ = 0;
};

// Environment number `index`, with a twin of its own.
absl::StatusOr<std::unique_ptr<env::Environment>> MakeFocus(uint64_t index) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("preset: corrected_200kV", "focus"));
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, hw::ReadTwinOptions(config));
  RONCHI_ASSIGN_OR_RETURN(auto twin, hw::MakeTwin(options, 0));
  auto task = std::make_unique<Focus>(twin.get(), index);
  return std::make_unique<env::Mounted>(std::move(twin), std::move(task));
}

absl::Status Run() {
  RONCHI_ASSIGN_OR_RETURN(
      const auto vector,
      env::VectorEnvironment::Create(MakeFocus,
                                     {.environments = 2, .autoreset = env::Autoreset::kSameStep}));
  RONCHI_RETURN_IF_ERROR(vector->Reset(/*seed=*/1));
  RandomStream random({.seed = 1, .name = "example.actions"});
  for (int t = 1; t <= 25; ++t) {
    const float actions[] = {float(random.Uniform(-4, 4)), float(random.Uniform(-4, 4))};
    RONCHI_RETURN_IF_ERROR(vector->Step(actions));
    std::printf("step %2d  focus %6.2f %6.2f nm  contrast %6.4f %6.4f%s\n", t,
                vector->observations()[1], vector->observations()[3], vector->rewards()[0],
                vector->rewards()[1], vector->has_final()[0] ? "  new episodes" : "");
  }
  return absl::OkStatus();
}

}  // namespace ronchi

int main() {
  const absl::Status status = ronchi::Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
