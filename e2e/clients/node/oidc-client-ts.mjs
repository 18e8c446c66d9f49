// A portal that is a page only, with oidc-client-ts; this serves its files. The settings
// are those of README.
import express from "express";

const app = express();
app.use("/oidc-client-ts.mjs", express.static("node_modules/oidc-client-ts/dist/esm/oidc-client-ts.js"));
app.use("/settings.mjs", express.static("settings.mjs"));
app.use("/jwt-decode", express.static("node_modules/jwt-decode/build/esm/index.js"));
app.get("/{*path}", (req, res) => res.sendFile("spa.html", { root: "." }));
app.listen(Number(process.env.PORT), "127.0.0.1");
