// Which of four laws of beam damage holds: in how many runs the true one is found, and how many
// measurements it takes, advised (theory/hypotheses/advisor.h) and at random. A plain program:
// counts are no time.
//   bench_theory_four_laws [runs of each law = 50] [first seed = 1000]
#include "tests/support/four_laws.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace ronchi {

int Compare(int runs, uint64_t first_seed) {
  const testing_support::FourLaws laws;
  const std::clock_t start = std::clock();
  std::printf("%-14s %22s %22s\n", "truth", "advised: right, mean", "random: right, mean");
  double all[2] = {0, 0};
  int right_of_all[2] = {0, 0};
  const char* names[] = {"knock-on", "ionisation", "two electrons", "spontaneous"};
  for (size_t truth = 0; truth < laws.kLaws; ++truth) {
    double measurements[2] = {0, 0};
    int right[2] = {0, 0};
    for (int r = 0; r < runs; ++r) {
      for (int advised : {1, 0}) {
        const auto found = laws.Run(truth, first_seed + uint64_t(r), advised == 1);
        measurements[advised] += found.measurements;
        right[advised] += found.law == truth;
      }
    }
    for (int i : {0, 1}) {
      all[i] += measurements[i];
      right_of_all[i] += right[i];
    }
    std::printf("%-14s %12d/%d %7.1f %12d/%d %7.1f\n", names[truth], right[1], runs,
                measurements[1] / runs, right[0], runs, measurements[0] / runs);
  }
  const double n = double(runs) * laws.kLaws;
  std::printf("all: advised right in %.1f %%, random in %.1f %%; measurements %.2f of random's\n",
              100 * right_of_all[1] / n, 100 * right_of_all[0] / n, all[1] / all[0]);
  std::printf("%.1f s of processor time\n", double(std::clock() - start) / CLOCKS_PER_SEC);
  return 0;
}

}  // namespace ronchi

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 50;
  return ronchi::Compare(std::max(1, runs), argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000);
}
