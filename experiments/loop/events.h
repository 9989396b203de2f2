// What happens while an agent is at work, told as it happens. Stages and theory publish on one bus
// and know nothing of who listens: the event log's notes, the trace that data.hdf5 and the report
// are made of, the terminal; theory itself, which sees images by no other way.
//
// Commands and replies are told by the wrapper outermost on the instrument (watch.h). That they
// are on the disk is not the bus's to promise: the recorder inside the guard (hw/record/recorded.h)
// has every command, the guard's own among them, and a command that it cannot write is an error.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/status.h"
#include "env/environment.h"
#include "hw/instrument/instrument.h"

namespace ronchi {

struct NamedValue {
  std::string name;
  double value = 0;
};

// What a span or a pointer of an event points to lives as long as the call that publishes it.
namespace events {

struct StageBegins {
  std::string stage;  // "tune", "deploy"
  int steps = 0;      // planned
};
struct StageEnds {
  std::string stage;
};
struct Command {  // about to be carried out
  const hw::Command* command;
};
struct Reply {  // carried out
  const hw::Command* command;
  const hw::Reply* reply;
  const std::map<std::string, double>* settings;  // SI, as last read back
};
struct Action {  // of the agent, carried out by the task
  std::span<const float> action;
  double reward = 0;
};
struct Observation {  // what the task shows: a row of the trace
  const env::Spec* spec;
  const env::Observation* observation;
  const env::Info* info;
  int episode = 0;
  std::vector<NamedValue> settings;  // "C10_nm", where the instrument stands
  std::vector<NamedValue> truth;     // what a simulation knows, for the report alone
  std::vector<NamedValue> more;      // of the stage: scan, phase
};
struct Prediction {                  // of theory, for the image of this row
  std::vector<NamedValue> believed;  // "believed_C10_nm"
  double image_time_s = 0, probing_dose_e_per_A2 = 0;
};
struct Residual {  // of this row's image against the prediction, in standard deviations
  std::span<const NamedValue> z;
};
struct Evidence {  // of the monitor; streams of this row, and its statistic where it was fed
  std::vector<NamedValue> streams;
  std::optional<double> log10_statistic;
};
struct Alarm {
  std::string stream;  // with most evidence
};
struct Estimate {  // theory has estimated the instrument anew
  std::string found;
  int images = 0;                // of its own so far
  std::string attribution;       // what moved since the estimate before
  std::vector<double> moved_nm;  // C10, C12a, C12b; or empty
  bool after_alarm = false;
};
struct Decision {  // of a person, of the recipe: "decision", "resume", "stop"
  std::string what, why;
};
struct Note {  // anything else that a record should tell: "guard", "fault", "config"
  std::string what, detail;
};
struct StepDone {};  // the row is complete

}  // namespace events

using Event = std::variant<events::StageBegins, events::StageEnds, events::Command, events::Reply,
                           events::Action, events::Observation, events::Prediction,
                           events::Residual, events::Evidence, events::Alarm, events::Estimate,
                           events::Decision, events::Note, events::StepDone>;

// Subscribers are called in the order in which they came, in the thread that publishes, one event
// at a time. A subscriber may publish. Any thread may publish.
class EventBus {
 public:
  using Subscriber = std::function<absl::Status(const Event&)>;

  // Until it goes, the subscriber is called. Outlived by the bus.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(EventBus* bus, int id) : bus_(bus), id_(id) {}
    Subscription(Subscription&& other) noexcept
        : bus_(std::exchange(other.bus_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept {
      std::swap(bus_, other.bus_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Subscription();

   private:
    EventBus* bus_ = nullptr;
    int id_ = 0;
  };
  [[nodiscard]] Subscription Subscribe(Subscriber subscriber);

  // All are told, whatever one of them says; the first error is returned.
  absl::Status Publish(const Event& event);

 private:
  void Remove(int id);
  std::recursive_mutex mutex_;
  std::vector<std::pair<int, Subscriber>> subscribers_;  // mutex_ held
  int next_ = 0;
};

}  // namespace ronchi
