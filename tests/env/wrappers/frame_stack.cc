#include "env/wrappers/frame_stack.h"

#include <gtest/gtest.h>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

TEST(FrameStack, HoldsTheLastFramesOldestFirst) {
  for (const auto padding : {FrameStack::Padding::kReset, FrameStack::Padding::kZero}) {
    Walker plain(Cheap()), w(std::make_unique<FrameStack>(Cheap(), 3, padding));
    const Spec& spec = w.environment->spec();
    EXPECT_EQ(spec.observation_space.at("picture").shape, (std::vector<size_t>{3, 2, 3}));
    EXPECT_EQ(spec.observation_space.at("position").shape, (std::vector<size_t>{3, 2}));
    std::vector<std::vector<float>> frames;
    for (int t = 0; t < 40; ++t) {
      const auto a = plain.Go(t);
      w.Go(t);
      if (!a) {
        const bool zero = padding == FrameStack::Padding::kZero;
        frames.assign(2, zero ? std::vector<float>(8) : plain.row);
      }
      frames.push_back(plain.row);
      for (size_t k = 0; k < 3; ++k) {
        const std::vector<float>& frame = frames[frames.size() - 3 + k];
        for (size_t i = 0; i < 6; ++i) EXPECT_EQ(w.row[k * 6 + i], frame[i]);
        for (size_t i = 0; i < 2; ++i) EXPECT_EQ(w.row[18 + k * 2 + i], frame[6 + i]);
      }
    }
    std::vector<float> small(8);
    EXPECT_TRUE(absl::IsInvalidArgument(w.environment->ResetInto(1, {}, small)));
  }
}

}  // namespace
}  // namespace ronchi::env
