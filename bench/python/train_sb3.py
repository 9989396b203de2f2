"""Stable-Baselines3's PPO and SAC against random actions, on settings and contrast alone.

    python bench/python/train_sb3.py ppo|sac ID [steps] [seed]

Prints the mean return of 20 episodes of random actions, of the untrained and of the trained policy,
each with its standard error, on seeds that training has not seen; any warning is an error.
"""
import sys
import time
import warnings

import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.vec_env import VecNormalize

import ronchi
import ronchi.sb3

TASKS = {"AberrationTuning-v0": {"pixels": 32, "entries": ("contrast", "settings"),
                                 "instrument": {"preset": "corrected_200kV", "engine": "linear"}}}
EPISODES = 20


def returns(name, act, normalise=None):
    venv = ronchi.sb3.make_vec("ronchi/" + name, EPISODES, **TASKS.get(name, {}))
    venv.seed(10**6)
    observation = venv.reset()
    total, alive = np.zeros(EPISODES), np.ones(EPISODES, bool)
    while alive.any():
        shown = normalise.normalize_obs(observation) if normalise else observation
        observation, rewards, done, _ = venv.step(act(venv, shown))
        total += rewards * alive
        alive &= ~done
    return total


def report(what, values):
    print(f"{what:16} {values.mean():10.4f} +- {values.std(ddof=1) / len(values) ** 0.5:.4f}",
          flush=True)


def main(algorithm, name, steps=20_000, seed=1):
    warnings.simplefilter("error")
    torch.set_num_threads(1)  # networks this small wait for each other on more
    rng = np.random.default_rng(0)
    report("random", returns(name, lambda v, _: rng.uniform(
        v.action_space.low, v.action_space.high, (EPISODES, *v.action_space.shape)
    ).astype(np.float32)))
    venv = VecNormalize(ronchi.sb3.make_vec("ronchi/" + name, 8, **TASKS.get(name, {})))
    if algorithm == "ppo":
        model = sb3.PPO("MultiInputPolicy", venv, n_steps=256, batch_size=256, gamma=0.9,
                        learning_rate=1e-3, policy_kwargs={"log_std_init": -2.0}, seed=int(seed),
                        device="cpu")  # a deviation of 1 would be 24 nm, twice the range
    else:
        model = sb3.SAC("MultiInputPolicy", venv, batch_size=128, gamma=0.9, train_freq=1,
                        gradient_steps=1, learning_starts=500, policy_kwargs={"net_arch": [64, 64]},
                        buffer_size=int(steps), seed=int(seed), device="cpu")

    def act(_, shown):
        return model.predict(shown, deterministic=True)[0]

    report("untrained", returns(name, act, venv))
    start = time.perf_counter()
    model.learn(int(steps))
    seconds = time.perf_counter() - start
    venv.training = False
    report("trained", returns(name, act, venv))
    print(f"{steps} steps in {seconds:.0f} s, {ronchi.threads()} threads")


if __name__ == "__main__":
    main(*sys.argv[1:])
