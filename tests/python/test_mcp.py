"""`ronchi serve --protocol mcp` against fastmcp's client: tools, pictures, and a person's word on each call that exposes."""
# needs: fastmcp
import asyncio
import base64
import importlib.util
import json
import os
import re
import signal
import subprocess
import threading
import unittest


@unittest.skipUnless(importlib.util.find_spec("fastmcp"), "fastmcp is not installed")
class TheirClient(unittest.TestCase):
    def serve(self, word):
        """The address; a person at its terminal answers each call with `word`, if it is one."""
        server = subprocess.Popen(
            [os.environ.get("RONCHI_PROGRAM", "ronchi"), "serve", "--instrument", "corrected_200kV",
             "--protocol", "mcp", "--port", "0", "--json"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for end in (server.stdin.close, server.stdout.close, server.stderr.close, server.wait):
            self.addCleanup(end)
        self.calls = []

        def person():
            for line in iter(server.stderr.readline, ""):
                if line.startswith("  {"):
                    self.calls.append(json.loads(line))
                code = re.match(r"yes ([0-9a-f]{6}) or no \1", line)
                if code and word:
                    server.stdin.write(f"{word} {code[1]}\n")
                    server.stdin.flush()

        thread = threading.Thread(target=person)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.kill)
        return server, "http://%s/mcp" % json.loads(server.stdout.readline())["serving"][0]["address"]

    def talk(self, url, *calls):
        from fastmcp import Client

        async def session():
            async with Client(url) as client:
                tools = {tool.name: tool.model_dump(by_alias=True) for tool in await client.list_tools()}
                answers = [await client.call_tool(name, arguments, raise_on_error=False)
                           for name, arguments in calls]
                return tools, answers
        return asyncio.run(session())

    def test_a_person_approves(self):
        server, url = self.serve("yes")
        tools, answers = self.talk(
            url, ("describe", {}), ("read", {"properties": ["beam.energy"]}), ("unblank", {}),
            ("set", {"property": "optics.C10", "value": "5 nm"}),
            ("scan", {"fov_nm": 2, "pixels": 32, "dwell_us": 5, "detectors": ["haadf"]}),
            ("blank", {}))
        self.assertTrue(tools["read"]["annotations"]["readOnlyHint"])
        self.assertTrue(tools["scan"]["annotations"]["destructiveHint"])
        self.assertNotIn("expose", tools)  # this twin has no camera
        for answer in answers:
            self.assertFalse(answer.is_error, answer)
        picture = answers[4].content[-1]
        self.assertEqual(picture.model_dump(by_alias=True)["mimeType"], "image/png")
        self.assertEqual(base64.b64decode(picture.data)[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual([call["verb"] for call in self.calls], ["unblank", "set", "scan"])
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(60), 0)

    def test_a_person_denies(self):
        _, url = self.serve("no")
        _, (unblank, read, blank) = self.talk(
            url, ("unblank", {}), ("read", {"properties": ["optics.C10"]}), ("blank", {}))
        self.assertTrue(unblank.is_error)
        self.assertIn("no person at the instrument approved", unblank.content[0].text)
        self.assertIn('"blanked":true', read.content[0].text)
        self.assertFalse(blank.is_error)


if __name__ == "__main__":
    unittest.main()
