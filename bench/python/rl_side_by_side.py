"""Stable-Baselines3 and this project's learners beside each other: processor seconds of one thread.

    python bench/python/rl_side_by_side.py CLASSIC_TRAINING sac|ppo [seeds]

CLASSIC_TRAINING is the program bench_agents_classic_training of the release build. Needs
stable-baselines3, gymnasium and torch. SAC: Pendulum-v1, two layers of 64, batches of 100, 10,000
steps and as many updates. PPO: CartPole-v1, two layers of 64, 4 environments, rounds of 512 steps, 10
epochs of 4 minibatches, 100,000 steps. Seeds one after the other; each of both programs' runs is
followed by 100 episodes that training has not seen.
"""
import json
import subprocess
import sys
import time

import gymnasium
import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

EPISODES = 100


def sac(seed):
    """Their defaults but for what is named here; ours are the same."""
    model = sb3.SAC("MlpPolicy", "Pendulum-v1", learning_rate=1e-3, batch_size=100,
                    learning_starts=100, buffer_size=10_000,
                    policy_kwargs={"net_arch": [64, 64]}, seed=seed, device="cpu")
    return model, None, 10_000


def ppo(seed):
    """With what ours has: observations and rewards normalised, the rate falling to 0."""
    venv = DummyVecEnv([lambda: gymnasium.make("CartPole-v1")] * 4)
    venv = VecNormalize(venv)
    model = sb3.PPO("MlpPolicy", venv, n_steps=128, batch_size=128, n_epochs=10, gamma=0.99,
                    gae_lambda=0.95, clip_range=0.2, clip_range_vf=0.2, ent_coef=0.0,
                    learning_rate=lambda left: 1e-3 * left, max_grad_norm=0.5,
                    policy_kwargs={"net_arch": [64, 64]}, seed=seed, device="cpu")
    return model, venv, 100_000


def theirs(make, seed):
    model, venv, steps = make(seed)
    start = time.process_time()
    model.learn(steps)
    seconds = time.process_time() - start
    if venv is None:
        task = model.get_env()
    else:
        venv.training = venv.norm_reward = False
        task = venv
    task.seed(10**6 + seed)
    mean, _ = evaluate_policy(model, task, EPISODES, deterministic=True, warn=False)
    return {"return": float(mean), "cpu_s": seconds, "steps": model.num_timesteps}


def ours(program, name, seed):
    done = subprocess.run([program, name, str(seed)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main(program, name, seeds=3):
    torch.set_num_threads(1)
    runs = {"theirs": [], "ours": []}
    print(f"{name}: stable-baselines3 {sb3.__version__}, torch {torch.__version__}")
    for seed in range(1, int(seeds) + 1):
        for who, result in (("ours", ours(program, name, seed)),
                            ("theirs", theirs({"sac": sac, "ppo": ppo}[name], seed))):
            runs[who].append(result)
            print(f"seed {seed}, {who}: return {result['return']:.1f}, {result['steps']} steps in "
                  f"{result['cpu_s']:.2f} s of a processor", flush=True)
    seconds = {who: float(np.median([r["cpu_s"] for r in of])) for who, of in runs.items()}
    for who, of in runs.items():
        returns = np.array([r["return"] for r in of])
        print(f"{who}: median return {np.median(returns):.1f} ({returns.min():.1f} … "
              f"{returns.max():.1f}), {seconds[who]:.2f} s")
    print(f"ratio of the processor seconds: {seconds['theirs'] / seconds['ours']:.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
