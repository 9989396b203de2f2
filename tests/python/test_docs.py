"""The examples of docs/python.md run as they stand, without a warning."""
import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "python.md")
# What a block needs that not everybody has installed, by a word in it.
PEERS = [("stable_baselines3", "stable_baselines3"), ("ronchi.generator", "gest_api")]


def installed(module):
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


class Examples(unittest.TestCase):
    def test_every_block(self):
        with open(PAGE, encoding="utf-8") as file:
            blocks = re.findall(r"^```python\n(.*?)^```", file.read(), re.M | re.S)
        self.assertGreaterEqual(len(blocks), 4)
        for block in blocks:
            with self.subTest(block.splitlines()[0]):
                with contextlib.redirect_stderr(io.StringIO()):
                    if any(peer in block and not installed(module) for peer, module in PEERS):
                        continue
                done = subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", block],
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotEqual(done.stdout, "")
                if "stable_baselines3" not in block:
                    self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
