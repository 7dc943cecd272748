#!/usr/bin/env python3
"""A first login: what an application does, in one file and without a library.

Reads the client's Secret by kubectl, sends your browser to the server (authorization code with PKCE, RFC 7636), takes the code, gets the tokens and prints what the
ID token says. Usage: login.py [NAMESPACE [SECRET [CALLBACK]]]; default: demo shop-client-secret http://127.0.0.1:8081/callback. It prints no secret and no token.
"""
import base64, hashlib, http.server, json, secrets, subprocess, sys, urllib.error, urllib.parse, urllib.request, webbrowser

DEFAULTS = ["demo", "shop-client-secret", "http://127.0.0.1:8081/callback"]
namespace, name, callback = (sys.argv[1:] + DEFAULTS[len(sys.argv) - 1:])[:3]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_secret():
    try:
        found = subprocess.run(["kubectl", "-n", namespace, "get", "secret", name, "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        sys.exit("kubectl is not on your PATH")
    if found.returncode != 0:
        sys.exit(f"{found.stderr.strip()}\nNo credentials without that Secret. What keeps the client: kubectl -n {namespace} describe authclients. "
                 "Another one: login.py NAMESPACE SECRET")
    return json.loads(found.stdout)["data"]


def ask(request, where):
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{where} answers {error.code}: {error.read().decode(errors='replace')}")
    except (OSError, ValueError) as error:
        sys.exit(f"{where} cannot be reached: {getattr(error, 'reason', error)}. Where its address is a loopback one, this has to run in another shell: "
                 f"kubectl -n identity port-forward service/main {urllib.parse.urlsplit(where).port or 80}:80")


secret = read_secret()
client_id, client_secret, issuer = (base64.b64decode(secret[key]).decode() for key in ("client_id", "client_secret", "issuer"))
server = ask(issuer + "/.well-known/openid-configuration", issuer)

verifier, state, nonce = (encode(secrets.token_bytes(32)) for _ in range(3))
url = server["authorization_endpoint"] + "?" + urllib.parse.urlencode({
    "response_type": "code", "client_id": client_id, "redirect_uri": callback, "scope": "openid profile email", "state": state, "nonce": nonce,
    "code_challenge": encode(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "S256"})


class Callback(http.server.BaseHTTPRequestHandler):
    answer = None

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        is_answer = parts.path == urllib.parse.urlsplit(callback).path
        self.send_response(200 if is_answer else 404)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        if is_answer:
            Callback.answer = dict(urllib.parse.parse_qsl(parts.query))
            self.wfile.write(b"Done. Look at your terminal.\n")

    def log_message(self, *_):
        pass


try:
    listener = http.server.HTTPServer(("127.0.0.1", urllib.parse.urlsplit(callback).port), Callback)
except OSError as error:
    sys.exit(f"nothing can listen at {callback}: {error.strerror}. Stop what does, or let the client and this script have another: redirectUris, and login.py {namespace} {name} CALLBACK")
with listener:
    print("Log in at", url, flush=True)
    webbrowser.open(url)
    while Callback.answer is None:
        listener.handle_request()

got = Callback.answer
if "code" not in got or got.get("state") != state or got.get("iss", issuer) != issuer:
    sys.exit("refused: " + got.get("error", "the answer is not to this request") + " " + got.get("error_description", ""))
# RFC 6749 §2.3.1: both are form-encoded before they are put together.
basic = base64.b64encode(":".join(urllib.parse.quote(part, safe="") for part in (client_id, client_secret)).encode()).decode()
form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": got["code"], "redirect_uri": callback, "code_verifier": verifier}).encode()
tokens = ask(urllib.request.Request(server["token_endpoint"], form, {"Authorization": "Basic " + basic}), server["token_endpoint"])
# Straight from the token endpoint, so its signature need not be checked (OpenID Connect Core §3.1.3.7); the nonce must be.
claims = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))
if claims.get("nonce") != nonce:
    sys.exit("refused: the ID token is not for this login")
print(json.dumps(claims, indent=2))
