"""Stable-Baselines3's PPO and SAC against random actions, on settings and contrast alone.

    python bench/python/train_sb3.py ppo|sac ID [steps] [seed]

Prints the mean return of random actions, of the untrained and of the trained policy, each with its
standard error, on seeds that training has not seen; any warning is an error.
"""
import sys
import time
import warnings

import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.vec_env import VecEnvWrapper, VecNormalize

import ronchi
import ronchi.sb3

TASKS = {"AberrationTuning-v1": {"pixels": 32, "entries": ("contrast", "settings"),
                                 "instrument": {"preset": "corrected_200kV", "engine": "linear"}},
         "AtomMove-v0": {"dwell_s": 5}}
# What fits a task's length: its discount, and how far to explore at first (log of the deviation,
# of the action's range). A deviation of 1 would be 24 nm in AberrationTuning, twice the settings'.
GAMMA = {"AberrationTuning-v1": 0.9}
LOG_STD = {"AberrationTuning-v1": -2.0}
# SAC's updates for eight steps of environments, and its step and entropy.
SAC = {"AtomMove-v0": {"gradient_steps": 2, "learning_rate": 1e-3, "ent_coef": 0.02}}
# So many that a policy's return is told from that of random actions, of which few get anywhere.
EPISODES = {"AtomMove-v0": 400}


class Nearer(VecEnvWrapper):
    """In training of AtomMove-v0, whose own reward comes once an episode or never: the way to the
    goal as a potential, which leaves the best policy the best (Ng, Harada & Russell, ICML 1999)."""

    def potential(self, observation):
        return -np.linalg.norm(observation["goal"], axis=-1) / 14.2  # ten bonds

    def reset(self):
        observation = self.venv.reset()
        self.before = self.potential(observation)
        return observation

    def step_wait(self):
        observation, rewards, done, infos = self.venv.step_wait()
        now = self.potential(observation)
        gain = np.where(done, -self.before, GAMMA.get("AtomMove-v0", 0.99) * now - self.before)
        self.before = now
        return observation, rewards + gain.astype(np.float32), done, infos


def returns(name, act, normalise=None):
    episodes = EPISODES.get(name, 20)
    venv = ronchi.sb3.make_vec("ronchi/" + name, episodes, **TASKS.get(name, {}))
    venv.seed(10**6)
    observation = venv.reset()
    total, alive = np.zeros(episodes), np.ones(episodes, bool)
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
        v.action_space.low, v.action_space.high, (v.num_envs, *v.action_space.shape)
    ).astype(np.float32)))
    venv = ronchi.sb3.make_vec("ronchi/" + name, 8, **TASKS.get(name, {}))
    venv = VecNormalize(Nearer(venv) if name == "AtomMove-v0" else venv)
    if algorithm == "ppo":
        model = sb3.PPO("MultiInputPolicy", venv, n_steps=256, batch_size=256,
                        gamma=GAMMA.get(name, 0.99), learning_rate=1e-3,
                        policy_kwargs={"log_std_init": LOG_STD.get(name, 0.0)}, seed=int(seed),
                        device="cpu")
    else:
        model = sb3.SAC("MultiInputPolicy", venv, batch_size=128, gamma=GAMMA.get(name, 0.99),
                        train_freq=1, learning_starts=500, policy_kwargs={"net_arch": [64, 64]},
                        buffer_size=int(steps), seed=int(seed), device="cpu", **SAC.get(name, {}))

    def act(_, shown):
        # In AtomMove-v0 as it was trained: an aim that never varies can miss for ever.
        return model.predict(shown, deterministic=name != "AtomMove-v0")[0]

    report("untrained", returns(name, act, venv))
    start = time.perf_counter()
    model.learn(int(steps))
    seconds = time.perf_counter() - start
    venv.training = False
    report("trained", returns(name, act, venv))
    print(f"{steps} steps in {seconds:.0f} s, {ronchi.threads()} threads")


if __name__ == "__main__":
    main(*sys.argv[1:])
