"""ctest python/package: `pip install` of the package, then its tests.

    python check_python.py SOURCE VENV RONCHI_PROGRAM WRITE_TRAJECTORY BUILD_TYPE RONCHI_NATIVE CC CXX

Exit status 77, a skip, when the packages cannot be fetched, or Python's headers are missing.
"""
import os
import subprocess
import sys
import sysconfig
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "interop"))
from check_interop import SKIP, prepare_environment  # noqa: E402

PACKAGES = {"gymnasium": "gymnasium>=1.1", "ase": "ase", "nanobind": "nanobind",
            "scikit_build_core": "scikit-build-core"}


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(SKIP)


def pip(python, *words, **options):
    return subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *words], **options)


def prepare(venv):
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        skip("no Python.h; Debian's package is python3-dev")
    python = prepare_environment(venv)
    if python is None:
        sys.exit(SKIP)
    imports = "import " + ", ".join(PACKAGES)
    if subprocess.run([python, "-c", imports], capture_output=True).returncode != 0:
        done = pip(python, "install", "--quiet", *PACKAGES.values())
        if done.returncode != 0:
            skip(f"cannot install {', '.join(PACKAGES)}")
        subprocess.run([python, "-c", imports], check=True)
    for peer in peers():
        known = subprocess.run([python, "-c", f"import {peer}"], capture_output=True).returncode == 0
        if not known and pip(python, "install", "--quiet", peer).returncode != 0:
            print(f"{peer} cannot be installed: its tests are skipped", flush=True)
    return python


def peers():
    """What single tests talk to, by their lines "# needs: <package>"; without it they are skipped."""
    for name in sorted(os.listdir(HERE)):
        if name.startswith("test_") and name.endswith(".py"):
            with open(os.path.join(HERE, name), encoding="utf-8") as file:
                for line in file:
                    if line.startswith("# needs: "):
                        yield line.split()[2]


def install(python, source, native, cc, cxx):
    """Built in a folder of its own, so that one made by hand stays as it is.

    With the compilers of the build that this test belongs to, by the same names: Python knows
    others, and the compiler cache would not find again what that build has compiled.
    """
    jobs = os.environ.get("RONCHI_JOBS") or str(os.cpu_count() or 1)
    done = pip(python, "install", "--no-build-isolation", "--no-deps", "--no-index",
               "--config-settings=build-dir=build/python-test",
               f"--config-settings=cmake.define.RONCHI_NATIVE={native}", source,
               env=dict(os.environ, CMAKE_BUILD_PARALLEL_LEVEL=jobs, CC=cc, CXX=cxx),
               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + "\nthe package cannot be installed")


def main(source, venv, program, trajectory, build_type, native, cc, cxx):
    python = prepare(venv)
    install(python, source, native, cc, cxx)
    settings = {"RONCHI_PROGRAM": program, "SDL_VIDEODRIVER": "dummy"}
    if build_type == "Release":  # else the same numbers come in other roundings
        settings["RONCHI_WRITE_TRAJECTORY"] = trajectory
    with tempfile.TemporaryDirectory() as elsewhere:  # nothing of the source tree is found by luck
        done = subprocess.run([python, "-m", "unittest", "discover", "-v", "-s", HERE, "-t", HERE],
                              cwd=elsewhere, env=dict(os.environ, **settings))
    sys.exit(done.returncode)


if __name__ == "__main__":
    if len(sys.argv) != 9:
        sys.exit(__doc__)
    main(*sys.argv[1:])
