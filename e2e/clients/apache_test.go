package clients

import (
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

const apacheModules = "/usr/lib/apache2/modules"

// apacheConf is what Apache needs besides README's settings.
const apacheConf = `
ServerRoot "DIR"
PidFile "DIR/pid"
ErrorLog "/dev/stderr"
Mutex sem
ServerName 127.0.0.1
Listen ADDR
User www-data
Group www-data
LoadModule mpm_event_module MODULES/mod_mpm_event.so
LoadModule authn_core_module MODULES/mod_authn_core.so
LoadModule authz_core_module MODULES/mod_authz_core.so
LoadModule authz_user_module MODULES/mod_authz_user.so
LoadModule dir_module MODULES/mod_dir.so
LoadModule include_module MODULES/mod_include.so
LoadModule auth_openidc_module MODULES/mod_auth_openidc.so
DocumentRoot "DIR/site"
DirectoryIndex index.shtml
<Directory "DIR/site">
  Options +Includes
  ForceType text/html
  SetOutputFilter INCLUDES
</Directory>
Include "DIR/oidc.conf"
`

// apache starts Apache with mod_auth_openidc and a page that shows the name.
func apache(t *testing.T, r *run) {
	t.Helper()
	program := testenv.Tool(t, "apache2")
	if _, err := os.Stat(filepath.Join(apacheModules, "mod_auth_openidc.so")); err != nil {
		t.Fatalf("%v: install libapache2-mod-auth-openidc ('make test' does it)", err)
	}
	r.dir = testenv.Dir(t, "apache") // which another user can open, unlike a test's
	if err := os.Chmod(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"site", "site/bye"} {
		if err := os.Mkdir(filepath.Join(r.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.file(t, "site/index.shtml", `<p><!--#echo var="OIDC_CLAIM_name" --></p>`)
	r.file(t, "site/bye/index.shtml", `<p>Bye</p>`)
	r.file(t, "oidc.conf", r.settings[0])
	conf := r.file(t, "apache2.conf", replace(apacheConf, "DIR", r.dir, "ADDR", r.addr, "MODULES", apacheModules))
	testenv.Start(t, program, []string{"-DFOREGROUND", "-f", conf}).WaitReady(r.base + "/bye/")
}
