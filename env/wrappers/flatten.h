// All entries of the observation as one, "observation", as Gymnasium's FlattenObservation. The run
// of floats stays the same.
#pragma once

#include "env/wrapper.h"

namespace ronchi::env {

class Flatten final : public Wrapper {
 public:
  explicit Flatten(std::unique_ptr<Environment> inner);
  const Spec& spec() const override { return spec_; }

 private:
  Spec spec_;
};

}  // namespace ronchi::env
