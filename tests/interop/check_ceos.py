"""ctest interop/ceos: both ends of CEOS' wire against netstrings that others wrote.

    python check_ceos.py INTEROP_CEOS_PEER VENV_FOLDER

Makes the virtual environment when it is missing (reused when present). Exit status 77, a skip, when
the packages cannot be fetched.
"""
import json
import os
import socket
import subprocess
import sys
import unittest

from check_interop import enter_environment

PACKAGES = ["pynetstring==0.5", "twisted"]
peer = ""


def request(method, params=None, number=1):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})


class TheirClients(unittest.TestCase):
    """pynetstring, as clients of correctors use it, and Twisted, against our server."""

    def setUp(self):
        self.served = subprocess.Popen([peer, "serve"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.port = int(self.served.stdout.readline())

    def tearDown(self):
        self.served.communicate()
        self.assertEqual(self.served.returncode, 0)

    def ask(self, method, params=None):
        """A connection for each call, the same id each time."""
        import pynetstring
        decoder = pynetstring.Decoder()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as link:
            link.sendall(pynetstring.encode(request(method, params)))
            while True:
                answers = decoder.feed(link.recv(7))
                if answers:
                    return json.loads(answers[0])

    def test_pynetstring(self):
        self.assertIn("A1", self.ask("getInfo")["result"]["aberrations"])
        self.assertEqual(self.ask("measureC1A1")["result"]["A1"], [8e-9, -5e-9])
        # As BEACON sends it: value and target given, select null.
        done = self.ask("correctAberration", {"name": "A1", "value": [8e-9, -5e-9],
                                              "target": [0, 0], "select": None})
        self.assertIn("result", done)
        self.assertEqual(self.ask("measureC1A1")["result"]["A1"], [0, 0])
        self.ask("correctAberration", {"name": "C1", "value": [4e-9, 0], "select": ""})
        self.assertEqual(self.ask("measureC1A1")["result"]["C1"], [0])
        tableau = self.ask("acquireTableau", {"tabType": "Fast", "angle": 18})["result"]
        self.assertAlmostEqual(tableau["coefficients"]["B2"][0], 1e-8, delta=1e-20)
        self.assertEqual(self.ask("correctAberration", {"name": "A9"})["error"]["code"], -32602)
        self.assertEqual(self.ask("nonsense")["error"]["code"], -32601)

    def test_twisted_pipelined(self):
        from twisted.internet import protocol, reactor
        from twisted.protocols.basic import NetstringReceiver
        answers = []

        class Client(NetstringReceiver):
            def connectionMade(self):
                for number, method in enumerate(["getInfo", "measureC1A1", "acquireTableau"] * 20):
                    self.sendString(request(method, number=number).encode())

            def stringReceived(self, answer):
                answers.append(json.loads(answer))
                if len(answers) == 60:
                    self.transport.loseConnection()

            def connectionLost(self, reason=None):
                reactor.stop()

        factory = protocol.ClientFactory()
        factory.protocol = Client
        reactor.connectTCP("127.0.0.1", self.port, factory)
        reactor.callLater(60, lambda: reactor.running and reactor.stop())
        reactor.run()
        self.assertEqual([a["id"] for a in answers], list(range(60)))
        self.assertTrue(all("result" in a for a in answers))


THEIR_SERVER = '''
import json, sys
from twisted.internet import protocol, reactor
from twisted.protocols.basic import NetstringReceiver

state = {"C1": [1e-9], "A1": [2e-9, 3e-9], "B2": [4e-9, 0.0]}

class Corrector(NetstringReceiver):
    def stringReceived(self, string):
        asked = json.loads(string)
        params, answer = asked["params"], {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] == "getInfo":
            answer["result"] = {"correctorType": "of Twisted", "version": 4}
        elif asked["method"] == "measureC1A1":
            answer["result"] = {name: state[name] for name in ("C1", "A1")}
        elif asked["method"] == "acquireTableau":
            assert params == {"tabType": "Standard", "angle": 18.0}, params
            answer["result"] = {"coefficients": state}
        elif params["name"] not in state:
            answer["error"] = {"code": -32000, "message": "no " + params["name"]}
        else:
            for i in range(len(state[params["name"]])):
                state[params["name"]][i] += params["target"][i] - params["value"][i]
            answer["result"] = None
        self.sendString(json.dumps(answer).encode())

factory = protocol.ServerFactory()
factory.protocol = Corrector
print(reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port, flush=True)
reactor.run()
'''


class TheirServer(unittest.TestCase):
    def test_our_driver_drives_it(self):
        with subprocess.Popen([sys.executable, "-c", THEIR_SERVER], stdout=subprocess.PIPE,
                              text=True) as server:
            try:
                at = f"127.0.0.1:{int(server.stdout.readline())}"
                done = subprocess.run([peer, "drive", at], capture_output=True, text=True,
                                      timeout=120)
            finally:
                server.kill()
        self.assertEqual(done.returncode, 0, done.stderr)
        a, b, c, d, defocus, tableau, refused = json.loads(done.stdout)
        self.assertEqual((a, b), ({"optics.C12.a": 5e-9}, {"optics.C12.b": -3e-9}))
        self.assertEqual(d, {"optics.C10": 2e-9})
        self.assertAlmostEqual(c["optics.C21.a"], 6e-9, delta=1e-24)  # a third has no such double
        for name, expected in {"C10": 3e-9, "C12.a": 7e-9, "C12.b": 0}.items():
            self.assertAlmostEqual(defocus[name], expected, delta=1e-21)
            self.assertAlmostEqual(tableau[name], expected, delta=1e-21)
        self.assertAlmostEqual(tableau["C21.a"], 3 * 4e-9 + 6e-9, delta=1e-20)
        self.assertEqual(refused["kind"], "hardware")
        self.assertIn("no A2 (-32000)", refused["cause"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    peer = os.path.abspath(sys.argv[1])
    enter_environment(sys.argv[2], PACKAGES, "pynetstring, twisted.protocols.basic")
    unittest.main(argv=sys.argv[:1], verbosity=2)
