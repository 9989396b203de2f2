// Commands to a column, and what is hidden in it.
#pragma once

#include <gtest/gtest.h>

#include "hw/instrument/ground_truth.h"
#include "tests/support/column.h"

namespace ronchi::hw {

inline double TruthOf(Instrument* twin, const char* name) {
  return twin->ground_truth()->Hidden().at(name);
}

inline void DoOn(Instrument* twin, const Command& command) {
  const auto reply = twin->Execute(command);
  ASSERT_TRUE(reply.ok()) << reply.status();
}

}  // namespace ronchi::hw
