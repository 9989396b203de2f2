#include "experiments/loop/events.h"

#include <gmock/gmock.h>

#include "core/background.h"

namespace ronchi {
namespace {

using ::testing::ElementsAre;

EventBus::Subscriber Writes(std::vector<std::string>* to, const std::string& name,
                            absl::Status says = absl::OkStatus()) {
  return [=](const Event& event) {
    if (const auto* note = std::get_if<events::Note>(&event)) to->push_back(name + note->what);
    return says;
  };
}

TEST(EventBus, TellsAllInTheOrderInWhichTheyCame) {
  EventBus bus;
  EXPECT_TRUE(bus.Publish(events::Note{"nobody"}).ok());
  std::vector<std::string> heard;
  const auto first = bus.Subscribe(Writes(&heard, "1"));
  {
    const auto second = bus.Subscribe(Writes(&heard, "2"));
    EXPECT_TRUE(bus.Publish(events::Note{"a"}).ok());
  }
  EXPECT_TRUE(bus.Publish(events::Note{"b"}).ok());
  EXPECT_THAT(heard, ElementsAre("1a", "2a", "1b"));
}

TEST(EventBus, AnErrorIsTheFirstOnesAndStillAllAreTold) {
  EventBus bus;
  std::vector<std::string> heard;
  const auto one = bus.Subscribe(Writes(&heard, "1", absl::DataLossError("one")));
  const auto two = bus.Subscribe(Writes(&heard, "2", absl::AbortedError("two")));
  const auto three = bus.Subscribe(Writes(&heard, "3"));
  EXPECT_TRUE(absl::IsDataLoss(bus.Publish(events::Note{"a"})));
  EXPECT_THAT(heard, ElementsAre("1a", "2a", "3a"));
}

TEST(EventBus, ASubscriberMayPublishAndMayLeave) {
  EventBus bus;
  std::vector<std::string> heard;
  EventBus::Subscription leaves;
  const auto answers = bus.Subscribe([&](const Event& event) -> absl::Status {
    if (!std::holds_alternative<events::Alarm>(event)) return absl::OkStatus();
    leaves = {};
    return bus.Publish(events::Note{"on alarm"});
  });
  leaves = bus.Subscribe(Writes(&heard, "gone "));
  const auto stays = bus.Subscribe(Writes(&heard, ""));
  EXPECT_TRUE(bus.Publish(events::Alarm{"C10"}).ok());
  EXPECT_THAT(heard, ElementsAre("on alarm"));
}

TEST(EventBus, AnyThreadMayPublish) {
  EventBus bus;
  int heard = 0;  // no lock of its own: the bus tells one event at a time
  const auto counts = bus.Subscribe([&](const Event&) {
    ++heard;
    return absl::OkStatus();
  });
  const auto publish = [&] {
    for (int i = 0; i < 2000; ++i) (void)bus.Publish(events::StepDone{});
  };
  {
    const Background other(publish);
    publish();
  }
  EXPECT_EQ(heard, 4000);
}

}  // namespace
}  // namespace ronchi
