// The `ronchi` command.
#include "experiments/command/program.h"

int main(int argc, char** argv) {
  using namespace ronchi;
  return RunProgram({{"run", Run},
                     {"check", Check},
                     {"flow", HandOver},
                     {"serve", HandOverToServe},
                     {"conform", Conform},
                     {"simulate", Simulate},
                     {"calibrate", Calibrate},
                     {"estimate", EstimateFrames},
                     {"train", Train},
                     {"evaluate", Evaluate},
                     {"deploy", DeployPolicy},
                     {"replay", Replay},
                     {"report", Report},
                     {"list", List},
                     {"describe", Describe},
                     {"init", Init},
                     {"watch", WatchEnvironment},
                     {"cache", Cache},
                     {"doctor", Doctor},
                     {"monitor", Monitor}},
                    argc, argv);
}
