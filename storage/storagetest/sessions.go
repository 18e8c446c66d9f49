package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/session"
)

func aSession() session.Session {
	return session.Session{
		Key: key(), SID: fresh("sid"), AccountID: "acc", Epoch: 3, Browser: key(),
		AuthTime: noon, CreatedAt: noon.Add(time.Second), SeenAt: noon.Add(time.Minute),
	}
}

// Sessions tests a session.Store.
func Sessions(t *testing.T, open func(*testing.T) session.Store) {
	s := open(t)
	lifecycle(t, life[session.Session]{
		fresh:   aSession,
		create:  s.Create,
		get:     s.Get,
		save:    s.Save,
		key:     func(v session.Session) string { return v.Key },
		rekey:   func(v session.Session, key string) session.Session { v.Key = key; return v },
		version: func(v session.Session) int64 { return v.Version },
		touch:   func(v session.Session) session.Session { v.SeenAt = v.SeenAt.Add(time.Minute); return v },
	})
	t.Run("an ended session is gone and does not come back", func(t *testing.T) {
		v := aSession()
		must(t, s.Create(ctx(t), v, time.Minute))
		must(t, s.Delete(ctx(t), v.Key))
		_, err := s.Get(ctx(t), v.Key)
		is(t, err, errs.ErrNotFound)
		_, err = s.Save(ctx(t), v, time.Minute)
		is(t, err, errs.ErrNotFound)
		_, err = s.Get(ctx(t), v.Key)
		is(t, err, errs.ErrNotFound)
	})
	t.Run("ending what is gone is no error", func(t *testing.T) {
		must(t, s.Delete(ctx(t), key()))
	})
	t.Run("ending one leaves the others", func(t *testing.T) {
		one, other := aSession(), aSession()
		must(t, s.Create(ctx(t), one, time.Minute))
		must(t, s.Create(ctx(t), other, time.Minute))
		must(t, s.Delete(ctx(t), one.Key))
		same(t, ok[session.Session](t)(s.Get(ctx(t), other.Key)), other)
	})
	t.Run("LO: saves at the moment of the end do not bring it back", func(t *testing.T) {
		v := aSession()
		must(t, s.Create(ctx(t), v, time.Minute))
		atOnce(func(i int) error {
			if i%8 == 0 {
				return s.Delete(ctx(t), v.Key)
			}
			_, err := s.Save(ctx(t), v, time.Minute)
			return err
		})
		_, err := s.Get(ctx(t), v.Key)
		is(t, err, errs.ErrNotFound)
	})
}
