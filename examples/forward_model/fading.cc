// A forward model of one's own: how a crystal's contrast fades with the dose. Copy this file to
// examples/forward_model/mine.cc, build the target example_mine, run it, and change it.
//
// One acquisition is one number, the contrast of an image; its setting is the dose so far. The main
// program lets a belief find contrast and critical dose from such images, and a monitor watch what
// the belief did not expect: half-way the beam begins to leave carbon on the specimen.
#include <cmath>
#include <cstdio>

#include "core/random.h"
#include "theory/belief/belief.h"
#include "theory/monitor/monitor.h"

namespace {

using namespace ronchi;

constexpr double kNoise = 0.02;  // of a contrast, standard deviation of one frame
constexpr const char* kDose = "dose_e_per_A2";

class Fading final : public theory::ForwardModel {
 public:
  // The unknowns: what is known of them beforehand, and how they change from image to image. Both
  // stay positive, so a belief works with their logarithms.
  Fading()
      : parameters_(*theory::ParameterSet::Create(
            {{.name = "contrast", .transform = theory::Transform::kLog, .mean = 1, .sigma = 0.5},
             {.name = "critical_dose_e_per_A2",
              .unit = "e/A^2",
              .transform = theory::Transform::kLog,
              .mean = 5000,
              .sigma = 1,
              .watched = false}})) {}

  const theory::ParameterSet& parameters() const override { return parameters_; }

  // What belongs to this model. All that follows may rely on it.
  absl::Status Check(const theory::Acquisition& at) const override {
    if (at.data.size() == 1 && at.frames >= 1) return absl::OkStatus();
    return absl::InvalidArgumentError("fading: an acquisition is one number, of one frame or more");
  }

  theory::Prediction Predict(const theory::State& values,
                             const theory::Acquisition& at) const override {
    return {Eigen::VectorXd::Constant(1, values[0] * std::exp(-at.Setting(kDose) / values[1])),
            Eigen::VectorXd::Constant(1, kNoise * kNoise / at.frames)};
  }

  // The derivatives are by the values, not by their logarithms.
  theory::Prediction Linearise(const theory::State& values, const theory::Acquisition& at,
                               Eigen::MatrixXd* jacobian) const override {
    const double left = std::exp(-at.Setting(kDose) / values[1]);
    jacobian->resize(1, 2);
    *jacobian << left, values[0] * left * at.Setting(kDose) / (values[1] * values[1]);
    return Predict(values, at);
  }

 private:
  theory::ParameterSet parameters_;
};

}  // namespace

int main() {
  const auto model = std::make_shared<const Fading>();
  theory::Belief belief(model);
  theory::MonitorOptions options{.frames_between_false_alarms = 1000};
  for (const std::string& name : theory::StreamsOf(model->parameters())) {
    if (name != "unexplained") options.streams.push_back({.name = name, .standardised = true});
  }
  auto monitor = *theory::MultiStreamMonitor::Create(options);

  theory::State truth(2);
  truth << 1.3, 8000;
  RandomStream random({.seed = 1, .name = "example.fading"});
  for (int image = 0; image < 80; ++image) {
    theory::Acquisition a{.settings = {{kDose, 100.0 * image}}, .data = Array<float>({1})};
    a.time_s = image;
    const double carbon = image >= 40 ? 0.95 : 1;
    a.data[0] = float(carbon * model->Predict(truth, a).mean[0] + kNoise * random.Normal());
    const absl::StatusOr<theory::Residual> residual = belief.Update(a);
    if (!residual.ok()) {
      std::printf("%s\n", std::string(residual.status().message()).c_str());
      return 1;
    }
    const auto& z = residual->streams.front();  // "contrast"
    const auto report = *monitor.Update(std::span(&z, 1));
    if (image % 10 == 9 || report.alarm) {
      std::printf("image %2d  contrast %.3f  critical dose %5.0f  z %5.2f%s\n", image,
                  belief.Value("contrast"), belief.Value("critical_dose_e_per_A2"), z.second,
                  report.alarm ? "  alarm" : "");
    }
    if (report.alarm) break;
  }
}
