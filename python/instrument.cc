// Instruments, behind a guard unless asked otherwise. Commands and replies are the JSON of logs
// (hw/instrument/command_json.h); frames come beside it.
#include "hw/instrument/instrument.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/config.h"
#include "experiments/catalog/instruments.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"
#include "hw/safety/guarded.h"
#include "python/bind.h"
#include "python/interruptible.h"
#include "python/numpy.h"
#include "python/python_status.h"
#include "python/unlocked.h"

namespace ronchi::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

// A preset's or a file's name; or the YAML of an instrument's config.
absl::StatusOr<std::unique_ptr<hw::Instrument>> Open(const std::string& name,
                                                     const std::string& yaml, uint64_t seed,
                                                     const DoorOptions& door) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, yaml.empty() ? InstrumentConfig(name)
                                                            : Config::Parse(yaml, "instrument"));
  return OpenInstrument(config, seed, door);
}

class PyInstrument {
 public:
  // `guard`: YAML of the keys in docs/safety.md; "none"; empty: what the instrument's config says.
  PyInstrument(const std::string& name, const std::string& yaml, const std::string& guard,
               uint64_t seed) {
    absl::Status status;
    {
      const Unlocked unlocked;
      status = Connect(name, yaml, guard, seed);
    }
    Raise(status, guard.empty() || guard == "none" ? "instrument" : "guard");
  }
  ~PyInstrument() { Close(); }

  std::string description() const { return hw::ToJson(description_).dump(); }
  bool guarded() const { return guarded_; }

  // What the guard had to say, each line once.
  std::vector<std::string> TakeEvents() {
    const std::lock_guard<std::mutex> lock(events_->mutex);
    return std::exchange(events_->lines, {});
  }

  // {"reply": JSON, "frames": arrays in the reply's order}.
  nb::tuple Execute(const std::string& text, double timeout_s) {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    const hw::Command command = ValueOrRaise(hw::CommandFromJson(json));
    absl::StatusOr<hw::Reply> reply = absl::UnknownError("");
    hw::CancelToken cancel;
    hw::ExecuteOptions options;
    options.cancel = &cancel;
    options.timeout_s = timeout_s;
    RunInterruptibly(
        [&] {
          const std::lock_guard<std::mutex> alone(mutex_);
          const std::shared_ptr<hw::Instrument> held = Held();
          reply = held ? held->Execute(command, options) : Closed();
        },
        [&] { cancel.Cancel(); });
    hw::Reply done = ValueOrRaise(std::move(reply));
    const std::string described = hw::ToJson(done).dump();
    nb::list frames;
    for (hw::Frame& frame : done.frames) frames.append(ToNumpy(std::move(frame.counts)));
    return nb::make_tuple(described, frames);
  }

  void BlankNow() {
    absl::Status status;
    {
      const Unlocked unlocked;
      const std::shared_ptr<hw::Instrument> held = Held();
      status = held ? held->BlankNow() : Closed();
    }
    Raise(status);
  }

  // Ends the connection; a guard blanks and closes its ledger.
  void Close() {
    const Unlocked unlocked;
    const std::lock_guard<std::mutex> alone(mutex_);
    std::shared_ptr<hw::Instrument> last;  // ends here, or with a BlankNow that is under way
    const std::lock_guard<std::mutex> lock(instrument_mutex_);
    last.swap(instrument_);
  }

 private:
  static absl::Status Closed() {
    return absl::FailedPreconditionError("the instrument has been closed");
  }
  std::shared_ptr<hw::Instrument> Held() {
    const std::lock_guard<std::mutex> lock(instrument_mutex_);
    return instrument_;
  }

  // The guard's watchdog may speak at any time, from a thread of its own.
  struct Events {
    std::mutex mutex;
    std::vector<std::string> lines;
  };

  absl::Status Connect(const std::string& name, const std::string& yaml, const std::string& guard,
                       uint64_t seed) {
    const auto tell = [events = events_](const std::string& line) {
      const std::lock_guard<std::mutex> lock(events->mutex);
      events->lines.push_back(line);
    };
    const bool ours = !guard.empty() && guard != "none";
    std::optional<hw::ProveOptions> prove;
    const DoorOptions door = {.guard = ours              ? DoorGuard::kCallers
                                       : guard == "none" ? DoorGuard::kNone
                                                         : DoorGuard::kConfig,
                              .on_event = tell,
                              .guarded = &guarded_,
                              .prove = &prove};
    RONCHI_ASSIGN_OR_RETURN(std::unique_ptr<hw::Instrument> opened, Open(name, yaml, seed, door));
    if (guard.empty() && !guarded_) {
      return absl::InvalidArgumentError(
          "the guard needs a dose budget: connect(..., dose_budget_e_per_A2=1e5), or guard=False "
          "for no guard at all");
    }
    if (ours) {
      RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(guard, "guard"));
      RONCHI_ASSIGN_OR_RETURN(hw::GuardOptions options,
                              hw::ReadGuardOptions(config, opened->description()));
      options.on_event = tell;
      RONCHI_ASSIGN_OR_RETURN(opened, hw::MakeGuarded(std::move(opened), options));
      guarded_ = true;
    }
    if (prove) {
      prove->on_event = tell;
      RONCHI_ASSIGN_OR_RETURN(opened, hw::MakeProven(std::move(opened), *prove));
    }
    description_ = opened->description();
    instrument_ = std::move(opened);
    return absl::OkStatus();
  }

  std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::shared_ptr<hw::Instrument> instrument_;  // shared with a BlankNow from another thread
  std::mutex instrument_mutex_;
  hw::Description description_;
  bool guarded_ = false;
  std::mutex mutex_;  // one command at a time
};

nb::tuple ParseQuantityText(const std::string& text) {
  const Quantity q = ValueOrRaise(ParseQuantity(text));
  return nb::make_tuple(q.si, std::string(DimensionName(q.dimension)));
}

}  // namespace

void BindInstrument(nb::module_& m) {
  m.def("parse_quantity", &ParseQuantityText, "text"_a,
        nb::sig("def parse_quantity(text: str) -> tuple[float, str]"),
        "'10 nm' → its value in SI units and its dimension.");
  nb::class_<PyInstrument>(m, "Instrument", "See ronchi.Instrument.")
      .def(nb::init<const std::string&, const std::string&, const std::string&, uint64_t>(),
           "name"_a, "yaml"_a, "guard"_a, "seed"_a)
      .def_prop_ro("description", &PyInstrument::description, "JSON.")
      .def_prop_ro("guarded", &PyInstrument::guarded)
      .def("take_events", &PyInstrument::TakeEvents)
      .def("execute", &PyInstrument::Execute, "command"_a, "timeout_s"_a,
           nb::sig("def execute(self, command: str, timeout_s: float) -> "
                   "tuple[str, list[numpy.typing.NDArray[numpy.float32]]]"))
      .def("blank_now", &PyInstrument::BlankNow)
      .def("close", &PyInstrument::Close);
}

}  // namespace ronchi::python
