"""Simple regret and processor time a step: our GP optimiser beside BoTorch, from the same starts.

    pip install torch "botorch==0.18.*"
    python bench/python/bo_regret.py PROGRAM [--seeds FIRST END] [--problems NAME ...]
                                     [--side ours|botorch|both] [--record FILE]
    python bench/python/bo_regret.py --table FILE ...

PROGRAM: build/release/bench/agents/bench_agents_gp_regret, which holds the problems, gives the
Sobol starts and runs our side. BoTorch is as its documentation has it: SingleTaskGP with its own
defaults, analytic LogExpectedImprovement of the best output, optimize_acqf with 10 restarts from
512 raw samples. Both sides have one thread; time is the process's own, of fitting and asking.
Runs already in the record are not repeated, so that a long comparison may be cut off and go on.
The table has medians over the seeds that both sides have.
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

PROBLEMS = ["branin", "goldstein", "hartmann6", "levy4", "ackley5", "rosenbrock4"]


class Server:
    """Starts and values of the problems, from the program."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise SystemExit(answer["error"])
        return answer


def maximum_over_cube(acquisition, dimension):
    """As BoTorch's documentation has it."""
    import torch
    from botorch.optim import optimize_acqf

    bounds = torch.stack([torch.zeros(dimension), torch.ones(dimension)]).double()
    best, _ = optimize_acqf(acquisition, bounds, q=1, num_restarts=10, raw_samples=512)
    return best[0].tolist()


def next_of_botorch(x, y):
    import torch
    from botorch.acquisition import LogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from gpytorch.mlls import ExactMarginalLogLikelihood

    inputs = torch.tensor(x, dtype=torch.double)
    outputs = torch.tensor(y, dtype=torch.double).unsqueeze(-1)
    model = SingleTaskGP(inputs, outputs)  # standardises its outputs
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    return maximum_over_cube(LogExpectedImprovement(model, best_f=outputs.max()), inputs.shape[-1])


def run_botorch(server, problem, seed):
    import torch
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    begin = server.ask("starts", problem, seed)
    x = begin["starts"]
    # repr() of a float is exact.
    regrets = [server.ask("value", problem, *map(repr, one))["regret"] for one in x]
    used, steps = 0.0, begin["evaluations"] - len(x)
    for _ in range(steps):
        before = time.process_time()
        x.append(next_of_botorch(x, [-r for r in regrets]))
        used += time.process_time() - before
        regrets.append(server.ask("value", problem, *map(repr, x[-1]))["regret"])
    so_far = [min(regrets[:n + 1]) for n in range(len(regrets))]
    return {"problem": problem, "seed": seed, "regret": so_far, "cpu_ms": 1e3 * used / steps}


def run_ours(program, problem, seed):
    done = subprocess.run([program, problem, "--seeds", str(seed), str(seed + 1)],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def table(records):
    runs = {}
    for one in records:
        runs.setdefault(one["problem"], {}).setdefault(one["side"], {})[one["seed"]] = one
    print(f"{'problem':12} {'seeds':>5} | {'median regret':^19} | {'below 0.05':^13} | {'CPU ms a step':^25}")
    print(f"{'':12} {'':5} | {'ours':>9} {'BoTorch':>9} | {'ours':>5} {'BoTorch':>7} "
          f"| {'ours':>8} {'BoTorch':>8} {'ratio':>7}")
    for problem in PROBLEMS:
        sides = [runs.get(problem, {}).get(side, {}) for side in ("ours", "botorch")]
        seeds = sorted(set(sides[0]) & set(sides[1]))
        if not seeds:
            continue
        ends = [[side[seed]["regret"][-1] for seed in seeds] for side in sides]
        ms = [statistics.median(side[seed]["cpu_ms"] for seed in seeds) for side in sides]
        regret = [statistics.median(end) for end in ends]
        share = [sum(r < 0.05 for r in end) / len(end) for end in ends]
        print(f"{problem:12} {len(seeds):5} | {regret[0]:9.2e} {regret[1]:9.2e} | "
              f"{share[0]:5.0%} {share[1]:7.0%} | {ms[0]:8.2f} {ms[1]:8.0f} {ms[1] / ms[0]:7.0f}")


def read(path):
    if not path or not os.path.exists(path):
        return []
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?")
    parser.add_argument("--seeds", nargs=2, type=int, default=[100000, 100005])
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=PROBLEMS)
    parser.add_argument("--side", choices=["ours", "botorch", "both"], default="both")
    parser.add_argument("--record")
    parser.add_argument("--table", nargs="+", metavar="FILE")
    options = parser.parse_args()
    if options.table:
        return table([one for path in options.table for one in read(path)])
    if not options.program:
        parser.error("PROGRAM is missing")
    warnings.simplefilter("ignore")
    records = read(options.record)
    have = {(one["side"], one["problem"], one["seed"]) for one in records}
    server = Server(options.program)
    sides = ["ours", "botorch"] if options.side == "both" else [options.side]
    for seed in range(*options.seeds):
        for problem in options.problems:
            for side in sides:
                if (side, problem, seed) in have:
                    continue
                one = (run_ours(options.program, problem, seed) if side == "ours"
                       else run_botorch(server, problem, seed))
                one["side"] = side
                records.append(one)
                if options.record:
                    with open(options.record, "a") as out:
                        out.write(json.dumps(one) + "\n")
    table(records)


if __name__ == "__main__":
    main()
