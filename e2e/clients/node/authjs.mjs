// A portal with Auth.js. The settings are those of README.
import { ExpressAuth, getSession } from "@auth/express";
import { getToken } from "@auth/core/jwt";
import express from "express";
import { settings } from "./settings.mjs";

const app = express();
app.set("trust proxy", true);
app.use(/^\/auth\/(.*)/, ExpressAuth(settings)); // it reads the group to find its own path

app.get("/", async (req, res) => {
	const session = await getSession(req, settings);
	res.send(session ? `<p>${session.user.name}, ${session.user.email}</p>` : "<p>Nobody</p>");
});

// form answers with a page that posts to Auth.js.
const form = (action) => async (req, res) => {
	const answer = await fetch(`http://${req.headers.host}/auth/csrf`);
	const { csrfToken } = await answer.json();
	res.setHeader("Set-Cookie", answer.headers.getSetCookie());
	res.send(`<form method="post" action="${action}"><input type="hidden" name="csrfToken" value="${csrfToken}"></form>`);
};
app.get("/login", form("/auth/signin/omgevingsloket-id"));
app.get("/logout", async (req, res) => {
	const token = await getToken({ req: { headers: req.headers }, secret: settings.secret });
	res.clearCookie("authjs.session-token");
	const end = new URL(`${settings.providers[0].issuer}/end_session`);
	end.search = new URLSearchParams({ id_token_hint: token.id_token, post_logout_redirect_uri: `http://${req.headers.host}/` });
	res.redirect(end.href);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
