#!/usr/bin/env python3
"""The recipe foreign_column on a column that nobody here wrote: de-twin, from PyPI.

    experiments/recipes/foreign_column/world.py [--seeds 2001-2020] [--out runs/foreign_column]

Makes a virtual environment (build/foreign-column) with de-twin and its maker's client. For every
seed and agent it starts de-twin out of tune, deploys the policy of twins alone behind guard,
recorder and monitor, and asks de-twin itself how well tuned it was before and is after: the angle
up to which its own truth stays below π/4 of phase, which no part of Ronchi sees. What de-twin
calls tuned is measured, too: its angle when it starts in tune, at the same seeds. The table and
results.json have all of it. An interrupted series goes on where it was.
"""
import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
COLUMN = os.path.join(ROOT, "examples", "instruments", "de_twin_cold.yaml")
PACKAGES = ["de-twin==0.3", "deapi==5.3"]
program = os.path.join(ROOT, "ronchi")
ANGLE = "Instrument Corrector Pi/4 Angle (mrad)"
# Agents with the looks that each is given: more for those that know no theory.
AGENTS = {"correct": ("{kind: correct, memory: 0.3}", 36),
          "gp": ("{kind: gp, n_initial: 13, budget: 30, train_episodes: 4}", 36),
          "nelder_mead": ("{kind: nelder_mead}", 36)}
# After so many looks somebody turns the condenser's stigmator by 0.03 of its range: 30 nm of
# two-fold astigmatism, which a monitor should find, and which de-twin's own angle leaves out.
DISTURBED_AFTER, STIGMATOR = 24, 0.03


def environment():
    folder = os.path.join(ROOT, "build", "foreign-column")
    python = os.path.join(folder, "bin", "python")
    ready = os.path.exists(python) and subprocess.run(
        [python, "-c", "import deapi, de_twin"], capture_output=True).returncode == 0
    if not ready:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return os.path.join(folder, "bin")


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class World:
    """de-twin, from when it answers until it is killed."""

    def __init__(self, scripts, seed, cold, time_scale):
        self.soap, self.camera = free_ports(2)
        self.scripts = scripts
        self.process = subprocess.Popen(
            [os.path.join(scripts, "de-twin"), "serve", "--host", "127.0.0.1", "--soap",
             str(self.soap), "--deapi", str(self.camera), "--corrector", "probe", "--camera",
             "Celeritas", "--specimen", "NanoCrystals-Scan", "--seed", str(seed), "--time-scale",
             str(time_scale), *(["--corrector-cold"] if cold else [])],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        for port in (self.soap, self.camera):
            while True:
                if self.process.poll() is not None:
                    raise RuntimeError("de-twin has ended")
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def angle(self):
        """Its own truth, mrad. Its camera's wire takes one connection at a time."""
        code = (f"import deapi; c = deapi.Client(); c.usingMmf = False; "
                f"c.connect('127.0.0.1', {self.camera}); print('angle', c.GetProperty({ANGLE!r}))")
        done = subprocess.run([os.path.join(self.scripts, "python"), "-c", code], text=True,
                              capture_output=True, timeout=120)
        for line in done.stdout.splitlines():
            if line.startswith("angle "):
                return float(line.split()[1])
        raise RuntimeError("de-twin does not tell its angle: " + done.stdout + done.stderr)


    def disturb(self):
        body = ('<?xml version="1.0"?><SOAP-ENV:Envelope '
                'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
                'xmlns:ns="http://tempuri.org/ns.xsd"><SOAP-ENV:Body><ns:setCondenserStig>'
                f'<x>{STIGMATOR}</x><y>0</y></ns:setCondenserStig></SOAP-ENV:Body>'
                '</SOAP-ENV:Envelope>')
        request = urllib.request.Request(f"http://127.0.0.1:{self.soap}/", body.encode(),
                                         {"Content-Type": "text/xml; charset=utf-8",
                                          "SOAPAction": '""'})
        urllib.request.urlopen(request, timeout=30).read()


def measured(run):
    """Looks so far, by the run's own record."""
    try:
        with open(os.path.join(run, "events.jsonl"), encoding="utf-8") as f:
            return sum('"verb":"measure"' in line for line in f)
    except OSError:
        return 0


def ronchi(*words):
    return subprocess.run([program, *words], cwd=ROOT, text=True, capture_output=True)


def column(world, folder):
    with open(COLUMN, encoding="utf-8") as f:
        text = f.read()
    path = os.path.join(folder, "column.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text.replace("127.0.0.1:5002", f"127.0.0.1:{world.soap}")
                  .replace("127.0.0.1:13240", f"127.0.0.1:{world.camera}"))
    return path


def deploy(world, agent, policy, seed, folder):
    run = os.path.join(folder, f"{agent}-{seed}")
    shutil.rmtree(run, ignore_errors=True)
    looks = AGENTS[agent][1]
    before = world.angle()
    begun = time.monotonic()
    process = subprocess.Popen(
        [program, "deploy", policy, "foreign_column", "-q", "-o", run, "--seed", str(seed), "--set",
         f"deploy.instrument={column(world, folder)}", "--set", f"deploy.steps={looks}", "--set",
         f"agent={AGENTS[agent][0]}"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    disturbed = None
    while process.poll() is None:
        if disturbed is None and measured(run) >= DISTURBED_AFTER:
            world.disturb()
            disturbed = measured(run)
        time.sleep(0.05)
    result = {"agent": agent, "seed": seed, "before_mrad": before, "after_mrad": world.angle(),
              "wall_s": time.monotonic() - begun, "status": process.returncode,
              "disturbed_after": disturbed, "said": process.stdout.read().strip()[-600:]}
    summary = os.path.join(run, "summary.json")
    if os.path.exists(summary):
        with open(summary, encoding="utf-8") as f:
            result["summary"] = json.load(f)
    return result


def alarms(result):
    """Right and false ones: of what was done to it, or of nothing that anybody did."""
    rows = [a["image"] for a in result.get("summary", {}).get("alarms", [])]
    after = result["disturbed_after"]
    right = sum(after is not None and row >= after - 1 for row in rows)
    return min(right, 1), len(rows) - min(right, 1)


def table(results, tuned):
    least = min(tuned)
    print(f"de-twin in tune at the same seeds: {statistics.median(tuned):.1f} mrad at the median, "
          f"{least:.1f} at least, which is called corrected here")
    print(f"{'agent':12} {'looks':>5} {'corrected':>9} {'before':>7} {'after: least':>12} "
          f"{'median':>7} {'most':>6} {'e/A2':>8} {'alarms: right':>13} {'false':>5} {'failed':>6}")
    for agent, (_, looks) in AGENTS.items():
        own = [r for r in results if r["agent"] == agent]
        if not own:
            continue
        after = sorted(r["after_mrad"] for r in own)
        good = sum(a >= least for a in after)
        dose = statistics.median(r.get("summary", {}).get("deploy", {}).get("dose_e_per_A2", 0)
                                 for r in own)
        counted = [alarms(r) for r in own]
        print(f"{agent:12} {looks:5} {good:4} of {len(own):2} "
              f"{statistics.median(r['before_mrad'] for r in own):7.1f} {after[0]:12.1f} "
              f"{statistics.median(after):7.1f} {after[-1]:6.1f} {dose:8.2g} "
              f"{sum(c[0] for c in counted):13} {sum(c[1] for c in counted):5} "
              f"{sum(r['status'] != 0 for r in own):6}")


def main():
    global program
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="2001-2020")
    parser.add_argument("--agents", default=",".join(AGENTS))
    parser.add_argument("--out", default=os.path.join(ROOT, "runs", "foreign_column"))
    parser.add_argument("--time-scale", type=float, default=100)
    parser.add_argument("--program", default=program, help="another build's")
    options = parser.parse_args()
    program = options.program
    first, last = map(int, options.seeds.split("-"))
    seeds = range(first, last + 1)
    os.makedirs(options.out, exist_ok=True)
    path = os.path.join(options.out, "results.json")
    kept = {"results": [], "tuned": {}}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            kept = json.load(f)
    scripts = environment()

    def keep():
        with open(path + ".part", "w", encoding="utf-8") as out:
            json.dump(kept, out, indent=1)
        os.replace(path + ".part", path)

    agents = options.agents.split(",")
    for agent in agents:
        policy = os.path.join(options.out, agent + ".json")
        done = ronchi("train", "foreign_column", "-q", "-o", policy, "--force", "--set",
                      f"agent={AGENTS[agent][0]}")
        if done.returncode != 0:
            sys.exit(done.stderr)
    for seed in seeds:
        if str(seed) not in kept["tuned"]:
            with World(scripts, seed, False, options.time_scale) as world:
                kept["tuned"][str(seed)] = world.angle()
                keep()
        for agent in agents:
            if any(r["agent"] == agent and r["seed"] == seed for r in kept["results"]):
                continue
            with World(scripts, seed, True, options.time_scale) as world:
                result = deploy(world, agent, os.path.join(options.out, agent + ".json"), seed,
                                options.out)
            kept["results"].append(result)
            keep()
            print(f"seed {seed} {agent}: {result['before_mrad']:.1f} to {result['after_mrad']:.1f} "
                  f"mrad, status {result['status']}", flush=True)
    table(kept["results"], list(kept["tuned"].values()))


if __name__ == "__main__":
    main()
