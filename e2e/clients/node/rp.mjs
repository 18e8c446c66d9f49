// One login by a relying party that uses openid-client. The settings are JSON in the
// first argument; the test logs in, over standard input and output:
//
//   out  {"authorize": URL}    where to send the person
//   in   URL                   where the person came back
//   out  {"claims": …}         what came of it, or {"error": code}
//
// All endpoints come from discovery.
import * as readline from "node:readline";
import * as oidc from "openid-client";

const settings = JSON.parse(process.argv[2]);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

const authentication = {
	none: () => oidc.None(),
	client_secret_basic: () => oidc.ClientSecretBasic(settings.secret),
	client_secret_post: () => oidc.ClientSecretPost(settings.secret),
	private_key_jwt: async () => {
		const key = await crypto.subtle.importKey("jwk", settings.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
		return oidc.PrivateKeyJwt({ key, kid: settings.key.kid });
	},
};

const config = await oidc.discovery(
	new URL(settings.issuer), settings.client_id, { id_token_signed_response_alg: settings.alg },
	await authentication[settings.method](),
	{ execute: [oidc.allowInsecureRequests] }, // http on this machine
);

const checks = {
	pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
	expectedState: oidc.randomState(),
	expectedNonce: oidc.randomNonce(),
	idTokenExpected: true,
};
const parameters = {
	redirect_uri: settings.redirect_uri,
	scope: settings.scope,
	state: checks.expectedState,
	nonce: checks.expectedNonce,
	code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
	code_challenge_method: "S256",
	...settings.parameters,
};
if (parameters.max_age !== undefined) checks.maxAge = Number(parameters.max_age);

say({ authorize: oidc.buildAuthorizationUrl(config, parameters).href });
const { value: callback } = await lines.next();

// code returns the error code of an error of any of the library's classes.
const code = (e) => e.error ?? e.cause?.[0]?.parameters?.error ?? e.code ?? String(e);

const userinfo = (tokens) =>
	oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub).catch((e) => ({ error: code(e) }));

try {
	const tokens = await oidc.authorizationCodeGrant(config, new URL(callback), checks);
	const told = { claims: tokens.claims(), userinfo: await userinfo(tokens), expires_in: tokens.expires_in };
	if (settings.replay) {
		told.replay = await oidc.authorizationCodeGrant(config, new URL(callback), checks).then(() => "accepted", code);
	} else {
		await oidc.tokenRevocation(config, tokens.access_token);
	}
	told.after = await userinfo(tokens);
	told.logout = oidc.buildEndSessionUrl(config, {
		id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.post_logout_redirect_uri, state: "out",
	}).href;
	say(told);
} catch (e) {
	say({ error: code(e), message: e.message });
}
process.exit(0);
