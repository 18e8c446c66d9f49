package clients

import (
	"archive/zip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

//go:embed java
var javaFiles embed.FS

// spring builds the portal of the folder java and starts it.
func spring(t *testing.T, r *run) {
	t.Helper()
	if err := os.CopyFS(r.dir, javaFiles); err != nil {
		t.Fatal(err)
	}
	r.dir = filepath.Join(r.dir, "java")
	command(t, r.dir, testenv.Tool(t, "mvn"), "-q", "-B", "-ntp", "package")
	own := r.file(t, "application.yaml", r.settings[0])
	p := testenv.StartIn(t, r.dir, testenv.Tool(t, "java"), []string{
		"-Xmx256m", "-jar", "target/portal.jar", "--server.address=127.0.0.1", "--server.port=" + r.port(), "--spring.config.additional-location=file:" + own,
	})
	slow(p, r.base+"/")
}

const keycloakVersion = "26.5.6"

// keycloak starts Keycloak, with a realm that has our identity provider, and a portal
// behind it.
func keycloak(t *testing.T, r *run) {
	t.Helper()
	command(t, r.dir, testenv.Tool(t, "mvn"), "-q", "-B", "-ntp", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
		"-Dartifact=org.keycloak:keycloak-quarkus-dist:"+keycloakVersion+":zip", "-DoutputDirectory="+r.dir)
	name := "keycloak-" + keycloakVersion
	unzip(t, filepath.Join(r.dir, "keycloak-quarkus-dist-"+keycloakVersion+".zip"), r.dir)
	at, err := url.Parse(r.broker)
	if err != nil {
		t.Fatal(err)
	}
	realm, err := json.Marshal(map[string]any{
		"realm": "portals", "enabled": true, "sslRequired": "none", "identityProviders": []json.RawMessage{json.RawMessage(r.settings[0])},
		"clients": []map[string]any{{
			"clientId": "behind", "secret": "behind-keycloak", "redirectUris": []string{r.base + "/callback"},
			"attributes": map[string]string{"post.logout.redirect.uris": r.base + "/"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(r.dir, name, "data", "import"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.file(t, filepath.Join(name, "data", "import", "portals-realm.json"), string(realm))
	issuer := r.broker + "/realms/portals"
	p := testenv.StartIn(t, r.dir, filepath.Join(r.dir, name, "bin", "kc.sh"), []string{
		"start-dev", "--import-realm", "--http-host=127.0.0.1", "--http-port=" + at.Port(), "--hostname=" + r.broker,
	}, "JAVA_OPTS_KC_HEAP=-Xms64m -Xmx512m")
	slow(p, issuer+"/.well-known/openid-configuration")
	startBrokered(t, r, issuer, "behind", "behind-keycloak", func(raw string) string {
		return issuer + "/protocol/openid-connect/logout?" + url.Values{"id_token_hint": {raw}, "post_logout_redirect_uri": {r.base + "/"}}.Encode()
	}, "kc_idp_hint", "omgevingsloket-id")
}

// slow waits for a server of Java, which takes longer to start than any other.
func slow(p *testenv.Process, ready string) {
	for range 30 { // times Patience
		if p.Ready(ready) == nil {
			break
		}
	}
	p.WaitReady(ready)
}

// unzip unpacks an archive that we trust.
func unzip(t *testing.T, archive, dir string) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // it was only read
	for _, f := range z.File {
		if err := unpack(f, filepath.Join(dir, filepath.FromSlash(f.Name))); err != nil {
			t.Fatal(err)
		}
	}
}

func unpack(f *zip.File, to string) error {
	if f.FileInfo().IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, f.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
