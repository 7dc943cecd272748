"""An API behind bearer tokens: it checks RFC 9068 access tokens offline, by the issuer's JWKS, with PyJWT.

Settings come from the environment: ISSUER, AUDIENCE, SCOPE (the one that it asks for). It prints one line, `listening http://127.0.0.1:PORT`.
GET / answers 200 with what it read from the token, 401 for a token that does not hold, 403 for a missing scope (RFC 6750 section 3.1).
"""

import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

ISSUER, AUDIENCE, SCOPE = (os.environ[name] for name in ("ISSUER", "AUDIENCE", "SCOPE"))


def metadata():
    """RFC 8414 section 3.1: the well-known part goes between the host and the issuer's path."""
    with urllib.request.urlopen(f"{ISSUER}/.well-known/openid-configuration", timeout=10) as answer:
        document = json.load(answer)
    assert document["issuer"] == ISSUER, document["issuer"]
    return document


keys = jwt.PyJWKClient(metadata()["jwks_uri"], timeout=10)


def check(token):
    """RFC 9068 section 4; raises jwt.PyJWTError when the token does not hold."""
    if jwt.get_unverified_header(token).get("typ") not in ("at+jwt", "application/at+jwt"):
        raise jwt.InvalidTokenError("not an access token: typ is not at+jwt")
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["ES256", "RS256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
    )


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return self.answer(401, {"error": "missing_token"})
        try:
            claims = check(token)
        except jwt.PyJWTError as refused:
            return self.answer(401, {"error": "invalid_token", "why": f"{type(refused).__name__}: {refused}"})
        if SCOPE not in claims.get("scope", "").split():
            return self.answer(403, {"error": "insufficient_scope", "scope": claims.get("scope")})
        return self.answer(200, claims)

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Quiet: a failed test prints what it asked and was answered."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
print(f"listening http://127.0.0.1:{server.server_address[1]}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
