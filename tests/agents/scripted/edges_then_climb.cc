#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

using Pixel = std::pair<size_t, size_t>;

// One bright pixel in the overview, (3, 4) of 7 × 9: its four neighbours are the edge. The first
// half of six steps looks for edges, far from each other, the second climbs.
class EdgesThenClimbScript : public testing::Test {
 protected:
  EdgesThenClimbScript() { image_(3, 4) = 1; }
  Pixel Next() {
    return PixelAt(*policy_->Act({{"image", image_}, {"mask", mask_}, {"scores", scores_}}), 7, 9);
  }
  void Measure(size_t r, size_t c, float score) { mask_(r, c) = 1, scores_(r, c) = score; }

  std::unique_ptr<Policy> policy_ = *MakeScript("edges_then_climb", FieldSpec(7, 9, 6));
  Array<float> image_{{7, 9}, 0.0f}, mask_{{7, 9}, 0.0f}, scores_{{7, 9}, 0.0f};
};

TEST_F(EdgesThenClimbScript, TakesEdgesFarFromEachOtherFirst) {
  EXPECT_EQ(Next(), Pixel(2, 4));  // all alike: the first
  Measure(2, 4, 5);
  EXPECT_EQ(Next(), Pixel(4, 4));  // two pixels off; the others of the edge one and a third
  Measure(4, 4, 1);
  EXPECT_EQ(Next(), Pixel(3, 3));
}

TEST_F(EdgesThenClimbScript, ThenWhatIsNextToTheBestScore) {
  for (int step = 0; step < 3; ++step) Next();
  Measure(0, 8, 0.5f);
  Measure(5, 2, 0.9f);
  EXPECT_EQ(Next(), Pixel(4, 2));  // beside the better one; of equals the first
  Measure(4, 2, 0);
  EXPECT_EQ(Next(), Pixel(5, 1));
  for (const Pixel& p : {Pixel(5, 1), Pixel(5, 3), Pixel(6, 2)}) Measure(p.first, p.second, 0);
  EXPECT_EQ(Next(), Pixel(4, 1));  // sides are taken: a corner
}

}  // namespace
}  // namespace ronchi::agents
