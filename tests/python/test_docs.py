"""The examples of docs/python.md run as they stand, without a warning."""
import contextlib
import io
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "python.md")


class Examples(unittest.TestCase):
    def test_every_block(self):
        with open(PAGE, encoding="utf-8") as file:
            blocks = re.findall(r"^```python\n(.*?)^```", file.read(), re.M | re.S)
        self.assertGreaterEqual(len(blocks), 4)
        for block in blocks:
            with self.subTest(block.splitlines()[0]):
                if "stable_baselines3" in block:
                    with contextlib.redirect_stderr(io.StringIO()):
                        try:
                            import stable_baselines3  # noqa: F401
                        except ImportError:
                            continue
                done = subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", block],
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotEqual(done.stdout, "")
                if "stable_baselines3" not in block:
                    self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
