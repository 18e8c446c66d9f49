package config

import "testing"

func TestW1_PostgresHosts(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct{ bad, plain bool }{
		"postgres://u:p@h/d":                              {false, true},
		"postgres://u:p@h/d?sslmode=verify-full":          {false, false},
		"postgres://u:p@h:5432,i:5433/d":                  {false, true},
		"postgres://u:p@127.0.0.1:1,i/d":                  {false, true},
		"postgres://u:p@[::1]:1,127.0.0.1:2/d":            {false, false},
		"postgres://u:p@h,i?sslmode=verify-full":          {false, false},
		"postgresql://h:1,i:2/d?target_session_attrs=any": {false, true},
		"postgres://u:p@h,/d?sslmode=verify-full":         {true, false},
		"postgres://u:p@h:x,i:5432/d":                     {true, true},
		"postgres://u:p%zz@h,i/d":                         {true, false},
		"postgres:///d":                                   {true, false},
		"mysql://u:p@h,i/d":                               {true, false},
	} {
		if bad, plain := badPostgres(raw), plainPostgres(raw); bad != want.bad || plain != want.plain {
			t.Errorf("%s: bad %t, plain %t, want %+v", raw, bad, plain, want)
		}
	}
}
