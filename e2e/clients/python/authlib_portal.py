"""A portal with Authlib. The settings are those of README."""

import os
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session

app = Flask(__name__)
app.secret_key = "a secret of the test"
oauth = OAuth(app)
with open("settings.py") as f:
    exec(f.read())

portal = os.environ["BASE"]


@app.get("/")
def home():
    return f"<p>{session.get('name', 'Nobody')}</p>"


@app.get("/login")
def login():
    return oauth.omgevingsloket_id.authorize_redirect(portal + "/callback")


@app.get("/callback")
def callback():
    token = oauth.omgevingsloket_id.authorize_access_token()
    session["name"] = oauth.omgevingsloket_id.userinfo(token=token)["name"]
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.get("/logout")
def logout():
    end = oauth.omgevingsloket_id.load_server_metadata()["end_session_endpoint"]
    hint = session.pop("id_token")
    session.clear()
    return redirect(end + "?" + urlencode({"id_token_hint": hint, "post_logout_redirect_uri": portal + "/"}))


app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
