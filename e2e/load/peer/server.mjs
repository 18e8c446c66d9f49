// The peer of `make bench`: oidc-provider, with everything it keeps in Redis. A new visitor is
// logged in at once, as a new account; sessions, codes, tokens and checks are the library's own.
//
// PORT, REDIS_URL and CLIENTS (JSON, clients as the library takes them) are the environment.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Redis from "ioredis";
import Provider from "oidc-provider";

const redis = new Redis(process.env.REDIS_URL);

// Of these models a grant's revocation removes the instances.
const grantable = new Set(["AccessToken", "AuthorizationCode", "RefreshToken"]);

// Store is the adapter of one model. An instance is a hash: its payload, and when it was consumed.
class Store {
	constructor(model) {
		this.model = model;
	}

	key(id) {
		return `${this.model}:${id}`;
	}

	async upsert(id, payload, expiresIn) {
		const key = this.key(id);
		const batch = redis.multi().hset(key, "payload", JSON.stringify(payload));
		if (expiresIn) batch.expire(key, expiresIn);
		if (payload.uid) batch.set(`uid:${payload.uid}`, id, "EX", expiresIn);
		if (payload.grantId && grantable.has(this.model)) {
			const members = `grant:${payload.grantId}`;
			batch.rpush(members, key).expire(members, expiresIn, "NX").expire(members, expiresIn, "GT");
		}
		await batch.exec();
	}

	async find(id) {
		const [payload, consumed] = await redis.hmget(this.key(id), "payload", "consumed");
		return payload ? { ...JSON.parse(payload), consumed: consumed ? Number(consumed) : undefined } : undefined;
	}

	async findByUid(uid) {
		const id = await redis.get(`uid:${uid}`);
		return id ? this.find(id) : undefined;
	}

	async consume(id) {
		await redis.hset(this.key(id), "consumed", Math.floor(Date.now() / 1000));
	}

	async destroy(id) {
		await redis.del(this.key(id));
	}

	async revokeByGrantId(grantId) {
		const members = `grant:${grantId}`;
		await redis.del(members, ...(await redis.lrange(members, 0, -1)));
	}
}

const key = (type, options, alg) => ({
	...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg,
});

const issuer = `http://127.0.0.1:${process.env.PORT}`;
const provider = new Provider(issuer, {
	adapter: Store,
	clients: JSON.parse(process.env.CLIENTS),
	jwks: { keys: [key("ec", { namedCurve: "P-256" }, "ES256"), key("rsa", { modulusLength: 2048 }, "RS256")] },
	cookies: { keys: [randomUUID()] },
	claims: { openid: ["sub"], email: ["email", "email_verified"] },
	features: { devInteractions: { enabled: false } },
	interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
	ttl: { AccessToken: 900, AuthorizationCode: 60, Grant: 43200, IdToken: 300, Interaction: 3600, Session: 43200 },
	findAccount: (_, sub) => ({
		accountId: sub,
		claims: async () => ({ sub, email: `${sub}@example.com`, email_verified: true }),
	}),
	// Clients are first parties: nobody is asked for consent.
	async loadExistingGrant({ oidc }) {
		const id = oidc.session.grantIdFor(oidc.client.clientId);
		if (id) return oidc.provider.Grant.find(id);
		const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
		grant.addOIDCScope("openid email");
		await grant.save();
		return grant;
	},
});

const library = provider.callback();
createServer((request, response) => {
	if (!request.url.startsWith("/interaction/")) return library(request, response);
	provider.interactionFinished(request, response, { login: { accountId: randomUUID() } })
		.catch((error) => response.writeHead(500).end(String(error)));
}).listen(Number(process.env.PORT), "127.0.0.1");
