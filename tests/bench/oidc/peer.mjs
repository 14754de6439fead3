// `peer.mjs PORT`: npm's oidc-provider with the clients that ours is measured with, everything in memory and nothing ever
// thrown out of it. Whoever comes without a session is signed in as alice.

import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const issuer = `http://127.0.0.1:${process.argv[2]}`;
const REDIRECT = "http://127.0.0.1:1/callback";

// The one that it has by default throws away what is older than its last thousand.
const rows = new Map();
class Memory {
  constructor(model) {
    this.model = model;
  }
  key(id) {
    return `${this.model}:${id}`;
  }
  async upsert(id, payload) {
    rows.set(this.key(id), payload);
    if (payload.grantId) {
      const grant = `grant:${payload.grantId}`;
      rows.set(grant, [...(rows.get(grant) ?? []), this.key(id)]);
    }
    if (payload.uid) rows.set(`uid:${payload.uid}`, id);
  }
  async find(id) {
    return rows.get(this.key(id));
  }
  async findByUid(uid) {
    return this.find(rows.get(`uid:${uid}`));
  }
  async consume(id) {
    rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    rows.delete(this.key(id));
  }
  async revokeByGrantId(grant) {
    for (const key of rows.get(`grant:${grant}`) ?? []) rows.delete(key);
    rows.delete(`grant:${grant}`);
  }
}

const jwk = (type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg };
};

const client = (id, alg, more) => ({
  client_id: id,
  client_secret: "a secret that is long enough for everybody",
  redirect_uris: [REDIRECT],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  id_token_signed_response_alg: alg,
  token_endpoint_auth_method: "client_secret_basic",
  ...more,
});
const machine = { redirect_uris: [], response_types: [], grant_types: ["client_credentials"] };

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [
    client("bench-rs256", "RS256"),
    client("bench-es256", "ES256"),
    client("machine", "RS256", machine),
    client("machine-jwt", "ES256", machine),
  ],
  jwks: { keys: [jwk("rsa", { modulusLength: 2048 }, "RS256"), jwk("ec", { namedCurve: "P-256" }, "ES256")] },
  cookies: { keys: ["a key for cookies"] },
  scopes: ["openid", "profile", "email", "offline_access", "jobs:read"],
  claims: { profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "jobs:read",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
  // By default it wants people to be asked each time.
  issueRefreshToken: async (_ctx, one) => one.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  findAccount: (_ctx, accountId) => ({
    accountId,
    claims: async () => ({
      sub: accountId,
      name: "alice",
      preferred_username: "alice",
      email: "alice@example.org",
      email_verified: true,
    }),
  }),
  // All clients are the organisation's own: nobody is asked what they may know.
  loadExistingGrant: async (ctx) => {
    const id = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
    if (id) return ctx.oidc.provider.Grant.find(id);
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile email offline_access");
    await grant.save();
    return grant;
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  renderError: (ctx, out, error) => {
    console.error(error);
    ctx.body = out;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  ctx.respond = false;
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: "alice" } });
});

provider.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
