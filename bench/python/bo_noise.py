"""What it costs the GP optimiser to learn its noise: regret over that of one that is told it.

    python bench/python/bo_noise.py PROGRAM [--seeds FIRST END] [--problems NAME ...]

PROGRAM: build/release/bench/agents/bench_agents_gp_regret. Noise is in parts of the problem's
range; regret is that of the place of the highest posterior mean at the end. The interval is the
middle 90 % of the ratio of medians over 2000 resamplings of the seeds.
"""
import argparse
import json
import random
import statistics
import subprocess

NOISES = ["0.001", "0.01", "0.1", "1"]
PROBLEMS = ["branin", "goldstein", "hartmann6", "levy4"]


def regrets(program, problem, noise, seeds, *more):
    done = subprocess.run([program, problem, "--seeds", *map(str, seeds), "--noise", noise, *more],
                          capture_output=True, text=True, check=True)
    return [json.loads(line)["regret"] for line in done.stdout.splitlines()]


def interval(learned, told):
    draw, ratios = random.Random(1), []
    for _ in range(2000):
        which = draw.choices(range(len(told)), k=len(told))
        ratios.append(statistics.median(learned[i] for i in which)
                      / statistics.median(told[i] for i in which))
    ratios.sort()
    return ratios[100], ratios[-101]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seeds", nargs=2, type=int, default=[0, 100])
    parser.add_argument("--problems", nargs="+", default=PROBLEMS)
    options = parser.parse_args()
    print(f"{'problem':10} {'noise':>6} {'learned':>9} {'told':>9} {'ratio':>6}  90 %")
    for problem in options.problems:
        for noise in NOISES:
            learned = regrets(options.program, problem, noise, options.seeds)
            told = regrets(options.program, problem, noise, options.seeds, "--oracle")
            low, high = interval(learned, told)
            median = statistics.median(learned), statistics.median(told)
            print(f"{problem:10} {noise:>6} {median[0]:9.3g} {median[1]:9.3g} "
                  f"{median[0] / median[1]:6.2f}  {low:.2f} to {high:.2f}", flush=True)


if __name__ == "__main__":
    main()
