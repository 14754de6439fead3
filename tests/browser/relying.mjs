// A relying party on the library `openid-client`, with each way to prove itself, to ask and to hold tokens that it knows. The
// person signs in once, in a real browser; see tests/browser/relying.rs.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { createServer } from "node:http";
import { code } from "./totp.mjs";
import { PASSWORD, fillAndSend, given, inABrowser, look, nextCode, press, visitor } from "./visit.mjs";

globalThis.crypto ??= webcrypto; // Debian 12's Node has it there only
const oidc = await import("openid-client");

const KINDS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
};

await inABrowser([aPersonBehindManyApps]);

async function aPersonBehindManyApps() {
  const back = new URL(given.callback);
  let seen = "";
  const app = createServer((request, response) => {
    if (request.url.startsWith(back.pathname)) seen = request.url; // and not for an icon
    response.end("<h1>The app</h1>");
  });
  await new Promise((ready) => app.listen(Number(back.port), back.hostname, ready));
  try {
    const page = await visitor();
    // Answers where the browser was sent in the end.
    const open = async (url) => {
      await page.goto(String(url));
      return new URL(seen, given.callback);
    };
    await page.goto(`${given.issuer}/login`);
    await page.fill("#username", "alice");
    await fillAndSend(page, "#current-password", PASSWORD);
    await fillAndSend(page, "#code", await code(given.secret, 0));
    for (const one of given.clients) {
      await flow(one, open).catch((error) => {
        throw new Error(`${one.name}: ${error.message} ${JSON.stringify(error.cause ?? {})}`, { cause: error });
      });
    }
    await machine(given.machine);
    await device(page, given.device);
    await stranger(page, open);
    await turnedBack(page, open);
  } finally {
    app.close();
  }
}

async function configured(one) {
  const key = one.key && {
    kid: undefined,
    key: await crypto.subtle.importKey("pkcs8", Buffer.from(one.key, "base64"), KINDS[one.keyAlg], false, ["sign"]),
  };
  const methods = {
    client_secret_basic: () => oidc.ClientSecretBasic(one.secret),
    client_secret_post: () => oidc.ClientSecretPost(one.secret),
    private_key_jwt: () => oidc.PrivateKeyJwt(key.key),
    none: () => oidc.None(),
  };
  const metadata = { id_token_signed_response_alg: one.alg, userinfo_signed_response_alg: one.userinfoAlg };
  const config = await oidc.discovery(new URL(given.issuer), one.id, metadata, methods[one.method](), {
    execute: [oidc.allowInsecureRequests],
  });
  oidc.enableNonRepudiationChecks(config);
  return { config, key };
}

async function flow(one, open) {
  const { config, key } = await configured(one);
  const DPoP = one.dpop ? oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair(one.dpop)) : undefined;
  const verifier = oidc.randomPKCECodeVerifier();
  const asked = {
    redirect_uri: given.callback,
    scope: "openid profile email offline_access",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
  };
  const url = one.par
    ? await oidc.buildAuthorizationUrlWithPAR(config, asked, { DPoP })
    : one.jar
      ? await oidc.buildAuthorizationUrlWithJAR(config, asked, key.key)
      : oidc.buildAuthorizationUrl(config, asked);
  if (one.par || one.jar) assert.equal(url.searchParams.get("scope"), null, "nothing of it is in the address");
  const came = await open(url);
  const checks = { pkceCodeVerifier: verifier, expectedState: asked.state, expectedNonce: asked.nonce };
  const tokens = await oidc.authorizationCodeGrant(config, came, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, one.dpop ? "dpop" : "bearer");
  const { sub, acr } = tokens.claims();
  assert.equal(acr, "urn:twolatch:acr:3");
  assert.equal(tokens.access_token.split(".").length, one.jwt ? 3 : 1);
  const told = await oidc.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
  assert.equal(told.preferred_username, "alice");

  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(next.claims().sub, sub);
  assert.equal(next.refresh_token === tokens.refresh_token, Boolean(one.keeps));
  if (one.method !== "none") {
    const worth = await oidc.tokenIntrospection(config, next.access_token);
    assert.equal(worth.active, true);
    assert.equal(Boolean(worth.cnf?.jkt), Boolean(one.dpop));
  }
  await oidc.tokenRevocation(config, next.refresh_token);
  await assert.rejects(oidc.fetchUserInfo(config, next.access_token, sub, { DPoP }), "what came of it is gone");
  await assert.rejects(oidc.refreshTokenGrant(config, next.refresh_token, undefined, { DPoP }), { error: "invalid_grant" });
}

async function machine(one) {
  const { config } = await configured(one);
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  const tokens = await oidc.clientCredentialsGrant(config, { scope: "jobs:read" }, { DPoP });
  const worth = await oidc.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual([worth.active, worth.scope, worth.token_type], [true, "jobs:read", "DPoP"]);
  await oidc.tokenRevocation(config, tokens.access_token);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false);
}

// A device without a browser shows a code, which the person types in one.
async function device(page, one) {
  const { config } = await configured(one);
  const asked = await oidc.initiateDeviceAuthorization(config, { scope: "openid profile offline_access" });
  const polling = oidc.pollDeviceAuthorizationGrant(config, asked);
  await page.goto(`${given.issuer}/device`);
  await fillAndSend(page, "#user_code", "BCDF-GHJK");
  await look(page, "device-unknown", "Sign in on a device");
  await page.goto(asked.verification_uri_complete);
  assert.equal(await page.inputValue("#user_code"), asked.user_code);
  await look(page, "device", "Sign in on a device");
  await page.click("text=Continue on your phone");
  assert.equal(await page.textContent("main code"), asked.verification_uri_complete);
  await look(page, "device-phone", "Sign in on a device");
  await press(page, "main form button[type=submit]");
  // Signed in, but not just now.
  await look(page, "device-second-factor", "Confirm that it is you");
  await fillAndSend(page, "#code", await nextCode(given.secret));
  await look(page, "device-confirm", "Let An app sign in?");
  assert.match(await page.textContent("main"), new RegExp(asked.user_code));
  await press(page, "main form button[value=allow]");
  assert.match(await page.textContent(".said"), /Your device is signed in to An app/);
  const tokens = await polling;
  const told = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(told.preferred_username, "alice");
  await oidc.refreshTokenGrant(config, tokens.refresh_token);

  const other = await oidc.initiateDeviceAuthorization(config, { scope: "openid" });
  await page.goto(other.verification_uri_complete);
  await press(page, "main form button[type=submit]");
  await press(page, "main form button[value=deny]");
  await assert.rejects(oidc.pollDeviceAuthorizationGrant(config, other), { error: "access_denied" });
}

// An app that registers itself is nobody's that one knows: people are asked, see what it has of them, and take that back.
async function stranger(page, open) {
  const metadata = { client_name: "Their wiki", logo_uri: given.logo, redirect_uris: [given.callback], token_endpoint_auth_method: "client_secret_post", grant_types: ["authorization_code", "refresh_token"] };
  const config = await oidc.dynamicClientRegistration(new URL(given.issuer), metadata, undefined, {
    initialAccessToken: given.initial,
    execute: [oidc.allowInsecureRequests],
  });
  const ask = async (answer) => {
    const verifier = oidc.randomPKCECodeVerifier();
    const code_challenge = await oidc.calculatePKCECodeChallenge(verifier);
    const scope = "openid email groups offline_access";
    const asked = { redirect_uri: given.callback, scope, state: "s", code_challenge, code_challenge_method: "S256" };
    await page.goto(String(oidc.buildAuthorizationUrl(config, asked)));
    await look(page, "consent", "Let Their wiki know you?");
    const logo = page.locator("main img");
    assert.deepEqual(await logo.evaluate((image) => [image.naturalWidth, image.alt, new URL(image.src).origin]), [96, "", given.issuer]);
    const shown = await page.textContent("main");
    assert.match(shown, /Not verified/);
    assert.match(shown, /Your mail address/);
    assert.doesNotMatch(shown, /groups/);
    await press(page, `main form button[value=${answer}]`);
    return oidc.authorizationCodeGrant(config, await open(page.url()), { pkceCodeVerifier: verifier, expectedState: "s" });
  };
  await assert.rejects(ask("deny"), { error: "access_denied" });
  const tokens = await ask("allow");
  const told = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.deepEqual([told.email, told.groups], ["alice@example.org", undefined]);
  await page.goto(`${given.issuer}/account/apps`);
  await look(page, "account-apps", "Apps");
  const own = page.locator("li", { hasText: new URL(given.callback).host }).last();
  await Promise.all([page.waitForNavigation(), own.locator("button").click()]);
  assert.match(await page.textContent(".said"), /The app has nothing of you any more/);
  await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub));
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
}

// Somebody who does not want to sign in is back at the app, which is told so.
async function turnedBack(page, open) {
  await page.context().clearCookies();
  const { config } = await configured(given.clients[0]);
  const verifier = oidc.randomPKCECodeVerifier();
  const challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const asked = { redirect_uri: given.callback, scope: "openid", state: "s", code_challenge: challenge, code_challenge_method: "S256" };
  await page.goto(String(oidc.buildAuthorizationUrl(config, asked)));
  await page.click("text=Cancel and go back");
  const came = await open(page.url());
  const checks = { pkceCodeVerifier: verifier, expectedState: "s" };
  await assert.rejects(oidc.authorizationCodeGrant(config, came, checks), { error: "access_denied" });
}
