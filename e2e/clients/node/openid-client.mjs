// A portal with openid-client. The settings are those of README.
import express from "express";
import session from "express-session";
import * as oidc from "openid-client";
import { config, parameters, postLogout } from "./settings.mjs";

const app = express();
app.use(session({ secret: "a secret of the test", resave: false, saveUninitialized: false }));
app.get("/login", async (req, res) => {
	const verifier = oidc.randomPKCECodeVerifier();
	req.session.checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
	res.redirect(oidc.buildAuthorizationUrl(config, {
		...parameters, state: req.session.checks.expectedState, nonce: req.session.checks.expectedNonce,
		code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
	}).href);
});
app.get("/callback", async (req, res) => {
	const tokens = await oidc.authorizationCodeGrant(config, new URL(req.url, parameters.redirect_uri), req.session.checks);
	const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
	Object.assign(req.session, { name: info.name, idToken: tokens.id_token });
	res.redirect("/");
});
app.get("/", (req, res) => res.send(`<p>${req.session.name ?? "Nobody"}</p>`));
app.get("/logout", (req, res) => {
	const to = oidc.buildEndSessionUrl(config, { id_token_hint: req.session.idToken, post_logout_redirect_uri: postLogout });
	req.session.destroy(() => res.redirect(to.href));
});
app.listen(Number(process.env.PORT), "127.0.0.1");
