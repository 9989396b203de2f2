"""Several objectives: the dominated volume and processor time a step, our optimiser beside BoTorch.

    pip install torch "botorch==0.18.*"
    python bench/python/bo_pareto.py PROGRAM [--seeds FIRST END] [--problems NAME ...]

PROGRAM: build/release/bench/agents/bench_agents_pareto_volume, which holds the problems, gives the
Sobol starts and runs our side. BoTorch is as its documentation has it: a SingleTaskGP an objective,
qLogExpectedHypervolumeImprovement of 128 Sobol draws over the exact partitioning, optimize_acqf with
10 restarts from 512 raw samples. Both sides have one thread. "missing": the share of the largest
volume that is not dominated at the end.
"""
import os

for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[library + "_NUM_THREADS"] = "1"

import argparse
import json
import statistics
import subprocess
import time
import warnings

from bo_regret import Server, maximum_over_cube

PROBLEMS = ["branin_currin", "dtlz2_2", "dtlz2_3"]


def next_of_botorch(x, y, reference):
    import torch
    from botorch.acquisition.multi_objective.logei import qLogExpectedHypervolumeImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from botorch.sampling import SobolQMCNormalSampler
    from botorch.utils.multi_objective.box_decompositions.non_dominated import \
        FastNondominatedPartitioning
    from gpytorch.mlls import SumMarginalLogLikelihood

    inputs = torch.tensor(x, dtype=torch.double)
    outputs = torch.tensor(y, dtype=torch.double)
    model = ModelListGP(*[SingleTaskGP(inputs, outputs[:, k:k + 1])
                          for k in range(outputs.shape[-1])])
    fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
    point = torch.tensor(reference, dtype=torch.double)
    acquisition = qLogExpectedHypervolumeImprovement(
        model, ref_point=point, partitioning=FastNondominatedPartitioning(point, Y=outputs),
        sampler=SobolQMCNormalSampler(torch.Size([128])))
    return maximum_over_cube(acquisition, inputs.shape[-1])


def run_botorch(server, problem, seed):
    import torch
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    begin = server.ask("starts", problem, seed)
    x = begin["starts"]
    y = [server.ask("value", problem, *map(repr, one))["values"] for one in x]
    used, steps = 0.0, begin["evaluations"] - len(x)
    for _ in range(steps):
        before = time.process_time()
        x.append(next_of_botorch(x, y, begin["reference"]))
        used += time.process_time() - before
        y.append(server.ask("value", problem, *map(repr, x[-1]))["values"])
    flat = [repr(v) for row in y for v in row]
    return server.ask("missing", problem, *flat)["missing"], 1e3 * used / steps


def run_ours(program, problem, seed):
    done = subprocess.run([program, problem, "--seeds", str(seed), str(seed + 1)],
                          capture_output=True, text=True, check=True)
    one = json.loads(done.stdout)
    return one["missing"][-1], one["cpu_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seeds", nargs=2, type=int, default=[100000, 100005])
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=PROBLEMS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    server = Server(options.program)
    print(f"{'problem':14} {'seeds':>5} | {'median missing':^19} | {'CPU ms a step':^25}")
    print(f"{'':14} {'':5} | {'ours':>9} {'BoTorch':>9} | {'ours':>8} {'BoTorch':>8} {'ratio':>7}")
    for problem in options.problems:
        seeds = range(*options.seeds)
        ours = [run_ours(options.program, problem, seed) for seed in seeds]
        theirs = [run_botorch(server, problem, seed) for seed in seeds]
        missing = [statistics.median(one[0] for one in side) for side in (ours, theirs)]
        ms = [statistics.median(one[1] for one in side) for side in (ours, theirs)]
        print(f"{problem:14} {len(seeds):5} | {missing[0]:9.2e} {missing[1]:9.2e} | "
              f"{ms[0]:8.2f} {ms[1]:8.0f} {ms[1] / ms[0]:7.0f}", flush=True)


if __name__ == "__main__":
    main()
