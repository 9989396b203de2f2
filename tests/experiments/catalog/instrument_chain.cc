#include "experiments/catalog/instrument_chain.h"

#include <gtest/gtest.h>

#include "hw/instrument/error.h"
#include "hw/wrappers/composite.h"
#include "tests/hw/null_instrument.h"

namespace ronchi {
namespace {

// Says that it is no simulation, and never gets through to it.
class DeadLink final : public hw::Instrument {
 public:
  explicit DeadLink(int* asked) : asked_(asked) { description_.simulated = false; }
  const hw::Description& description() const override { return description_; }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command&, const hw::ExecuteOptions&) override {
    ++*asked_;
    return hw::MakeError({hw::ErrorKind::kCommunication, "the cable is out"});
  }
  hw::Description description_ = testing_support::NullDescription();
  int* asked_;
};

std::unique_ptr<hw::Instrument> Wrapped(const std::string& config, DoorOptions door,
                                        std::unique_ptr<hw::Instrument> driver) {
  door.guard = DoorGuard::kCallers;
  const auto chain = ReadInstrumentChain(*Config::Parse(config, "i.yaml"), door, true);
  RONCHI_CHECK(chain.ok());
  auto wrapped = WrapInstrument(*chain, std::move(driver));
  RONCHI_CHECK(wrapped.ok());
  return std::move(*wrapped);
}

int Asked(const std::string& config, const DoorOptions& door) {
  int asked = 0;
  const auto whole = Wrapped(config, door, std::make_unique<DeadLink>(&asked));
  EXPECT_FALSE(whole->Execute(hw::Read{{"optics.C10"}}).ok());
  return asked;
}

TEST(InstrumentChain, WhatIsNoSimulationIsAskedAgain) {
  EXPECT_EQ(Asked("{}", {}), hw::RetryOptions().attempts);
  EXPECT_EQ(Asked("retry: none", {}), 1);
  EXPECT_EQ(Asked("retry: {attempts: 2, first_wait_s: 0}", {}), 2);
}

TEST(InstrumentChain, APartIsAskedAgainWithTheWholeAlone) {
  const DoorOptions part = {.default_retry = false};
  EXPECT_EQ(Asked("{}", part), 1);
  EXPECT_EQ(Asked("retry: {attempts: 2, first_wait_s: 0}", part), 2) << "what it asks for it gets";
  int asked = 0;
  std::vector<std::unique_ptr<hw::Instrument>> parts;
  parts.push_back(Wrapped("{}", part, std::make_unique<DeadLink>(&asked)));
  const auto whole = Wrapped("{}", {}, *hw::MakeComposite(std::move(parts)));
  EXPECT_FALSE(whole->Execute(hw::Read{{"optics.C10"}}).ok());
  EXPECT_EQ(asked, hw::RetryOptions().attempts);
}

}  // namespace
}  // namespace ronchi
