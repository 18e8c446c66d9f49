// A portal with passport-openidconnect. The settings are those of README.
import express from "express";
import session from "express-session";
import passport from "passport";
import { Strategy } from "passport-openidconnect";
import { logout, settings } from "./settings.mjs";

passport.use(new Strategy(settings, (issuer, profile, context, idToken, done) => done(null, { name: profile.displayName, idToken })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: "a secret of the test", resave: false, saveUninitialized: false }), passport.session());
app.get("/login", passport.authenticate("openidconnect"));
app.get("/callback", passport.authenticate("openidconnect", { successRedirect: "/" }));
app.get("/", (req, res) => res.send(`<p>${req.user?.name ?? "Nobody"}</p>`));
app.get("/logout", (req, res, next) => {
	const hint = req.user.idToken;
	req.logout((err) => (err ? next(err) : res.redirect(logout(hint))));
});
app.listen(Number(process.env.PORT), "127.0.0.1");
