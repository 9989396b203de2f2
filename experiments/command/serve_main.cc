// `ronchi-serve`: the verb `serve` of `ronchi`. That program hands over to this one (hand_over.h),
// which is built when it is first needed.
#include "experiments/command/program.h"
#include "experiments/command/serve_verb.h"

int main(int argc, char** argv) {
  return ronchi::RunProgram({{"serve", ronchi::ServeInstrument}}, argc, argv);
}
