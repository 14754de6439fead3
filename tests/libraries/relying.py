"""Web apps made with PyPI's requests-oauth2client and Authlib, and somebody who signs in to them without a browser's window.

Reads from standard input where everything is, as JSON; says at the end what was done."""

import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging"))

from authlib.integrations.requests_client import OAuth2Session
from cryptography.hazmat.primitives.serialization import load_der_private_key
from demo_browser import Browser
from joserfc import jwt
from joserfc.jwk import KeySet
import requests
from jwskate import Jwk
from requests_oauth2client import (
    ClientSecretPost,
    DeviceAuthorizationPollingJob,
    InvalidGrant,
    OAuth2Client,
    PrivateKeyJwt,
)

given = json.load(sys.stdin)
ISSUER, CALLBACK = given["issuer"], given["callback"]
SCOPE = "openid profile email offline_access"
came = []


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        came.append(CALLBACK.split("/callback")[0] + self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>The app</h1>")

    def log_message(self, *_):
        pass


def code():
    key = base64.b32decode(given["secret"])
    step = int(time.time()) // 30
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def signed_in():
    browser = Browser()
    page = browser.open(f"{ISSUER}/login")
    page = browser.submit(page, username="alice", password=given["password"])
    page = browser.submit(page, code=code())
    assert page.status == 200 and page.url.startswith(f"{ISSUER}/account"), str(page)
    return browser


def back_from(browser, url):
    browser.open(url)
    return came.pop()


def client_of(one, **more):
    if one.get("key"):
        key = load_der_private_key(base64.b64decode(one["key"]), None)
        auth = PrivateKeyJwt(one["id"], Jwk({**Jwk(key), "kid": "any", "alg": one["keyAlg"]}))
    else:
        auth = ClientSecretPost(one["id"], one["secret"])
    return OAuth2Client.from_discovery_endpoint(
        issuer=ISSUER, auth=auth, redirect_uri=CALLBACK, testing=True, id_token_signed_response_alg=one["alg"], **more
    )


def signs_in_with_requests_oauth2client(browser, one, *, par=False, dpop=False):
    client = client_of(one, dpop_bound_access_tokens=dpop)
    asked = client.authorization_request(scope=SCOPE, dpop=dpop)
    url = client.pushed_authorization_request(asked).uri if par else asked.uri
    answer = asked.validate_callback(back_from(browser, url))
    # Version 1.8.0 cannot check the ID token beside a bound access token: it loses the key on the way.
    tokens = client.authorization_code(answer, validate=not dpop)
    assert tokens.token_type.lower() == ("dpop" if dpop else "bearer"), tokens.token_type
    if not dpop:
        assert tokens.id_token.acr == "urn:twolatch:acr:3"
    told = client.userinfo(tokens)
    assert told["preferred_username"] == "alice", told
    fresh = client.refresh_token(tokens.refresh_token)
    assert client.introspect_token(fresh.access_token)["active"] is True
    assert client.revoke_refresh_token(fresh.refresh_token) is True
    try:
        client.refresh_token(fresh.refresh_token)
        raise AssertionError("a refresh token that was taken back is good")
    except InvalidGrant:
        pass
    assert client.introspect_token(fresh.access_token)["active"] is False


def asks_for_itself(one):
    client = client_of(one)
    worth = client.introspect_token(client.client_credentials(scope="jobs:read").access_token)
    assert (worth["active"], worth["scope"]) == (True, "jobs:read"), worth


def lets_a_device_in(browser, one):
    client = client_of(one, device_authorization_endpoint=f"{ISSUER}/device_authorization")
    asked = client.authorize_device(scope=SCOPE)
    page = browser.open(asked.verification_uri_complete)
    page = browser.submit(page)
    if "name=\"code\"" in page.text:
        time.sleep(30 - time.time() % 30 + 0.1)  # this one was used at the sign-in
        page = browser.submit(page, code=code())
    assert asked.user_code in page.text, page.text
    page = browser.submit(page, answer="allow")
    job = DeviceAuthorizationPollingJob(client, asked)
    tokens = None
    while tokens is None:
        tokens = job()
    assert client.userinfo(tokens)["preferred_username"] == "alice"


def signs_in_with_authlib(browser, one):
    about = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
    session = OAuth2Session(
        one["id"], one["secret"], scope=SCOPE, redirect_uri=CALLBACK, code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post", revocation_endpoint_auth_method="client_secret_post",
    )
    verifier = "v" * 64
    url, state = session.create_authorization_url(about["authorization_endpoint"], code_verifier=verifier, nonce="n")
    answer = back_from(browser, url)
    tokens = session.fetch_token(about["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier)
    keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=10).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=[one["alg"]]).claims
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": one["id"]},
        nonce={"essential": True, "value": "n"}, exp={"essential": True},
    )
    rules.validate(claims)
    assert session.get(about["userinfo_endpoint"]).json()["email"] == "alice@example.org"
    before = session.token["access_token"]
    session.refresh_token(about["token_endpoint"])
    assert session.token["access_token"] != before
    session.revoke_token(about["revocation_endpoint"], token=session.token["refresh_token"])
    assert session.get(about["userinfo_endpoint"]).status_code == 401


port = int(CALLBACK.split(":")[2].split("/")[0])
app = http.server.ThreadingHTTPServer(("127.0.0.1", port), App)
threading.Thread(target=app.serve_forever, daemon=True).start()
browser = signed_in()
signs_in_with_requests_oauth2client(browser, given["post"])
signs_in_with_requests_oauth2client(browser, given["keyed"], par=True)
signs_in_with_requests_oauth2client(browser, given["post"], dpop=True)
signs_in_with_authlib(browser, given["post"])
asks_for_itself(given["machine"])
lets_a_device_in(browser, given["device"])
print("all did")
